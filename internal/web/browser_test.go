package web_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser returns a tab of a real browser, and what its console complained about.
func browser(t *testing.T) (ctx context.Context, complaints func() []string) {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("there is no browser (make needs): %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], //nolint:gocritic // a new slice: the array is the library's
		chromedp.ExecPath(path), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.WindowSize(1200, 900), chromedp.WSURLReadTimeout(time.Minute))
	limited, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	allocated, end := chromedp.NewExecAllocator(limited, options...)
	t.Cleanup(end)
	ctx, closeTab := chromedp.NewContext(allocated)
	t.Cleanup(closeTab)
	var mu sync.Mutex
	var said []string
	err = chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			said = append(said, e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			said = append(said, fmt.Sprintf("console.%s", e.Type))
		case *log.EventEntryAdded: // refused by policy, not found …
			said = append(said, string(e.Entry.Level)+": "+e.Entry.Text)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return ctx, func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), said...)
	}
}

func do(t *testing.T, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) { //nolint:revive // t comes first in tests
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

func read[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T { //nolint:revive // t comes first in tests
	t.Helper()
	x, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// shows waits until an expression of the page is true.
func shows(expression string) chromedp.Action[chromedp.Void] {
	return chromedp.Poll[chromedp.Void](expression, chromedp.WithPollingTimeout(20*time.Second))
}

const accounts = `[aria-label="Accounts"] table`

// TestAPersonOpensThePrintedAddress in a real browser: the table is there, numbers change without a reload, and the
// browser has nothing to complain about.
func TestAPersonOpensThePrintedAddress(t *testing.T) {
	p := serve(t, twoShops())
	ctx, complaints := browser(t)
	do(t, ctx, chromedp.Navigate(p.URL()), chromedp.WaitVisible(accounts), chromedp.Evaluate[chromedp.Void](`window.opened = true`))
	title, address, table := read(t, ctx, chromedp.Title()), read(t, ctx, chromedp.Location()), read(t, ctx, chromedp.Text(accounts))
	corner := read(t, ctx, chromedp.Evaluate[string](`getComputedStyle(document.querySelector(".tile")).borderRadius`))
	if title != "Carpe Diem Sync Connector" || strings.Contains(address, "token") {
		t.Errorf("the browser shows %q at %q, want the connector and no token", title, address)
	}
	if corner == "0px" || corner == "" {
		t.Errorf("the stylesheet has no effect: border-radius %q", corner)
	}
	for _, want := range []string{"bottega", "piazza", "99 %", "999 of 1000"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table of accounts does not show %q: %s", want, table)
		}
	}
	keep(t, ctx, "overview.png")

	o := twoShops()
	o.Items, o.Accounts[0].Marked, o.Accounts[0].Counters.Verified = 4321, 90, 1000
	p.shown.set(o, nil)
	do(t, ctx, shows(`document.querySelector("#live").textContent.includes("4321")`),
		shows(`document.querySelector("#state").textContent.startsWith("97 changes")`), shows(`window.opened === true`))
	keep(t, ctx, "changed.png")
	if got := complaints(); len(got) != 0 {
		t.Errorf("the browser complains: %q", got)
	}

	p.shown.set(o, broken())
	do(t, ctx, shows(`document.body.classList.contains("stale") && document.querySelector("#state").textContent.includes("does not answer")`))
	p.shown.set(twoShops(), nil)
	do(t, ctx, shows(`!document.body.classList.contains("stale")`))
}

// TestTheBrowserRunsNoForeignScript: neither from a name nor put into the page later.
func TestTheBrowserRunsNoForeignScript(t *testing.T) {
	o := twoShops()
	o.Accounts[0].Name = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`
	p := serve(t, o)
	ctx, complaints := browser(t)
	do(t, ctx, chromedp.Navigate(p.URL()), chromedp.WaitVisible(accounts),
		chromedp.Evaluate[chromedp.Void](`(() => { const s = document.createElement("script"); s.textContent = "document.title = 'taken'"; document.body.append(s) })()`),
		chromedp.Evaluate[chromedp.Void](`document.querySelector("#live").insertAdjacentHTML("beforeend", "<img src=x onerror=\"document.title='taken'\">")`),
		shows(`document.querySelectorAll("#live img").length === 0`)) // the next refresh came
	title := read(t, ctx, chromedp.Title())
	if title != "Carpe Diem Sync Connector" {
		t.Errorf("the title is %q: a foreign script ran", title)
	}
	if len(complaints()) == 0 {
		t.Error("the browser did not say that it refused a script")
	}
}

// keep stores what the browser shows now.
func keep(t *testing.T, ctx context.Context, name string) { //nolint:revive // t comes first in tests
	t.Helper()
	picture := read(t, ctx, chromedp.FullScreenshot(100))
	if len(picture) < 5000 {
		t.Errorf("%s has %d bytes: an empty page", name, len(picture))
	}
	if err := os.WriteFile(filepath.Join(t.ArtifactDir(), name), picture, 0o600); err != nil {
		t.Fatal(err)
	}
}
