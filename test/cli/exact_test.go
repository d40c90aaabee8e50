package cli_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/money"
)

func skuOf(i int64) string { return fmt.Sprintf("SKU-%03d", i) }

// many is many NAME N SEED.
func many(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 3, "many NAME N SEED")
	r := rand.New(rand.NewPCG(uint64(whole(ts, args[2])), 1))
	s := shopOf(ts, args[0])
	var items, counts strings.Builder
	items.WriteString("sku,title\n")
	counts.WriteString("sku,quantity\n")
	for i := range whole(ts, args[1]) {
		s.Add(farside.Product{SKU: skuOf(i), Title: "product", Group: skuOf(i), Stock: 1 + r.Int64N(50), Price: money.Of(1990, "EUR")})
		fmt.Fprintf(&items, "%s,product\n", skuOf(i))
		fmt.Fprintf(&counts, "%s,%d\n", skuOf(i), 51+r.Int64N(50)) // never what the shop shows: each is written
	}
	ts.Check(os.WriteFile(ts.MkAbs("items.csv"), []byte(items.String()), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("counts.csv"), []byte(counts.String()), 0o600))
}

// story is what is looked at of an explanation.
type story struct {
	Sentence string
	Stock    struct {
		Available *int64
		Folded    bool
	}
	Targets []struct {
		State, Shows string
		Decision     struct {
			Value, Mismatch string
			Rebuilt         bool
		}
		Sent struct {
			Value, State string
			Matches      bool
		}
	}
}

// exact is exact NAME N.
func exact(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "exact NAME N")
	truth := shopOf(ts, args[0]).Truth()
	for i := range whole(ts, args[1]) {
		out, err := program(ts, "explain", skuOf(i), "--account", args[0], "--field", "stock", "--json").Output()
		ts.Check(err)
		var s story
		ts.Check(json.Unmarshal(out, &s))
		if len(s.Targets) != 1 || s.Stock.Available == nil {
			ts.Fatalf("%s has %d targets: %s", skuOf(i), len(s.Targets), out)
		}
		t, offered := s.Targets[0], truth.Sellable[skuOf(i)]
		switch {
		case !s.Stock.Folded || !strings.HasPrefix(s.Sentence, skuOf(i)+": "):
			ts.Fatalf("%s is not the fold of its ledger, or has no sentence: %s", skuOf(i), out)
		case !t.Decision.Rebuilt || t.Decision.Mismatch != "" || !t.Sent.Matches:
			ts.Fatalf("%s is not made again from what is stored: %s", skuOf(i), out)
		case t.Decision.Value != t.Sent.Value || t.Sent.Value != t.Shows || t.State != "verified" || t.Sent.State != "verified":
			ts.Fatalf("%s was decided %s, sent %s, shows %s: %s", skuOf(i), t.Decision.Value, t.Sent.Value, t.Shows, out)
		case offered != *s.Stock.Available:
			ts.Fatalf("%s has %d available, the shop offers %d", skuOf(i), *s.Stock.Available, offered)
		}
	}
}
