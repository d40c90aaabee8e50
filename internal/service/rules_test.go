package service_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
)

func TestARuleIsVersionedAndDecidesAnew(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10), servicetest.Product("B", 10))
		item(t, w, "A", 10)
		item(t, w, "B", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		want := func(what string, a, b int64) {
			t.Helper()
			w.Run(3 * time.Second)
			if x, y := counter(t, w, "A", "north"), counter(t, w, "B", "north"); *x.Wire != a || *y.Wire != b {
				t.Errorf("%s: should be %d, %d, want %d, %d", what, *x.Wire, *y.Wire, a, b)
			}
		}
		want("without a rule", 10, 10)
		all := ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock"}, []byte(`{"version":1,"buffer":2}`)))(t)
		want("a buffer of 2", 8, 8)
		ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock", Account: "north"}, []byte(`{"version":1,"buffer":3}`)))(t)
		want("a buffer of 3 for the account", 7, 7)
		one := ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock", SKU: "A"}, []byte(`{"version":1,"cap":1}`)))(t)
		want("a cap for A", 1, 7)
		if again := ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock", SKU: "A"}, []byte(` {"version":1, "cap":1}`)))(t); again.Version != one.Version {
			t.Errorf("the same rule again is version %d, want %d", again.Version, one.Version)
		}
		gone := ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock", SKU: "A"}, nil))(t)
		want("the cap is removed", 7, 7)
		if gone.Version != 2 || len(gone.Versions) != 2 || string(gone.Body) != "null" {
			t.Errorf("removed rule = %+v, want version 2 without a body", gone)
		}
		if l := ok(w.Service.Rules(ctx, w.Who, service.Paging{}))(t); len(l.Rows) != 3 { // the world's price rule and two of stock
			t.Errorf("%d rules are in force, want 3", len(l.Rows))
		}
		back := ok(w.Service.RollbackRule(ctx, w.Who, all.ID))(t)
		ok(w.Service.Apply(ctx, w.Who, back.ID, service.ApplyOptions{}))(t)
		ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock", Account: "north"}, nil))(t)
		want("everything is rolled back", 10, 10)
		_, err := w.Service.RollbackRule(ctx, w.Who, one.ID)
		if err != nil {
			t.Errorf("RollbackRule of a version that is not in force = %v, want a plan that skips it", err)
		}
	})
}

func TestRulesThatCannotBeAccepted(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		item(t, w, "A", 1)
		for name, c := range map[string]struct {
			q    service.RuleRequest
			body string
			kind fault.Kind
		}{
			"an unknown field":      {service.RuleRequest{Field: "color"}, `{"version":1}`, fault.Usage},
			"an unknown key":        {service.RuleRequest{Field: "stock"}, `{"version":1,"bufer":2}`, fault.Invalid},
			"no version":            {service.RuleRequest{Field: "stock"}, `{"buffer":2}`, fault.Invalid},
			"a negative buffer":     {service.RuleRequest{Field: "stock"}, `{"version":1,"buffer":-2}`, fault.Invalid},
			"an unknown account":    {service.RuleRequest{Field: "stock", Account: "x"}, `{"version":1}`, fault.NotFound},
			"an unknown SKU":        {service.RuleRequest{Field: "price", SKU: "x"}, `{"version":1}`, fault.NotFound},
			"a guard for a SKU":     {service.RuleRequest{Field: "guard", SKU: "A"}, `{"version":1}`, fault.Invalid},
			"a guard beyond bounds": {service.RuleRequest{Field: "guard"}, `{"version":1,"price_drop":101}`, fault.Invalid},
			"removing nothing":      {service.RuleRequest{Field: "guard"}, ``, fault.NotFound},
		} {
			_, err := w.Service.SetRule(t.Context(), w.Who, c.q, []byte(c.body))
			refused(t, name, err, c.kind)
		}
	})
}

func TestAHeldPriceIsReleasedExactlyAsItIs(t *testing.T) { // I10
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10))
		item(t, w, "A", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		ok(w.Service.SetMode(ctx, w.Who, "north", flow.Live))(t)
		ok(w.Service.Edit(ctx, w.Who, service.Change{SKU: "A", Base: euros(400)}))(t)
		w.Run(10 * time.Second)
		box := ok(w.Service.Inbox(ctx, w.Who, service.InboxFilter{Class: "price-held"}))(t)
		if len(box.Rows.Rows) != 1 {
			t.Fatalf("inbox = %+v, want the step of -60 %% held", box)
		}
		f := box.Rows.Rows[0]
		_, err := w.Service.Resolve(ctx, w.Who, f.ID, service.AnswerAdopt)
		refused(t, "an answer that is none", err, fault.Usage)
		ok(w.Service.Resolve(ctx, w.Who, f.ID, service.AnswerRelease))(t)
		w.Run(15 * time.Second)
		key := keyOf(t, w, "north", "A")
		if p, _ := m.Price(listingKey(key)); p != money.Of(400, "EUR") {
			t.Errorf("price = %v after the release, want 4.00 EUR", p)
		}
		_, err = w.Service.Resolve(ctx, w.Who, f.ID, service.AnswerIgnore)
		refused(t, "a closed finding", err, fault.Conflict)
	})
}

func TestAnEditByHandIsAdoptedOrHealed(t *testing.T) {
	for _, c := range []struct {
		answer service.Answer
		shows  int64
	}{{service.AnswerAdopt, 25}, {service.AnswerHeal, 10}} {
		t.Run(string(c.answer), func(t *testing.T) {
			each(t, func(t *testing.T, w *servicetest.World) {
				ctx := t.Context()
				north := w.Market("north", model.Absolute(model.Options{}))
				south := w.Market("south", model.Absolute(model.Options{}))
				for _, m := range []*model.Market{north, south} {
					m.Add(servicetest.Product("A", 10))
				}
				item(t, w, "A", 10)
				for _, name := range []string{"north", "south"} {
					w.Connect(name)
				}
				w.Run(20 * time.Second)
				for _, name := range []string{"north", "south"} {
					ok(w.Service.SetMode(ctx, w.Who, name, flow.Live))(t)
				}
				north.SetStock(stockKey(t, w, "north"), 25)
				w.Run(time.Hour + time.Minute)
				if n := south.Sellable("A"); n != 10 {
					t.Fatalf("south shows %d while the rise is not answered, want 10 (I13)", n)
				}
				d := ok(w.Service.Drift(ctx, w.Who, "", 10))(t)
				if len(d.Edits) != 1 {
					t.Fatalf("Drift = %+v, want one external edit", d)
				}
				ok(w.Service.Resolve(ctx, w.Who, d.Edits[0].ID, c.answer))(t)
				w.Run(20 * time.Second)
				if a, b := north.Sellable("A"), south.Sellable("A"); a != c.shows || b != c.shows || *available(t, w, "A") != c.shows {
					t.Errorf("after %s: north %d, south %d, available %d, want %d", c.answer, a, b, *available(t, w, "A"), c.shows)
				}
			})
		})
	}
}

func TestAPauseHoldsWritesAndAResumeShowsThem(t *testing.T) { // I16
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 10), servicetest.Product("B", 10))
		item(t, w, "A", 10)
		item(t, w, "B", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		ok(w.Service.SetMode(ctx, w.Who, "north", flow.Live))(t)
		p := ok(w.Service.Pause(ctx, w.Who, service.PauseRequest{Account: "north", Field: "stock", Mode: flow.NoIncreases, Reason: "inventory"}))(t)
		if p.State != store.Paused || p.InFlight != 0 {
			t.Errorf("Pause = %+v, want paused: nothing is on its way", p)
		}
		ok(w.Service.Count(ctx, w.Who, service.Movement{SKU: "A", Units: 15}))(t)
		ok(w.Service.Count(ctx, w.Who, service.Movement{SKU: "B", Units: 5}))(t)
		w.Run(20 * time.Second)
		if a, b := m.Sellable("A"), m.Sellable("B"); a != 10 || b != 5 {
			t.Errorf("market shows %d, %d, want 10 (no increase leaves) and 5 (decreases do)", a, b)
		}
		dry := ok(w.Service.Resume(ctx, w.Who, service.PauseRequest{Account: "north", Field: "stock"}, true))(t)
		if dry.Plan == nil || len(dry.Plan.Worst) != 1 || dry.Plan.Worst[0].New != "15" {
			t.Errorf("Resume(dry) = %+v, want the one difference", dry)
		}
		_, err := w.Service.Resume(ctx, w.Who, service.PauseRequest{}, false)
		refused(t, "another scope", err, fault.NotFound)
		ok(w.Service.Resume(ctx, w.Who, service.PauseRequest{Account: "north", Field: "stock"}, false))(t)
		w.Run(10 * time.Second)
		if a := m.Sellable("A"); a != 15 {
			t.Errorf("market shows %d after the resume, want 15", a)
		}
		if all := ok(w.Service.Pauses(ctx, w.Who, false))(t); len(all) != 0 {
			t.Errorf("pauses in force = %+v, want none", all)
		}
		for name, q := range map[string]service.PauseRequest{"a mode": {Mode: "slow"}, "a field": {Field: "color"}} {
			_, err := w.Service.Pause(ctx, w.Who, q)
			refused(t, name, err, fault.Usage)
		}
	})
}
