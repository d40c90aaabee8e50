package archtest_test

import (
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/archtest"
)

// planted is a piece of code with what a rule must say of it; want "" is good code.
type planted struct {
	name string
	file string
	code string
	want string
}

// find runs check on one planted file beside the given others.
func find(t *testing.T, check func(archtest.Tree) []archtest.Finding, x planted, others map[string]string) []archtest.Finding {
	t.Helper()
	sources := map[string]string{x.file: x.code}
	for path, code := range others {
		sources[path] = code
	}
	tree, err := archtest.Parse(sources)
	if err != nil {
		t.Fatal(err)
	}
	return check(tree)
}

// expect checks that each planted violation is found, at its file, and that good code is left alone.
func expect(t *testing.T, check func(archtest.Tree) []archtest.Finding, cases []planted, others map[string]string) {
	t.Helper()
	for _, x := range cases {
		got := find(t, check, x, others)
		switch {
		case x.want == "" && len(got) > 0:
			t.Errorf("%s: found %v, want nothing", x.name, got)
		case x.want != "" && len(got) == 0:
			t.Errorf("%s: found nothing, want %q", x.name, x.want)
		case x.want != "" && (!strings.Contains(got[0].Text, x.want) || !strings.HasPrefix(x.file, strings.Split(got[0].Where, ":")[0])):
			t.Errorf("%s: found %v, want %q at %s", x.name, got, x.want, x.file)
		}
	}
}

// importing returns a file of package p that imports paths; ~ stands for our module.
func importing(paths ...string) string {
	var b strings.Builder
	b.WriteString("// Package p is planted.\npackage p\n\n")
	for _, p := range paths {
		b.WriteString("import _ \"" + strings.Replace(p, "~", archtest.Module, 1) + "\"\n")
	}
	return b.String()
}

// body returns a file of package p with code.
func body(code string) string { return "// Package p is planted.\npackage p\n\n" + code + "\n" }

func TestLayersFindsArrowsThatPointUp(t *testing.T) {
	expect(t, archtest.Layers, []planted{
		{"domain to store", "internal/ledger/a.go", importing("~/internal/store"), "arrows point down only"},
		{"leaf to leaf", "internal/money/a.go", importing("~/internal/ident"), "arrows point down only"},
		{"loop to store", "internal/flow/a.go", importing("~/internal/store"), "arrows point down only"},
		{"loop to adapter", "internal/flow/a.go", importing("~/internal/channels/medusa"), "must not import"},
		{"service to adapter", "internal/service/a.go", importing("~/internal/channels/medusa"), "must not import"},
		{"service to surface", "internal/service/a.go", importing("~/internal/web"), "arrows point down only"},
		{"surface to database", "internal/web/a.go", importing("~/internal/store/sqlite"), "must not import"},
		{"surface to loop", "internal/api/a.go", importing("~/internal/flow"), "must not import"},
		{"product to proof", "internal/app/a.go", importing("~/internal/testkit/pg"), "arrows point down only"},
		{"product to proof below the store", "internal/app/a.go", importing("~/internal/store/storetest"), "arrows point down only"},
		{"service to app", "internal/service/a.go", importing("~/internal/app"), "must not import"},
		{"test to app", "internal/flow/a_test.go", importing("~/internal/app"), "must not import"},
		{"no place", "internal/newcomer/a.go", importing(), "has no place"},
		{"down", "internal/service/a.go", importing("~/internal/store", "~/internal/flow", "~/internal/money"), ""},
		{"domain to domain", "internal/pricing/a.go", importing("~/internal/guard"), ""},
		{"test looks up", "internal/merge/a_test.go", importing("~/internal/store"), ""},
		{"end-to-end test to app", "test/foreign/job/a_test.go", importing("~/internal/app"), ""},
	}, nil)
}

func TestAdaptersFindsWhatAnAdapterMustNotKnow(t *testing.T) {
	expect(t, archtest.Adapters, []planted{
		{"store", "internal/channels/acme/a.go", importing("~/internal/store"), "is neither"},
		{"loop", "internal/channels/acme/a.go", importing("~/internal/flow"), "is neither"},
		{"another adapter", "internal/channels/acme/a.go", importing("~/internal/channels/medusa"), "is neither"},
		{"another fake", "internal/channels/acme/a_test.go", importing("~/internal/channels/medusa/fake"), "is neither"},
		{"own fake in the product", "internal/channels/acme/a.go", importing("~/internal/channels/acme/fake"), "is neither"},
		{"contract in the product", "internal/channels/acme/a.go", importing("~/internal/channels/channeltest"), "is neither"},
		{"adapter in its fake", "internal/channels/acme/fake/a.go", importing("~/internal/channels/acme"), "is neither"},
		{"leaves", "internal/channels/acme/a.go", importing("~/internal/channel", "~/internal/fault", "~/internal/money", "~/internal/secret"), ""},
		{"fake and contract in tests", "internal/channels/acme/a_test.go", importing("~/internal/channels/acme/fake", "~/internal/channels/channeltest"), ""},
		{"far side in a fake", "internal/channels/acme/fake/a.go", importing("~/internal/channels/farside", "~/internal/channel"), ""},
	}, nil)
}

func TestPureFindsEffectsInTheDomain(t *testing.T) {
	expect(t, archtest.Pure, []planted{
		{"network", "internal/policy/a.go", importing("net/http"), "net/http"},
		{"database", "internal/ledger/a.go", importing("database/sql"), "database/sql"},
		{"machine", "internal/catalog/a.go", importing("os"), "imports os"},
		{"log", "internal/pricing/a.go", importing("log/slog"), "log/slog"},
		{"dice", "internal/merge/a.go", importing("math/rand/v2"), "dice"},
		{"network beside the exception", "internal/channel/words.go", importing("net/http"), "net/http"},
		{"clock", "internal/guard/a.go", body("import \"time\"\n\nfunc f() time.Time { return time.Now() }"), "time.Now"},
		{"clock under another name", "internal/guard/a.go", body("import clock \"time\"\n\nfunc f() { <-clock.After(1) }"), "time.After"},
		{"clock as a value", "internal/guard/a.go", body("import \"time\"\n\nvar now = time.Now"), "time.Now"},
		{"goroutine", "internal/plan/a.go", body("func f() { go f() }"), "goroutine"},
		{"floating point", "internal/money/a.go", body("func f(x float64) {}"), "floating point"},
		{"clock in the loop", "internal/flow/a.go", body("import \"time\"\n\nfunc f() { time.Sleep(1) }"), "instead of its clock"},
		{"goroutine in the loop", "internal/flow/a.go", body("func f() { go f() }"), "goroutine"},
		{"durations", "internal/policy/a.go", body("import \"time\"\n\nconst week = 7 * 24 * time.Hour"), ""},
		{"a local name that hides the import", "internal/policy/a.go", body("type c struct{ Now int }\n\nfunc f(time c) int { return time.Now }"), ""},
		{"the exception", "internal/channel/channel.go", importing("net/http"), ""},
		{"the reader of files", "internal/catalog/sheet/a.go", importing("os"), ""},
		{"tests", "internal/policy/a_test.go", importing("os"), ""},
	}, nil)
}

func TestOwnersFindsWhatOneOwnerKeeps(t *testing.T) {
	expect(t, archtest.Owners, []planted{
		{"database", "internal/service/a.go", importing("database/sql"), "only store has SQL"},
		{"driver", "internal/store/a.go", importing("github.com/jackc/pgx/v5"), "only store/postgres"},
		{"decimals", "internal/pricing/a.go", importing("github.com/govalues/decimal"), "only money"},
		{"encryption", "internal/service/a.go", importing("crypto/cipher"), "only vault"},
		{"a library for tests", "internal/app/a.go", importing("github.com/google/go-cmp/cmp"), "for tests"},
		{"a query", "internal/service/a.go", body("const q = `\nSELECT item FROM items WHERE tenant = $1`"), "holds SQL"},
		{"a write in lower case", "internal/flow/a.go", body("const q = \"update items set a = 1\""), "holds SQL"},
		{"a transport", "internal/channels/acme/client.go", body("import \"net/http\"\n\nvar c = &http.Client{Transport: &http.Transport{}}"), "only outbound"},
		{"the default client", "internal/service/a.go", body("import \"net/http\"\n\nfunc f() { http.Get(\"\") }"), "only outbound"},
		{"a socket", "internal/app/a.go", body("import \"net\"\n\nfunc f() { net.Dial(\"tcp\", \"\") }"), "only outbound"},
		{"a revealed secret", "internal/service/a.go", body("type s struct{}\n\nfunc (s) Reveal() string { return \"\" }\n\nfunc f() string { return s{}.Reveal() }"), "reveals a secret"},
		{"a revealed secret beside auth.go", "internal/channels/acme/client.go", body("func f(s interface{ Reveal() string }) string { return s.Reveal() }"), "reveals a secret"},
		{"a secret in auth.go", "internal/channels/acme/auth.go", body("func f(s interface{ Reveal() string }) string { return s.Reveal() }"), ""},
		{"the owner of SQL", "internal/store/a.go", body("const q = `SELECT item FROM items`"), ""},
		{"the owner of decimals", "internal/money/a.go", importing("github.com/govalues/decimal"), ""},
		{"a server", "internal/web/a.go", body("import \"net/http\"\n\nfunc f(h http.Handler) { http.ListenAndServe(\"\", h) }"), ""},
		{"words about a selection", "internal/service/a.go", body("const text = \"selected from the list\""), ""},
	}, nil)
}

func TestStateFindsWhatChanges(t *testing.T) {
	expect(t, archtest.State, []planted{
		{"init", "internal/app/a.go", body("func init() {}"), "init()"},
		{"no value", "internal/app/a.go", body("import \"sync\"\n\nvar mu sync.Mutex"), "made to be changed"},
		{"a pointer", "internal/app/a.go", body("type t struct{}\n\nvar x = &t{}"), "neither"},
		{"a call", "internal/app/a.go", body("var x = make(map[string]int)"), "neither"},
		{"a table that is written", "internal/app/a.go", body("var x = map[string]int{\"a\": 1}\n\nfunc f() { x[\"b\"] = 2 }"), "changes the package variable x"},
		{"a table that is shortened", "internal/app/a.go", body("var x = map[string]int{\"a\": 1}\n\nfunc f() { delete(x, \"a\") }"), "changes the package variable x"},
		{"a table that is replaced", "internal/app/a.go", body("var x = []int{1}\n\nfunc f() { x = nil }"), "changes the package variable x"},
		{"a field that is counted", "internal/app/a.go", body("var x = struct{ n int }{}\n\nfunc f() { x.n++ }"), "changes the package variable x"},
		{"an address", "internal/app/a.go", body("var x = [1]int{1}\n\nfunc f() *int { return &x[0] }"), "changes the package variable x"},
		{"a version for the linker", "cmd/carpediem/main.go", body("var version = \"dev\""), "neither"},
		{"an error", "internal/app/a.go", body("import \"errors\"\n\nvar errX = errors.New(\"x\")"), ""},
		{"a pattern", "internal/app/a.go", body("import \"regexp\"\n\nvar x = regexp.MustCompile(`x`)"), ""},
		{"a proof", "internal/app/a.go", body("type t struct{}\n\nvar _ any = t{}"), ""},
		{"an embedded file", "internal/app/a.go", body("import _ \"embed\"\n\n//go:embed a.css\nvar x []byte"), ""},
		{"a table", "internal/app/a.go", body("var x = map[string]int{\"a\": 1}\n\nfunc f() int { return x[\"a\"] }"), ""},
		{"a local of the same name", "internal/app/a.go", body("var x = []int{1}\n\nfunc f() { x := 1; x++ }"), ""},
	}, nil)
}

func TestStateFindsAWriteInAnotherFileOfThePackage(t *testing.T) {
	x := planted{"a write", "internal/app/b.go", body("func f() { x = nil }"), "changes the package variable x"}
	expect(t, archtest.State, []planted{x}, map[string]string{"internal/app/a.go": body("var x = []int{1}")})
}

func TestNamesFindsWhatSaysNothing(t *testing.T) {
	long := body(strings.Repeat("//\n", 400) + "func f() {}")
	expect(t, archtest.Names, []planted{
		{"util", "internal/util/a.go", "// Package util is planted.\npackage util\n", "says nothing"},
		{"helpers under another folder", "internal/strings/a.go", "// Package helpers is planted.\npackage helpers\n", "says nothing"},
		{"no comment", "internal/app/a.go", "package app\n", "no package comment"},
		{"too long", "internal/app/a.go", long, "want at most 400"},
		{"a longer test", "internal/app/a_test.go", long, ""},
		{"too long for a test", "internal/app/a_test.go", body(strings.Repeat("//\n", 600)), "want at most 600"},
		{"generated", "internal/app/a.go", "// Code generated by hand. DO NOT EDIT.\n\n" + long, ""},
		{"good", "internal/app/a.go", "// Package app is planted.\npackage app\n", ""},
	}, nil)
}

func TestKindsFindsAChannelsNameInTheCore(t *testing.T) {
	others := map[string]string{"internal/channels/acme/adapter.go": importing(), "internal/channels/all/all.go": importing()}
	expect(t, archtest.Kinds, []planted{
		{"a comparison", "internal/flow/a.go", body("func f(kind string) bool { return kind == \"acme\" }"), `the kind "acme"`},
		{"in capitals", "internal/store/a.go", body("const k = \"ACME\""), `the kind "ACME"`},
		{"in a test of the core", "internal/flow/a_test.go", body("const k = \"acme\""), ""},
		{"in the adapter", "internal/channels/acme/b.go", body("const k = \"acme\""), ""},
		{"a folder beside the adapters", "internal/flow/a.go", body("const k = \"all\""), ""},
	}, others)
}

func TestHonestFindsWhatIsPutOff(t *testing.T) {
	later := "TO" + "DO"
	expect(t, archtest.Honest, []planted{
		{"a skipped test", "internal/app/a_test.go", body("import \"testing\"\n\nfunc TestA(t *testing.T) { t.Skip(\"no database\") }"), "skips a test"},
		{"a skip in a harness", "internal/testkit/a.go", body("import \"testing\"\n\nfunc f(tb testing.TB) { tb.SkipNow() }"), "skips a test"},
		{"a sleep", "internal/app/a_test.go", body("import \"time\"\n\nfunc f() { time.Sleep(time.Second) }"), "sleeps"},
		{"later", "internal/app/a.go", body("// " + later + ": finish this."), "says " + later},
		{"a method of ours", "internal/app/a_test.go", body("type rows struct{}\n\nfunc (rows) Skip() {}\n\nfunc f(r rows) { r.Skip() }"), ""},
	}, nil)
}

func TestSameLibcFindsAnotherVersion(t *testing.T) {
	drivers := "module modernc.org/sqlite\n\nrequire (\n\tmodernc.org/libc v1.79.0\n)\n"
	for goMod, want := range map[string]int{
		"require (\n\tmodernc.org/libc v1.79.0 // indirect\n)\n": 0,
		"require modernc.org/libc v1.80.0\n":                     1,
		"require modernc.org/sqlite v1.61.1\n":                   1,
	} {
		if got := archtest.SameLibc(goMod, drivers); len(got) != want {
			t.Errorf("SameLibc(%q) = %v, want %d findings", goMod, got, want)
		}
	}
	if got := archtest.SameLibc("require modernc.org/libc v1.79.0\n", "module x\n"); len(got) == 0 {
		t.Errorf("SameLibc with a driver that names no libc = nothing, want a finding")
	}
}

func TestLoadReadsTheRepositoryButNoTestData(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "go.mod", "module x\n")
	write(t, dir, "a/a.go", "package a\n")
	write(t, dir, "a/testdata/bad.go", "this is no Go\n")
	write(t, dir, "tools/go.mod", "module tools\n")
	write(t, dir, "tools/b.go", "package b\n")
	write(t, dir, ".hidden/c.go", "package c\n")
	tree, err := archtest.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Packages) != 1 || tree.Packages[0].Folder != "a" {
		t.Errorf("Load read %d packages, want folder a only", len(tree.Packages))
	}
	write(t, dir, "b/b.go", "this is no Go\n")
	if _, err := archtest.Load(dir); err == nil {
		t.Errorf("Load of a file that is no Go = nil, want an error")
	}
}
