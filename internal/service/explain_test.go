package service_test

import (
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

// tale returns the tale of one field at one account.
func tale(t *testing.T, e service.Explanation, account string, f channel.Field) service.TargetTale {
	t.Helper()
	for _, x := range e.Targets {
		if x.Account == account && x.Field == f {
			return x
		}
	}
	t.Fatalf("no tale of %s at %s in %+v", f, account, e.Targets)
	return service.TargetTale{}
}

func TestExplainTellsTheWholeWayAndMakesEachDecisionAgain(t *testing.T) { // I9, S18
	each(t, func(t *testing.T, w *servicetest.World) {
		ctx := t.Context()
		m := w.Market("north", model.AtShipment(model.Options{}))
		m.Add(servicetest.Product("A", 30))
		item(t, w, "A", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		ok(w.Service.SetRule(ctx, w.Who, service.RuleRequest{Field: "stock", SKU: "A"}, []byte(`{"version":1,"buffer":2}`)))(t)
		ok(w.Service.SetMode(ctx, w.Who, "north", flow.Approve))(t)
		w.Run(5 * time.Second)
		p := ok(w.Service.CreatePlan(ctx, w.Who, "north", ""))(t)
		ok(w.Service.Apply(ctx, w.Who, p.ID, service.ApplyOptions{}))(t)
		w.Run(20 * time.Second)
		before := w.Now()
		if _, bought := m.Buy(channeltest.Item{SKU: "A", Quantity: 3}); !bought {
			t.Fatal("nobody could buy")
		}
		w.Run(30 * time.Second)

		e := ok(w.Service.Explain(ctx, w.Who, service.ExplainRequest{SKU: "A"}))(t)
		if e.Stock.Counted == nil || e.Stock.Counted.Sellable != 10 || e.Stock.Counted.Actor != "ann" || *e.Stock.Available != 7 || e.Stock.Reserved != 3 || !e.Stock.Folded {
			t.Errorf("stock story = %+v, want 10 counted by ann, 3 reserved, 7 available, folded", e.Stock)
		}
		for _, want := range []string{"10 could be sold when ann counted", "3 newly reserved", "= 7 available", "2 kept back"} {
			if !strings.Contains(e.Sentence, want) {
				t.Errorf("sentence = %q, want it to say %q", e.Sentence, want)
			}
		}
		s := tale(t, e, "north", channel.Stock)
		if s.Decision == nil || !s.Decision.Rebuilt || s.Decision.Value != "8" || len(s.Decision.Rules) != 1 {
			t.Errorf("stock decision = %+v, want 8 on the wire (5 offered, 3 open units on top), rebuilt", s.Decision)
		}
		if last := s.Decision.Steps[len(s.Decision.Steps)-1]; last.Name != "wire" || last.In != "5" || last.Out != "8" {
			t.Errorf("last step = %+v, want the wire step from 5 to 8", last)
		}
		if s.Sent == nil || s.Sent.Value != "8" || s.Sent.Base != "30" || s.Sent.State != flow.Confirmed || !s.Sent.Matches || s.Sent.Plan != p.ID {
			t.Errorf("sent = %+v, want 8 over 30, verified, by the plan, as decided", s.Sent)
		}
		if s.State != string(flow.Verified) || s.Shows != "8" {
			t.Errorf("tale = %+v, want verified at 8", s)
		}
		if x := tale(t, e, "north", channel.Price); x.Decision == nil || !x.Decision.Rebuilt || x.Decision.Value != "10.00 EUR" || x.Sent != nil {
			t.Errorf("price tale = %+v, want 10.00 EUR rebuilt and nothing sent", x)
		}

		then := ok(w.Service.Explain(ctx, w.Who, service.ExplainRequest{SKU: "A", Field: "stock", Account: "north", At: before}))(t)
		if *then.Stock.Available != 10 || then.Stock.Reserved != 0 || len(then.Targets) != 1 || then.Targets[0].Decision.Value != "8" {
			t.Errorf("before the sale = %+v, want 10 available and 8 decided", then)
		}
		early := ok(w.Service.Explain(ctx, w.Who, service.ExplainRequest{SKU: "A", Field: "stock", At: 1}))(t)
		if early.Stock.Available != nil || early.Targets[0].Decision != nil {
			t.Errorf("before everything = %+v, want nothing known", early)
		}
		_, err := w.Service.Explain(ctx, w.Who, service.ExplainRequest{SKU: "A", At: w.Now().Add(time.Hour)})
		refused(t, "the future", err, fault.Usage)
		_, err = w.Service.Explain(ctx, w.Who, service.ExplainRequest{SKU: "none"})
		refused(t, "an unknown SKU", err, fault.NotFound)
	})
}

func TestARecordThatWasChangedIsNotTakenForTheTruth(t *testing.T) { // I9
	each(t, func(t *testing.T, w *servicetest.World) {
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 30))
		item(t, w, "A", 10)
		w.Connect("north")
		w.Run(20 * time.Second)
		mismatch := func() string {
			t.Helper()
			d := tale(t, ok(w.Service.Explain(t.Context(), w.Who, service.ExplainRequest{SKU: "A", Field: "stock"}))(t), "north", channel.Stock).Decision
			if d.Rebuilt == (d.Mismatch != "") {
				t.Errorf("decision = %+v: it is either rebuilt or says why not", d)
			}
			return d.Mismatch
		}
		if got := mismatch(); got != "" {
			t.Fatalf("mismatch = %q, want none", got)
		}
		storetest.Exec(t, w.DB, `UPDATE decisions SET value = value + 1 WHERE field = 'stock'`)
		if got := mismatch(); got == "" {
			t.Errorf("a changed value is not noticed")
		}
		storetest.Exec(t, w.DB, `UPDATE decisions SET value = value - 1, record = replace(record, '"quantity":10', '"quantity":11') WHERE field = 'stock'`)
		if got := mismatch(); got == "" {
			t.Errorf("a changed result is not noticed")
		}
		storetest.Exec(t, w.DB, `UPDATE decisions SET record = 'x' WHERE field = 'stock'`)
		if got := mismatch(); got == "" {
			t.Errorf("an unreadable record is not noticed")
		}
		storetest.Exec(t, w.DB, `UPDATE items SET reserved = reserved + 1`)
		if e := ok(w.Service.Explain(t.Context(), w.Who, service.ExplainRequest{SKU: "A"}))(t); e.Stock.Folded {
			t.Errorf("a balance that is not the fold of the ledger is not noticed (I1)")
		}
	})
}
