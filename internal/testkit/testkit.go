package testkit

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

// The environment variables.
const (
	EnvSeeds = "CARPEDIEM_SEEDS"
	EnvFull  = "CARPEDIEM_FULL"
	EnvSpecs = "SPECS_DIR"
)

// Seeds returns how many seeds to run: CARPEDIEM_SEEDS when it is set, else short. A value that is no positive whole
// number fails the test: a run over zero seeds would prove nothing.
func Seeds(tb testing.TB, short int) uint64 {
	tb.Helper()
	text := os.Getenv(EnvSeeds)
	if text == "" {
		return uint64(max(short, 1))
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil || n == 0 {
		tb.Fatalf("%s = %q, want a whole number above zero", EnvSeeds, text)
	}
	return n
}

// Full reports whether tests should also do what takes minutes.
func Full() bool { return os.Getenv(EnvFull) == "1" }

// Specs returns the folder of official interface descriptions and recorded exchanges: SPECS_DIR, else the folder
// ../shared/specs beside the repository. ok is false when there is none; with CI=true, or when SPECS_DIR names a folder
// that is not there, the test fails instead, because nothing would be compared and nobody would notice.
func Specs(tb testing.TB) (dir string, ok bool) {
	tb.Helper()
	dir = os.Getenv(EnvSpecs)
	named := dir != ""
	if !named {
		dir = filepath.Join(Root(tb), "..", "shared", "specs")
	}
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return dir, true
	}
	if named || os.Getenv("CI") == "true" {
		tb.Fatalf("the official material is missing: %s must name its folder", EnvSpecs)
	}
	tb.Logf("the official material is not here (%s): nothing is compared with it", EnvSpecs)
	return "", false
}

// Root returns the root folder of the repository: the nearest folder upwards from the test's own that holds go.mod.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			tb.Fatalf("there is no go.mod above the test's folder")
		}
		dir = up
	}
}
