// Package stores holds the Node side of the foreign stores: what to install (package.json, npmrc) and how to start it.
//
// Our own few lines only; the stores themselves are installed from npm by scripts/ensure-stores.sh into a cache.
// Package test/foreign/shop is the Go side.
package stores

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"os"
	"path/filepath"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Env names the environment variable with another cache folder than ${XDG_CACHE_HOME:-$HOME/.cache}/carpediem-stores.
const Env = "CARPEDIEM_TEST_STORES"

// Files are the Node files: loopback.js and, in a folder per store, package.json and start.js.
//
//go:embed npmrc loopback.js medusa/*.js medusa/package.json vendure/*.js vendure/package.json
var Files embed.FS

// Installed returns the folder that holds the installed packages, one folder per store with its node_modules.
func Installed() (string, error) {
	dir := os.Getenv(Env)
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", fault.Wrap("find the cache folder", err)
		}
		dir = filepath.Join(cache, "carpediem-stores")
	}
	sum, err := sum()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, sum)
	if _, err := os.Stat(filepath.Join(dir, "complete")); err != nil {
		return "", fault.New(fault.NotFound, "the foreign stores are not installed; run scripts/ensure-stores.sh")
	}
	return dir, nil
}

// sum names what is to be installed, in the same way as scripts/ensure-stores.sh.
func sum() (string, error) {
	h := sha256.New()
	for _, name := range []string{"npmrc", "medusa/package.json", "vendure/package.json"} {
		b, err := Files.ReadFile(name)
		if err != nil {
			return "", fault.Wrap("read "+name, err)
		}
		h.Write(b)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}
