package flow

import (
	"encoding/json"

	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
)

// storedPrice is a PriceRecord as it is read.
type storedPrice struct {
	Code   string
	Rules  []ident.Rule
	Input  pricing.Input
	Usual  int64 `json:"usual_limits"` // 1: the limits are usualLimits
	State  pricing.State
	Price  money.Amount
	Reason pricing.Reason
	Note   string
	Way    way
	Steps  []pricing.Step // where they are not those of pricing.Order
}

// usualLimits are the limits that most tenants have. They belong to the form of the records: the guards' own defaults may
// change.
func usualLimits() guard.Limits {
	const percent = money.Hundred / 100
	return guard.Limits{
		PriceDrop: 25 * percent, PriceRise: 50 * percent, MedianDrop: 40 * percent, MedianRise: 100 * percent, ImplicitFloor: 60 * percent,
		RunPricePercent: 20 * percent, RunPriceCount: 500, RunZeroPercent: 5 * percent, RunZeroCount: 50, Coverage: 90 * percent,
		Flips: 4, FlipMinutes: 10, BlindMinutes: 15, OverdueFactor: 3,
	}
}

// MarshalJSON implements json.Marshaler.
func (r PriceRecord) MarshalJSON() ([]byte, error) {
	o := object{b: make([]byte, 0, 1024)}
	o.text("code", r.Code)
	if len(r.Rules) > 0 {
		o.any("rules", r.Rules)
	}
	usual := r.Input.Limits == usualLimits()
	if usual {
		r.Input.Limits = guard.Limits{}
	}
	o.any("input", &r.Input)
	o.number("usual_limits", flag(usual))
	o.text("state", string(r.Result.State))
	if r.Result.Price != (money.Amount{}) {
		o.any("price", r.Result.Price)
	}
	o.text("reason", string(r.Result.Reason))
	o.text("note", r.Result.Note)
	if w := priceWay(r.Result.Steps); w != nil {
		o.way(w)
	} else {
		o.any("steps", r.Result.Steps)
	}
	return o.end()
}

// priceWay is the way of steps; nil when they are not those of pricing.Order.
func priceWay(steps []pricing.Step) way {
	names := pricing.Order()
	if len(steps) != len(names) {
		return nil
	}
	w := make(way, len(steps))
	for i, x := range steps {
		if x.Name != names[i] || !x.Reached && (x.In != "" || x.Out != "") {
			return nil
		}
		w[i] = pace{x.In, x.Out, x.Note, x.Reached}
	}
	return w
}

// steps makes the steps of the way.
func (s storedPrice) steps() []pricing.Step {
	names := pricing.Order()
	if len(s.Way) != len(names) {
		return s.Steps
	}
	out := make([]pricing.Step, len(names))
	for i, p := range s.Way {
		out[i] = pricing.Step{Name: names[i], In: p.in, Out: p.out, Reached: p.reached, Note: p.note}
	}
	return out
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *PriceRecord) UnmarshalJSON(data []byte) error {
	var s storedPrice
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	if s.Usual != 0 {
		s.Input.Limits = usualLimits()
	}
	*r = PriceRecord{
		Code: s.Code, Rules: s.Rules, Input: s.Input,
		Result: pricing.Result{State: s.State, Price: s.Price, Reason: s.Reason, Note: s.Note, Steps: s.steps()},
	}
	return nil
}
