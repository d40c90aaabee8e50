package service_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
)

// keyOf returns the channel key of the listing with a SKU.
func keyOf(t *testing.T, w *servicetest.World, account, sku string) string {
	t.Helper()
	l := ok(w.Service.Bindings(t.Context(), w.Who, account, service.BindingFilter{Find: sku}))(t)
	if len(l.Rows) != 1 {
		t.Fatalf("%d listings at %s have SKU %s, want 1", len(l.Rows), account, sku)
	}
	return string(l.Rows[0].Key)
}

func TestASaleOfAnUnboundListingIsBookedOnceWhenItIsBound(t *testing.T) { // S14
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("foreign-sku", 10))
		item(t, w, "A", 10)
		item(t, w, "B", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		if _, bought := m.Buy(channeltest.Item{SKU: "foreign-sku", Quantity: 2}); !bought {
			t.Fatal("nobody could buy")
		}
		w.Run(30 * time.Second)
		box := ok(w.Service.Inbox(ctx, w.Who, service.InboxFilter{Class: "unmapped-sale"}))(t)
		if len(box.Rows.Rows) != 1 || *available(t, w, "A") != 10 {
			t.Fatalf("inbox = %+v, available %d, want one unmapped sale that lowered nothing", box, *available(t, w, "A"))
		}
		key := keyOf(t, w, "north", "foreign-sku")
		ok(w.Service.Bind(ctx, w.Who, "north", key, "A", 1))(t)
		ok(w.Service.Bind(ctx, w.Who, "north", key, "A", 1))(t)
		if n := *available(t, w, "A"); n != 8 {
			t.Errorf("available after binding = %d, want 8: booked exactly once", n)
		}
		if box := ok(w.Service.Inbox(ctx, w.Who, service.InboxFilter{Class: "unmapped-sale"}))(t); len(box.Rows.Rows) != 0 {
			t.Errorf("inbox = %+v, want the cause closed", box)
		}
		ok(w.Service.Bind(ctx, w.Who, "north", key, "B", 3))(t)
		if a, b := *available(t, w, "A"), *available(t, w, "B"); a != 10 || b != 4 {
			t.Errorf("available after binding to B × 3 = %d of A, %d of B, want 10 and 4", a, b)
		}
		ok(w.Service.Unbind(ctx, w.Who, "north", key))(t)
		if b := *available(t, w, "B"); b != 10 {
			t.Errorf("available of B after unbinding = %d, want 10", b)
		}
		w.Run(time.Hour + time.Minute) // another catalogue read
		if l := ok(w.Service.Bindings(ctx, w.Who, "north", service.BindingFilter{State: "unbound"}))(t); len(l.Rows) != 1 {
			t.Errorf("%d listings are unbound, want 1", len(l.Rows))
		}
	})
}

func TestAmbiguousListingsAreOneFindingAndNeverGuessed(t *testing.T) { // S13
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10), servicetest.Product("A", 4), servicetest.Product("B", 4), servicetest.Product("c-1", 4))
		w.Connect("north")
		w.Run(20 * time.Second)
		item(t, w, "A", 10)
		item(t, w, "B", 10)
		item(t, w, "C1", 10)
		got := ok(w.Service.Match(ctx, w.Who, "north"))(t)
		if got.Conflict != 2 || got.Unbound != 3 {
			t.Errorf("Match = %+v, want 3 unbound, 2 of them in conflict", got)
		}
		box := ok(w.Service.Inbox(ctx, w.Who, service.InboxFilter{}))(t)
		if len(box.Groups) != 1 || box.Groups[0].Class != "binding-conflict" || box.Groups[0].Fix == "" || box.Groups[0].Ignoring == "" {
			t.Errorf("inbox = %+v, want one cause with what to do", box.Groups)
		}
		if s := ok(w.Service.SuggestBindings(ctx, w.Who, "north", nil))(t); s.Looked != 3 || s.Found != 3 {
			t.Errorf("SuggestBindings = %+v, want suggestions for all 3", s)
		}
		key := keyOf(t, w, "north", "c-1")
		_, err := w.Service.Confirm(ctx, w.Who, "north", key, "NONE")
		refused(t, "a suggestion nobody made", err, fault.NotFound)
		if b := ok(w.Service.Confirm(ctx, w.Who, "north", key, ""))(t); b.ItemSKU != "C1" {
			t.Errorf("Confirm = %+v, want C1", b.Listing)
		}
		for _, l := range ok(w.Service.Bindings(ctx, w.Who, "north", service.BindingFilter{State: "conflict"}))(t).Rows {
			ok(w.Service.Ignore(ctx, w.Who, "north", string(l.Key)))(t)
		}
		ok(w.Service.Match(ctx, w.Who, "north"))(t)
		if box := ok(w.Service.Inbox(ctx, w.Who, service.InboxFilter{}))(t); len(box.Groups) != 0 {
			t.Errorf("inbox = %+v after every conflict was decided, want nothing", box.Groups)
		}
		_, err = w.Service.Bindings(ctx, w.Who, "north", service.BindingFilter{State: "nonsense"})
		refused(t, "a state that is none", err, fault.Usage)
	})
}

func TestAPackIsSoldInWholePieces(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("six", 0))
		item(t, w, "A", 20)
		w.Connect("north")
		w.Run(20 * time.Second)
		ok(w.Service.Bind(t.Context(), w.Who, "north", keyOf(t, w, "north", "six"), "A", 6))(t)
		w.Run(5 * time.Second)
		ok(w.Service.SetMode(t.Context(), w.Who, "north", flow.Approve))(t)
		p := ok(w.Service.CreatePlan(t.Context(), w.Who, "north", "stock"))(t)
		ok(w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{}))(t)
		w.Run(15 * time.Second)
		if n := m.Sellable("six"); n != 3 {
			t.Errorf("the market sells %d packs of 6 of 20, want 3", n)
		}
		if c := counter(t, w, "A", "north"); c.State != string(flow.Verified) {
			t.Errorf("counter = %+v, want verified", c)
		}
	})
}

func TestABundleSellsTheMinimumOverItsComponents(t *testing.T) { // N12
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("SET", 50))
		item(t, w, "X", 10)
		item(t, w, "Y", 3)
		parts := []store.Component{{SKU: "X", Quantity: 2}, {SKU: "Y", Quantity: 1}}
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "SET", Components: &parts}))(t)
		w.Connect("north")
		w.Run(20 * time.Second)
		if c := counter(t, w, "SET", "north"); c.Wire == nil || *c.Wire != 3 {
			t.Fatalf("should be = %v, want 3: Y limits", c.Wire)
		}
		if _, bought := m.Buy(channeltest.Item{SKU: "SET", Quantity: 1}); !bought {
			t.Fatal("nobody could buy")
		}
		w.Run(30 * time.Second)
		if x, y := *available(t, w, "X"), *available(t, w, "Y"); x != 8 || y != 2 {
			t.Errorf("available = %d of X, %d of Y, want 8 and 2", x, y)
		}
		less := []store.Component{{SKU: "X", Quantity: 1}}
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "SET", Components: &less}))(t)
		if x, y := *available(t, w, "X"), *available(t, w, "Y"); x != 9 || y != 3 {
			t.Errorf("after the recipe changed: %d of X, %d of Y, want 9 and 3: the sale is booked anew", x, y)
		}
	})
}
