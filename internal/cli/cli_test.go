package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/cli"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// terminal is an installation with a command line in front of it.
type terminal struct {
	*servicetest.World
	t   *testing.T
	dir string
}

func open(t *testing.T) *terminal {
	t.Helper()
	x := &terminal{servicetest.New(t, storetest.SQLite(t)), t, t.TempDir()}
	if err := os.Chmod(x.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return x
}

// answer is what one command line did.
type answer struct {
	code     int
	out, err string
}

func (x *terminal) deps() cli.Deps {
	return cli.Deps{
		Open: func(context.Context, cli.Config) (*cli.Session, error) {
			return &cli.Session{Service: x.Service, MasterKey: x.Master, Close: func() error { return nil }}, nil
		},
		Serve: func(context.Context, cli.IO, cli.Config, cli.ServeOptions) error { return nil },
		Sync:  func(context.Context, cli.IO, cli.Config, cli.SyncOptions) error { return nil },
		Demo:  func(context.Context, cli.IO, cli.DemoOptions) error { return nil },
		Bench: func(context.Context, cli.IO, cli.Config, cli.BenchOptions) error { return nil },
		Now:   x.Now, Version: "1.2.3",
	}
}

// say runs a command line; words are split at spaces, a word with spaces is given as one of more.
func (x *terminal) say(line string, more ...string) answer {
	x.t.Helper()
	return x.typed("", line, more...)
}

func (x *terminal) typed(in, line string, more ...string) answer {
	x.t.Helper()
	var out, err bytes.Buffer
	args := append([]string{"--data", x.dir}, append(strings.Fields(line), more...)...)
	code := cli.Run(x.t.Context(), x.deps(), args, strings.NewReader(in), &out, &err)
	return answer{code, out.String(), err.String()}
}

// json runs a command line with --json and reads its one value.
func (x *terminal) json(line string, more ...string) (int, any) {
	x.t.Helper()
	a := x.say("--json "+line, more...)
	d := json.NewDecoder(strings.NewReader(a.out))
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		x.t.Fatalf("%s: standard output is not one JSON value: %v\n%s", line, err, a.out)
	}
	if a.err != "" {
		x.t.Errorf("%s --json: standard error = %q, want nothing", line, a.err)
	}
	return a.code, v
}

// at follows a path of names and numbers into a JSON value.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// file writes a file and returns its path.
func (x *terminal) file(name, text string) string {
	x.t.Helper()
	path := filepath.Join(x.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		x.t.Fatal(err)
	}
	return path
}

func TestDocsAreWhatTheCommandsSay(t *testing.T) {
	got := cli.Docs(cli.New(cli.Product()))
	path := filepath.Join("..", "..", "docs", "cli.md")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("docs/cli.md is not what the commands say, run with -update (-file +commands):\n%s", d)
	}
}

func TestFromConnectToExplain(t *testing.T) {
	x := open(t)
	m := x.Market("north", model.Absolute(model.Options{}))
	m.Add(servicetest.Product("A", 10), servicetest.Product("B", 4), servicetest.Product("six", 1))
	x.file("token", servicetest.Token+"\n")
	x.file("items.csv", "sku,title\nA,thing A\nB,thing B\n")
	x.file("stock.csv", "sku,quantity\nA,10\nB,3\n")
	x.file("prices.csv", "sku,price\nA,10.00\nB,10.00\n")
	d := x.dir + "/"
	for _, c := range []struct {
		line string
		more []string
		code int
		want string
		run  time.Duration // what time goes by afterwards
	}{
		{line: "connect", want: "Model market"},
		{line: "connect model north --set market=north --secret token=@" + d + "token", want: "mode observe", run: 30 * time.Second},
		{line: "connect model north --set market=north --secret token=@" + d + "token", code: 5},
		{line: "connect model south --set market=north --secret token=" + servicetest.Token, code: 2},
		{line: "connect model south --set market=north --secret token=@" + d + "none", code: 4},
		{line: "connect model south --set market", code: 2},
		{line: "connect model", code: 2},
		{line: "accounts list", want: "north"},
		{line: "accounts show north", want: "orders read through"},
		{line: "accounts test 1", want: "granted"},
		{line: "accounts show 99", code: 4},
		{line: "accounts", code: 2},
		{line: "accounts mode north live", want: "live", run: 0},
		{line: "accounts mode north observe", want: "observe"},
		{line: "accounts mode north nonsense", code: 2},
		{line: "accounts role north channel --on-drift heal", want: "heal"},
		{line: "accounts role north", code: 2},
		{line: "items import " + d + "items.csv", want: "plan apply 1"},
		{line: "plan show 1", want: "2  item rows are planned"},
		{line: "plan apply 1", want: "applied"},
		{line: "plan apply 1", code: 6},
		{line: "plan apply x", code: 2},
		{line: "stock import --apply " + d + "stock.csv", want: "applied"},
		{line: "prices import --apply --currency EUR " + d + "prices.csv", want: "applied", run: 10 * time.Second},
		{line: "prices import " + d + "prices.csv", code: 3},
		{line: "prices set A --base", more: []string{"11.00 EUR"}, want: "11.00 EUR"},
		{line: "prices set A --base", more: []string{"0.00 EUR"}, code: 3},
		{line: "prices set A --base", more: []string{"11,00 EUR"}, code: 3},
		{line: "prices set A --sale", more: []string{"9.00 EUR", "--sale-end", "2026-12-01T00:00:00Z"}, want: "A"},
		{line: "prices set A --sale none", want: "A"},
		{line: "prices set A --sale-end 2026-12-01T00:00:00Z", code: 2},
		{line: "items set A --title", more: []string{"a better title"}, want: "a better title"},
		{line: "items set SET --component A*2 --component B", want: "made of 2 × A"},
		{line: "items set SET --component A*x", code: 2},
		{line: "items list --find A", want: "a better title"},
		{line: "items show none", code: 4},
		{line: "bindings list north", want: "auto-sku"},
		{line: "bindings suggest north", want: "unbound listings have suggestions"},
		{line: "bindings set north northL5 A --pack 6", want: "sells 6 × A"},
		{line: "bindings unbind north northL5", want: "unbound"},
		{line: "bindings ignore north northL5", want: "ignored"},
		{line: "bindings set north nowhere A", code: 4},
		{line: "bindings match north", want: "bound by SKU"},
		{line: "bindings export", want: "account,listing,sku,pack,ignore"},
		{line: "rules set stock --sku A --body", more: []string{`{"version":1,"buffer":1}`}, want: "buffer", run: 5 * time.Second},
		{line: "rules set stock --sku A --body x", code: 3},
		{line: "rules set stock", code: 2},
		{line: "rules list", want: "stock"},
		{line: "rules show 2", want: "version"},
		{line: "accounts mode north approve", want: "approve", run: 5 * time.Second},
		{line: "plan create --account north", want: "plan"},
		{line: "plan list", want: "sync"},
		{line: "pause --account north --field price --reason inventory", want: "paused"},
		{line: "pause --list", want: "inventory"},
		{line: "pause --mode slowly", code: 2},
		{line: "resume --account north --field price --dry-run", want: "would be lifted"},
		{line: "resume --account north --field price", want: "1 pauses lifted"},
		{line: "resume", code: 4},
		{line: "stock count A 8", want: "available 8"},
		{line: "stock count A", code: 2},
		{line: "stock count A -1", code: 2},
		{line: "stock receive A 2 --note delivery", want: "available 10"},
		{line: "stock adjust A -- -3", want: "available 7"},
		{line: "stock adjust A +1", want: "available 8"},
		{line: "stock count --from north", want: "plan", run: 5 * time.Second},
		{line: "explain A", want: "rebuilt"},
		{line: "explain A --at 1h", want: "nobody has counted it"},
		{line: "explain A --at yesterday", code: 2},
		{line: "history A", want: "delivery"},
		{line: "events --account north", want: "connect"},
		{line: "latency", want: "n"},
		{line: "latency --within -1h", code: 2},
		{line: "limits", want: "nothing"},
		{line: "drift", want: "not explained yet"},
		{line: "inbox", want: "nothing"},
		{line: "inbox resolve 1 heal", code: 4},
		{line: "rollback --since 30m", want: "plan apply"},
		{line: "rollback rule 2", want: "plan apply"},
		{line: "rollback plan 2", want: "plan apply"},
		{line: "rollback", code: 2},
		{line: "rollback price 2", code: 2},
		{line: "doctor", want: "master key"},
		{line: "version", want: "carpediem 1.2.3"},
		{line: "accounts disconnect north", want: "disconnected"},
		{line: "nonsense", code: 2},
		{line: "items list --nonsense", code: 2},
		{line: "items list --after x", code: 2},
		{line: "--tenant nobody items list", code: 4},
	} {
		a := x.say(c.line, c.more...)
		if a.code != c.code || !strings.Contains(a.out, c.want) {
			t.Errorf("carpediem %s %v = exit %d, want %d with %q\nout: %s\nerr: %s", c.line, c.more, a.code, c.code, c.want, a.out, a.err)
		}
		if (a.code != 0) != (a.err != "") {
			t.Errorf("carpediem %s: exit %d with standard error %q", c.line, a.code, a.err)
		}
		if strings.Contains(a.out+a.err, servicetest.Token) {
			t.Errorf("carpediem %s shows the token (C13)", c.line)
		}
		x.Run(c.run)
	}
}

func TestJSONIsOneValueAlsoForErrors(t *testing.T) {
	x := open(t)
	x.Market("north", model.Absolute(model.Options{})).Add(servicetest.Product("A", 10))
	x.Connect("north")
	x.Run(20 * time.Second)
	code, v := x.json("items set A --title", "one")
	if code != 0 || at(v, "sku") != "A" || at(v, "stock", "available") != nil {
		t.Errorf("items set = %d, %v, want the item without stock: absent is null", code, v)
	}
	bad := x.file("bad.csv", "sku,quantity\nA,-1\nB,2\n")
	code, v = x.json("stock import " + bad)
	where := map[string]any{"file": "bad.csv", "line": float64(2), "column": "quantity"}
	if code != 3 || at(v, "error", "kind") != "invalid" || !cmp.Equal(at(v, "error", "where"), any(where)) || at(v, "error", "problems", 1, "where", "line") != float64(3) {
		t.Errorf("stock import = %d, %v, want invalid at line 2, column quantity, and line 3 among the problems", code, v)
	}
	if code, v = x.json("nonsense"); code != 2 || at(v, "error", "kind") != "usage" || at(v, "error", "where") != nil {
		t.Errorf("nonsense = %d, %v, want usage", code, v)
	}
	if code, v = x.json("accounts list"); code != 0 || at(v, 0, "name") != "north" {
		t.Errorf("accounts list = %d, %v", code, v)
	}
	if code, v = x.json("bindings list north"); code != 0 || at(v, "rows", 0, "key") == nil {
		t.Errorf("bindings list = %d, %v", code, v)
	}
	if code, v = x.json("inbox"); code != 0 || !cmp.Equal(at(v, "groups"), any([]any{})) {
		t.Errorf("inbox = %d, %v, want an empty list, not null", code, v)
	}
	if code, v = x.json("bindings export"); code != 2 || at(v, "error", "kind") != "usage" {
		t.Errorf("bindings export = %d, %v, want usage: a CSV file is no JSON value", code, v)
	}
	if code, v = x.json("version"); code != 0 || at(v, "version") != "1.2.3" {
		t.Errorf("version = %d, %v", code, v)
	}
	if err := os.Chmod(x.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if code, v = x.json("doctor"); code != 12 || at(v, 0, "health") != "broken" {
		t.Errorf("doctor = %d, %v, want a broken data folder", code, v)
	}
}

func TestSecretsAndFilesComeFromStandardInput(t *testing.T) {
	x := open(t)
	x.Market("north", model.Absolute(model.Options{})).Add(servicetest.Product("A", 10))
	if a := x.typed(servicetest.Token+"\r\n", "connect model north --set market=north --secret token=@-"); a.code != 0 {
		t.Errorf("connect with a secret on standard input = %+v", a)
	}
	if a := x.typed("x", "connect model south --set market=north --secret token=@- --secret extra=@-"); a.code != 2 {
		t.Errorf("two secrets on standard input = %+v, want usage", a)
	}
	if a := x.typed(strings.Repeat("x", 70_000), "connect model south --set market=north --secret token=@-"); a.code != 14 {
		t.Errorf("a huge secret = %+v, want too large", a)
	}
	if a := x.typed("sku,title\nA,one\n", "items import --apply -"); a.code != 0 || !strings.Contains(a.out, "1 lines read") {
		t.Errorf("a file on standard input = %+v", a)
	}
	to := filepath.Join(x.dir, "out.csv")
	if a := x.say("items export --to " + to); a.code != 0 {
		t.Errorf("export = %+v", a)
	}
	if a := x.say("items export --to " + to); a.code != 5 {
		t.Errorf("export over a file = %+v, want exists", a)
	}
	if b, err := os.ReadFile(to); err != nil || !strings.Contains(string(b), "A") {
		t.Errorf("exported %q, %v", b, err)
	}
}

func TestNothingFromOutsideDrivesTheTerminal(t *testing.T) { // C43
	x := open(t)
	hostile := "evil\u202e\u0085" // a direction mark, and a control character that is no ASCII
	x.Market("north", model.Absolute(model.Options{})).Add(servicetest.Product(hostile, 1))
	x.Connect("north")
	x.Run(20 * time.Second)
	a := x.say("bindings list north")
	if a.code != 0 || strings.ContainsAny(a.out, "\u202e\u0085\x1b") || !strings.Contains(a.out, `evil\u202e`) {
		t.Errorf("bindings list = %q, want the marks made visible", a.out)
	}
}

func TestProgressIsShownOnlyWhereAskedFor(t *testing.T) {
	x := open(t)
	var b strings.Builder
	b.WriteString("sku,title\n")
	for i := range 2500 {
		fmt.Fprintf(&b, "S%d,x\n", i)
	}
	path := x.file("many.csv", b.String())
	if a := x.say("items import " + path); a.err != "" {
		t.Errorf("progress = %q without a terminal, want none", a.err)
	}
	if a := x.say("items import --apply --progress " + path); !strings.Contains(a.err, "items: ") {
		t.Errorf("progress = %q with --progress, want some", a.err)
	}
}
