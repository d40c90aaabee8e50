package storetest_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// newLine returns a line in which every stored field has a value of its own.
func newLine(source string, n int64) flow.Line {
	var l flow.Line
	fill(reflect.ValueOf(&l).Elem(), &n)
	l.ID, l.Source, l.Fresh, l.Order = 0, source, true, "ORDER-"+source
	return l
}

func saved(t *testing.T, db *store.DB, f flow.Fence, refsUntil int64, ls ...flow.Line) []flow.Line {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) error { return tx.SaveLines(t.Context(), f, ls, ident.Micros(refsUntil)) })
	for i := range ls { // what a reader gets back
		ls[i].Order, ls[i].Fresh = "", false
	}
	return ls
}

func linesOf(t *testing.T, db *store.DB, f flow.Fence, sources ...string) (out map[string]flow.Line) {
	t.Helper()
	storetest.Write(t, db, func(tx *store.Tx) (err error) {
		out, err = tx.Lines(t.Context(), f, sources)
		return err
	})
	return out
}

func TestALineIsStoredWithEveryFieldAndItsEffects(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f, other := driven(t, db, "shop"), driven(t, db, "other")
		ls := saved(t, db, f, 500, newLine("s1", 100), newLine("s2", 200))
		same := saved(t, db, other, 500, newLine("s1", 300)) // another account's order may have the same reference
		if ls[0].ID == 0 || ls[1].ID == ls[0].ID || same[0].ID == ls[0].ID {
			t.Errorf("ids = %d, %d, %d, want three different ones", ls[0].ID, ls[1].ID, same[0].ID)
		}
		if d := cmp.Diff(map[string]flow.Line{"s1": ls[0], "s2": ls[1]}, linesOf(t, db, f, "s1", "s2", "none")); d != "" {
			t.Errorf("Lines (-want +got):\n%s", d)
		}
		if d := cmp.Diff(map[string]flow.Line{"s1": same[0]}, linesOf(t, db, other, "s1", "s2")); d != "" {
			t.Errorf("Lines of the other account (-want +got):\n%s", d)
		}

		// A newer version: what identifies the line and when it was first seen stay, the rest and the effects are replaced.
		next := newLine("s1", 1000)
		next.ID, next.Fresh = ls[0].ID, false
		next.Effects = []ledger.Effect{{Item: 9, Reserved: 4}, {Item: 10}} // an effect of nothing is none
		saved(t, db, f, 900, next)
		want := next
		want.Listing, want.Backfill, want.FirstSeen = ls[0].Listing, ls[0].Backfill, ls[0].FirstSeen
		want.Order, want.Effects = "", next.Effects[:1]
		if d := cmp.Diff(map[string]flow.Line{"s1": want, "s2": ls[1]}, linesOf(t, db, f, "s1", "s2")); d != "" {
			t.Errorf("Lines after a newer version (-want +got):\n%s", d)
		}
	})
}

// TestOrderReferencesAreKeptApartAndEnd (C05).
func TestOrderReferencesAreKeptApartAndEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		nameless := newLine("s2", 200)
		nameless.Order = ""
		ls := saved(t, db, f, 500, newLine("s1", 100), nameless)
		ends := func(want int64, when string) {
			t.Helper()
			if n := storetest.Int(t, db, `SELECT expires_at FROM order_refs WHERE order_ref = 'ORDER-s1' AND line = $1`, ls[0].ID); n != want {
				t.Errorf("the reference ends at %d %s, want %d", n, when, want)
			}
		}
		ends(500, "when it is new")
		saved(t, db, f, 900, ls[0])
		ends(900, "after the line changed")
		saved(t, db, f, 60, ls[0]) // a rebooking, now
		ends(900, "after a change that asks for less")
		gone := saved(t, db, f, 500, newLine("s3", 300))
		storetest.Exec(t, db, `DELETE FROM order_refs WHERE line = $1`, gone[0].ID)
		saved(t, db, f, 900, gone...)
		if n := storetest.Int(t, db, `SELECT count(*) FROM order_refs`); n != 1 {
			t.Errorf("references = %d, want 1: a line without a name has none, and one that ended does not come back", n)
		}
		if n := storetest.Int(t, db, `SELECT count(*) FROM lines WHERE source LIKE '%ORDER%' OR listing LIKE '%ORDER%'`); n != 0 {
			t.Errorf("%d lines hold a plain reference", n)
		}
	})
}

func TestManyLinesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		f := driven(t, db, "shop")
		var ls []flow.Line
		var sources []string
		for i := range int64(700) { // more than one statement holds
			ls = append(ls, newLine("s"+string(rune('A'+i%26))+string(rune('a'+i/26)), 100*i))
			sources = append(sources, ls[i].Source)
		}
		saved(t, db, f, 500, ls...)
		got := linesOf(t, db, f, sources...)
		if len(got) != 700 {
			t.Fatalf("Lines = %d of 700", len(got))
		}
		for _, l := range ls {
			if d := cmp.Diff(l, got[l.Source]); d != "" {
				t.Fatalf("line %s (-want +got):\n%s", l.Source, d)
			}
		}
	})
}
