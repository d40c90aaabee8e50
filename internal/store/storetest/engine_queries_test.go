package storetest_test

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// grows reports whether a table has a row for each sale, change, item or listing: reading it whole gets slower every day.
func grows(table string) bool {
	switch table {
	case "items", "components", "places", "listings", "counters", "draws", "entries", "lines", "effects", "order_refs", "holdings", "marks", "intents",
		"decisions", "plan_rows", "findings", "suggestions", "events", "latency", "hints", "rules":
		return true
	}
	return false
}

// TestNoStatementOfTheLoopReadsALargeTableWhole runs every method that a drive, a dispatcher or a task has, and asks
// SQLite how it finds the rows of each statement that was sent. A method that is added is run too.
func TestNoStatementOfTheLoopReadsALargeTableWhole(t *testing.T) {
	plain := storetest.SQLite(t)
	db, r := storetest.Record(plain)
	f := worldOf(t, db)
	if err := written(db, f); err != nil {
		t.Fatal(err)
	}
	everyMethod(t, db, f)
	leases := store.Leases{DB: db}
	claim(t, db, "b", 1<<60, 9)
	if err := errors.Join(leases.Extend(t.Context(), "b"), leases.Abandon(t.Context(), "b")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []store.Class{store.OrderRefs, store.Hints, store.Events, store.Latencies, store.Suggestions} {
		storetest.Write(t, db, func(tx *store.Tx) error {
			_, err := tx.Expire(t.Context(), tenant, c, 1, 10)
			return err
		})
	}
	asked := r.Queries()
	if len(asked) < 100 {
		t.Errorf("%d statements were sent, want more than a hundred: the methods were not really run", len(asked))
	}
	seen := map[string]bool{}
	for text, args := range asked {
		for _, x := range reads(t, plain, text, args) {
			if reason := allowed(x, text); reason != "" {
				seen[reason] = true
				continue
			}
			t.Errorf("%s of %s:\n%s", x.how, x.table, text)
		}
	}
	for _, e := range exceptions() {
		if !seen[e.reason] {
			t.Errorf("no statement needs the exception %q any more", e.reason)
		}
	}
}

// exception is a statement that may read much, with its reason.
type exception struct{ table, text, reason string }

func exceptions() []exception {
	return []exception{
		{"listings", "SELECT count(*) FROM listings", "the end of a catalogue read compares with all that is known, after as many pages"},
		{"listings", "UPDATE listings SET gone = 1", "the end of a catalogue read looks at all it did not see, after as many pages"},
		{"listings", "SELECT DISTINCT item FROM listings", "an account that goes blind concerns everything it sells"},
		{"suggestions", "DELETE FROM suggestions", "retention looks at all suggestions: there is one for an unbound listing at most, once an hour"},
	}
}

func allowed(x read, text string) string {
	for _, e := range exceptions() {
		if e.table == x.table && strings.Contains(text, e.text) {
			return e.reason
		}
	}
	return ""
}

// read is a table that a statement reads whole, or all of one tenant's rows of.
type read struct{ table, how string }

// reads asks SQLite for the plan of a statement.
func reads(t *testing.T, db *store.DB, text string, args []any) (out []read) {
	t.Helper()
	names := tables(text)
	for _, line := range plan(t, db, text, args) {
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		table := names[words[1]]
		switch {
		case !grows(table):
		case words[0] == "SCAN":
			out = append(out, read{table, "a full scan (" + line + ")"})
		case words[0] == "SEARCH" && strings.HasSuffix(line, "(tenant=?)"):
			out = append(out, read{table, "a scan of all of a tenant's rows (" + line + ")"})
		case words[0] == "SEARCH" && strings.HasSuffix(line, "USING PRIMARY KEY (tenant=? AND account=?)"):
			out = append(out, read{table, "a scan of all of an account's rows (" + line + ")"})
		}
	}
	return out
}

// tables maps the names that a statement uses to its tables.
func tables(text string) map[string]string {
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`(?i)\b(?:FROM|JOIN|UPDATE|INTO)\s+([a-z_]+)(?:\s+(?:AS\s+)?([a-z]\w*))?`).FindAllStringSubmatch(text, -1) {
		out[m[1]] = m[1]
		if m[2] != "" {
			out[m[2]] = m[1]
		}
	}
	return out
}

func plan(t *testing.T, db *store.DB, text string, args []any) (lines []string) {
	t.Helper()
	conn, err := db.Engine().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Rollback(); err != nil {
			t.Error(err)
		}
	}()
	rs, err := conn.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rs.Close()
	for rs.Next() {
		var id, parent, unused int
		var line string
		if err := rs.Scan(&id, &parent, &unused, &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rs.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// worldOf makes two accounts with listings, a bundle, lines, holds, intents and a plan, so that methods find rows and send
// what they send then.
func worldOf(t *testing.T, db *store.DB) flow.Fence {
	t.Helper()
	it := items(t, db, "A", "4006381333931", "B", "", "KIT", "")
	storetest.Exec(t, db, `UPDATE items SET bundle = 1 WHERE sku = 'KIT'`)
	storetest.Exec(t, db, `INSERT INTO components (tenant, bundle, component, quantity) VALUES (1, $1, $2, 2), (1, $1, $3, 1)`, it["KIT"], it["A"], it["B"])
	counted(t, db, it["A"], 10, 5)
	f, other := driven(t, db, "shop"), driven(t, db, "other")
	grouped := offer("C")
	grouped.Group, grouped.GTIN = "g", "4006381333931"
	shown(t, db, f, 1, offer("A"), offer("KIT"), grouped)
	shown(t, db, other, 1, offer("A"))
	bindTo(t, db, f, "A", it["A"], 1)
	bindTo(t, db, f, "KIT", it["KIT"], 1)
	sold(t, db, f, "s1", "A", 3, 0, 0, 30)
	c := counter(t, db, f, "A")
	c.Holds, c.Known, c.ProveDue = merge.Parts{{At: 1, Units: 2}}, true, 10
	savedCounters(t, db, f, c)
	shown(t, db, f, 2, offer("A", "elsewhere"), offer("new")) // draws change
	in := write(channel.Stock, int64(c.ID), flow.Recorded)
	in.Plan = 1
	if err := record(db, f, in); err != nil {
		t.Fatal(err)
	}
	return f
}

var errUndo = errors.New("undo")

// everyMethod calls each method that the loop has of a transaction, with arguments that find something. Whatever it did is
// undone.
func everyMethod(t *testing.T, db *store.DB, f flow.Fence) {
	t.Helper()
	methods := reflect.TypeFor[flow.Tx]()
	for i := range methods.NumMethod() {
		name := methods.Method(i).Name
		err := db.Write(t.Context(), func(tx *store.Tx) error {
			m := reflect.ValueOf(tx).MethodByName(name)
			args := []reflect.Value{reflect.ValueOf(t.Context())}
			for j := 1; j < m.Type().NumIn(); j++ {
				args = append(args, argument(m.Type().In(j), f))
			}
			call := m.Call
			if m.Type().IsVariadic() {
				call = m.CallSlice
			}
			out := call(args)
			if err, failed := out[len(out)-1].Interface().(error); failed {
				return fmt.Errorf("%s: %w", name, err)
			}
			return errUndo
		})
		if !errors.Is(err, errUndo) {
			t.Errorf("calling every method: %v", err)
		}
	}
}

// argument makes an argument of a type. Rows are new ones, ids are those of worldOf.
func argument(of reflect.Type, f flow.Fence) reflect.Value {
	known := []any{
		f, f.Tenant, f.Account, channel.Stock, true, 10, ident.Micros(1 << 50), "text",
		[]ident.Counter{1, 2, 3},
		[]ident.Listing{1, 2, 3},
		[]ident.Item{1, 2, 3},
		[]int64{1, 2, 3},
		[]string{"s1"},
		ident.Listing(0),
		[]channel.ListingKey{"A", "KIT"},
		[]channel.StockKey{{Key: "A"}},
		[]flow.Mark{{Target: 1, Gen: 1}},
		map[int64]int64{1: 1},
		map[ident.Item]flow.Stored{1: {}},
		[]channel.Listing{offer("B"), offer("A")},
		[]flow.Intent{{Field: channel.Price, Target: 99, State: flow.Applied, Plan: 1}},
		[]flow.Holding{{Counter: 1, Want: []ledger.Part{{Item: 1, Units: 1}}}},
		[]ledger.Entry{{Source: "x", Item: 1, Place: "attic", OnHand: 1, At: 1}},
	}
	for _, k := range known {
		if reflect.TypeOf(k) == of {
			return reflect.ValueOf(k)
		}
	}
	v := reflect.New(of).Elem()
	n := int64(1000)
	fill(v, &n)
	return v
}
