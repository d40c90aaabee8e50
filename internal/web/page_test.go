package web_test

import (
	"flag"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
)

var update = flag.Bool("update", false, "write testdata/overview.html")

// TestThePageIsAsRecorded compares the whole page with the recorded one. Tags are put on lines of their own.
func TestThePageIsAsRecorded(t *testing.T) {
	_, body := get(t, twoShops(), "/")
	got := regexp.MustCompile(`nonce="[0-9a-f]+"`).ReplaceAllString(strings.ReplaceAll(body, "><", ">\n<"), `nonce="…"`) + "\n"
	const path = "testdata/overview.html"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
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
		t.Errorf("the page is not as recorded (go test ./internal/web -update):\n%s", d)
	}
}

// get returns a page of a server that shows o.
func get(t *testing.T, o service.Overview, path string) (*page, string) {
	t.Helper()
	p := serve(t, o)
	res, body := p.ask(t, "GET", path, p.signedIn)
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		t.Fatalf("GET %s = %d %s, want 200 text/html", path, res.StatusCode, res.Header.Get("Content-Type"))
	}
	return p, body
}

// TestLiveIsTheMiddleOfThePage: what is fetched every second is what the page began with.
func TestLiveIsTheMiddleOfThePage(t *testing.T) {
	p, fragment := get(t, twoShops(), "/live")
	_, body := p.ask(t, "GET", "/", p.signedIn)
	if !strings.Contains(body, fragment) || strings.Contains(fragment, "<html") || strings.Contains(fragment, "<script") {
		t.Errorf("/live is not a part of the page: %s", fragment)
	}
	if !strings.HasPrefix(fragment, `<div data-headline="10 changes`) {
		t.Errorf("/live begins with %.60q, want its headline", fragment)
	}
}

// TestHostileTextStaysText: names come from marketplaces and from people.
func TestHostileTextStaysText(t *testing.T) {
	for _, bad := range []string{
		`<script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `" onmouseover="alert(1)`, `'><svg onload=alert(1)>`, `</td><iframe src=//x>`,
		"{{7*7}}", `&lt;b&gt;`, "\x00<b>", "a\u202ecod.exe",
	} {
		o := twoShops()
		a := &o.Accounts[0]
		a.Name, a.State = bad, "broken" // the headline is an attribute too
		a.Kind, a.Mode = "k"+"<i>", "m<i>"
		a.Counters.Other = map[string]int64{bad: 1}
		o.Sales = []store.Sale{{Account: 1, SKU: bad, Quantity: 1}}
		for _, path := range []string{"/", "/live"} {
			_, body := get(t, o, path)
			_, clean := get(t, twoShops(), path)
			if strings.ContainsAny(bad, `<>"`) && strings.Contains(body, bad) {
				t.Errorf("GET %s shows %q as it is", path, bad)
			}
			for _, tag := range []string{"<script", "<img", "<svg", "<iframe", "<i>", "<b>"} {
				if got, want := strings.Count(body, tag), strings.Count(clean, tag); got != want {
					t.Errorf("GET %s with %q has %d %s, want %d", path, bad, got, tag, want)
				}
			}
			// Within quotes it is a value.
			if bare := regexp.MustCompile(`"[^"]*"`).ReplaceAllString(body, ""); regexp.MustCompile(`<[^>]*\son[a-z]+=`).MatchString(bare) {
				t.Errorf("GET %s with %q has a handler in a tag", path, bad)
			}
		}
	}
}

func TestThePageOfNothingSaysHowToBegin(t *testing.T) {
	_, body := get(t, service.Overview{At: at}, "/")
	for _, want := range []string{"Ready for the first account.", "No account is connected yet.", "carpediem connect", "No sale has been seen yet."} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

func TestTheHeadlineSaysTheWorstFirst(t *testing.T) {
	sync := service.Overview{At: at, Accounts: []service.AccountOverview{{Account: service.Account{Name: "a", State: "connected"}}}}
	with := func(change func(*service.AccountOverview)) service.Overview {
		o := twoShops()
		change(&o.Accounts[1])
		return o
	}
	for want, o := range map[string]service.Overview{
		"Everything is in sync.":                    sync,
		"10 changes are on their way.":              twoShops(),
		"piazza is not connected; the others go on": with(func(a *service.AccountOverview) { a.State = "broken" }),
		"The orders of piazza cannot be read":       with(func(a *service.AccountOverview) { a.Progress.BlindSince = 1 }),
		"Nothing is waiting; what is not in sync": {At: at, Accounts: []service.AccountOverview{{
			Account: service.Account{Name: "a", State: "connected"}, Counters: service.Share{Verified: 1, Managed: 2},
		}}},
	} {
		if _, body := get(t, o, "/"); !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestTheGeneratedFileIsNewerThanItsSource: the generated code names the place of each expression, and holds each text.
func TestTheGeneratedFileIsNewerThanItsSource(t *testing.T) {
	source, err := os.ReadFile("overview.templ")
	if err != nil {
		t.Fatal(err)
	}
	code, err := os.ReadFile("overview_templ.go")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(source), "\n")
	places := regexp.MustCompile(`templ\.JoinStringErrs\((.*)\)\n.*\n.*Line: (\d+), Col: ([1-9]\d*)`).FindAllStringSubmatch(string(code), -1)
	if len(places) < 20 {
		t.Errorf("the generated code has %d expressions, want at least 20", len(places))
	}
	for _, x := range places {
		line, _ := strconv.Atoi(x[2])
		end, _ := strconv.Atoi(x[3])
		if line > len(lines) || end > len(lines[line-1]) || !strings.HasSuffix(lines[line-1][:end], x[1]) {
			t.Errorf("overview.templ:%d does not have %s at column %d: generate anew", line, x[1], end)
		}
	}
	flat := strings.ReplaceAll(string(code), `\"`, `"`)
	texts := regexp.MustCompile(`>([^<>{}@\n]{2,})<`).FindAllStringSubmatch(string(source), -1)
	if len(texts) < 15 {
		t.Errorf("the source has %d texts, want at least 15", len(texts))
	}
	for _, x := range texts {
		if !strings.Contains(flat, x[1]) {
			t.Errorf("the generated code does not say %q: generate anew", x[1])
		}
	}
}
