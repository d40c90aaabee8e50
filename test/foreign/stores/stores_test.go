package stores

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
)

// The script that installs and the package that looks must mean the same folder.
func TestScriptAndPackageAgree(t *testing.T) {
	cache := t.TempDir()
	t.Setenv(Env, cache)
	if _, err := Installed(); !fault.Is(err, fault.NotFound) {
		t.Errorf("Installed in an empty cache = %v, want kind not-found", err)
	}
	sum, err := sum()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, sum)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Installed(); !fault.Is(err, fault.NotFound) {
		t.Errorf("Installed without the marker = %v, want kind not-found", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "complete"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Installed(); got != dir || err != nil {
		t.Errorf("Installed = %q, %v, want %q, nil", got, err, dir)
	}
	out, err := exec.CommandContext(t.Context(), "../../../scripts/ensure-stores.sh").CombinedOutput()
	if want := "stores: present in " + dir + "\n"; string(out) != want || err != nil {
		t.Errorf("ensure-stores.sh = %q, %v, want %q, nil", out, err, want)
	}
}

// node runs a script with the guard loaded and returns what it printed. Standard input stays open meanwhile.
func node(t *testing.T, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "node", "-e", "require('./loopback.js');"+script)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("node: %v: %s", err, &out)
	}
	return out.String()
}

// 192.0.2.0/24 belongs to documentation: nothing answers there, should the guard ever fail.
func TestNothingLeavesThisMachine(t *testing.T) {
	for name, attempt := range map[string]string{
		"address":         `require('net').connect(80, '192.0.2.1')`,
		"options":         `require('net').connect({ port: 80, host: '192.0.2.1' })`,
		"http":            `require('http').get('http://192.0.2.1/')`,
		"tls":             `require('tls').connect(443, '192.0.2.1')`,
		"name":            `require('net').connect(80, 'store.invalid')`,
		"look-up":         `require('dns').lookup('store.invalid', () => {})`,
		"other host":      `require('net').connect(80, '::2')`,
		"looks like ours": `require('net').connect(80, '127.0.0.1.store.invalid')`,
	} {
		t.Run(name, func(t *testing.T) {
			out := node(t, `try { `+attempt+`; console.log('went out') } catch (e) { console.log(e.message) } process.exit(0)`)
			if !strings.HasPrefix(out, "refused to ") {
				t.Errorf("%s = %q, want a refusal", attempt, out)
			}
		})
	}
}

func TestFetchStaysHereToo(t *testing.T) {
	out := node(t, `fetch('http://192.0.2.1/').then(() => 'went out', e => String(e.cause)).then(s => { console.log(s); process.exit(0) })`)
	if !strings.Contains(out, "refused to connect to 192.0.2.1") {
		t.Errorf("fetch = %q, want a refusal", out)
	}
}

func TestLoopbackIsReachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost"} {
		out := node(t, `require('net').connect({ port: `+port+`, host: '`+host+`', family: 4 }, () => { console.log('here'); process.exit(0) })`)
		if out != "here\n" {
			t.Errorf("connection to %s = %q, want here", host, out)
		}
	}
}

func TestStoreEndsWithItsStarter(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "node", "-e", "require('./loopback.js'); setInterval(() => {}, 1000)")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	in.Close() // as when the starter dies
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("node ended with %v, want nil", err)
		}
	case <-time.After(30 * time.Second):
		cmd.Process.Kill()
		t.Error("node lives on after its starter")
	}
}
