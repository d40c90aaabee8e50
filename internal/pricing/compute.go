package pricing

import (
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// Input is everything one price depends on. Nil is absent, which is not zero.
type Input struct {
	// Owner names another tool that sets this listing's price; "": it is ours (N20).
	Owner string `json:"owner,omitempty"`
	// ReadOnly says that the channel takes no prices from us.
	ReadOnly bool `json:"read_only,omitempty"`
	// Base and Cost are the item's, in the seller's currency. A cost never holds VAT.
	Base *money.Amount `json:"base,omitempty"`
	Cost *money.Amount `json:"cost,omitempty"`
	// Currency of the listing; "" is not known.
	Currency money.Currency `json:"currency"`
	// TaxIncluded is whether the channel's prices hold VAT, as the channel itself says; nil: it cannot say.
	TaxIncluded *bool `json:"tax_included,omitempty"`
	// Rates are the exchange rates at hand; one for each pair that may be needed.
	Rates []Exchange `json:"rates,omitempty"`
	// Last is the last accepted price of the listing, Median that of 30 days.
	Last   *money.Amount `json:"last,omitempty"`
	Median *money.Amount `json:"median,omitempty"`
	// Approved is the price an approved plan names for this listing.
	Approved *money.Amount `json:"approved,omitempty"`
	Now      ident.Micros  `json:"now"`
	Rules    Merged        `json:"rules"`
	Limits   guard.Limits  `json:"limits,omitzero"`
}

// Exchange is one exchange rate: one unit of From is Rate units of To.
type Exchange struct {
	From   money.Currency `json:"from"`
	To     money.Currency `json:"to"`
	Rate   money.Rate     `json:"rate"`
	Source string         `json:"source"`
	At     ident.Micros   `json:"at"`
}

// State says what a result is.
type State string

// The states.
const (
	Send     State = "send"      // Price may be written
	Held     State = "held"      // Price waits for a person
	Refused  State = "refused"   // no price may be written; an exception says why
	Absent   State = "absent"    // there is nothing to make a price from: nothing is written
	NotOwned State = "not-owned" // the price is not ours to write
)

// Reason is why a price is not simply sent; stable, kebab-case. Those of package guard are among them.
type Reason string

// The reasons beside those of package guard.
const (
	NoBase      Reason = "no-base"
	NoCost      Reason = "no-cost"
	TaxUnknown  Reason = "tax-unknown"
	TaxDiffers  Reason = "tax-differs"
	VATUnknown  Reason = "vat-unknown"
	RateMissing Reason = "rate-missing"
	RateOld     Reason = "rate-old"
	RateBad     Reason = "rate-bad"
	BadRounding Reason = "bad-rounding"
	TooLarge    Reason = "too-large"
	OtherOwner  Reason = "other-owner"
	ReadOnly    Reason = "read-only"
	FrozenBlank Reason = "frozen-without-price"
)

// Result is a price with the way to it.
type Result struct {
	State  State        `json:"state"`
	Price  money.Amount `json:"price,omitzero"` // of Send and Held
	Reason Reason       `json:"reason,omitempty"`
	Note   string       `json:"note,omitempty"` // why, for a person
	Steps  []Step       `json:"steps"`
}

// Step is one step of the way: numbers with their currency as text, decimals as long as they are.
type Step struct {
	Name string `json:"name"`
	In   string `json:"in,omitempty"`
	Out  string `json:"out,omitempty"`
	// Reached is false when the result was decided before.
	Reached bool   `json:"reached"`
	Note    string `json:"note"`
}

// The steps before the guards, in their order.
const (
	StepStart      = "base or cost"
	StepMarkup     = "markup"
	StepFee        = "fee"
	StepVAT        = "vat"
	StepCurrency   = "currency"
	StepRounding   = "rounding"
	StepFloor      = "floor"
	StepMargin     = "margin"
	StepAdvertised = "advertised minimum"
	StepCeiling    = "ceiling"
	StepSale       = "sale"
	StepDirection  = "direction"
)

// Order lists every step in order, the guards last.
func Order() []string {
	return append([]string{
		StepStart, StepMarkup, StepFee, StepVAT, StepCurrency, StepRounding,
		StepFloor, StepMargin, StepAdvertised, StepCeiling, StepSale, StepDirection,
	}, guard.Prices()...)
}

// Compute computes what the listing should cost. Same input, same result (I9).
func Compute(in Input) Result {
	w := &way{in: in, rules: in.Rules.Rules, steps: make([]Step, 0, len(Order()))}
	for _, step := range []func() *stop{
		w.start, w.markup, w.fee, w.vat, w.currency, w.rounding,
		w.floor, w.margin, w.advertised, w.ceiling, w.sale, w.direction,
	} {
		if s := step(); s != nil {
			return w.end(*s)
		}
	}
	return w.judge()
}

// stop ends the way before the guards.
type stop struct {
	state  State
	reason Reason
	note   string
}

func refuse(r Reason, format string, args ...any) *stop {
	return &stop{Refused, r, fmt.Sprintf(format, args...)}
}

// end completes the steps with those that were not reached.
func (w *way) end(s stop) Result {
	order := Order()
	for i, name := range order[len(w.steps):] {
		step := Step{Name: name, Note: "not reached"}
		if i == 0 {
			step.Note = s.note
		}
		w.steps = append(w.steps, step)
	}
	return Result{State: s.state, Reason: s.reason, Note: s.note, Steps: w.steps}
}

// judge asks the guards.
func (w *way) judge() Result {
	j := guard.JudgePrice(w.in.Limits, guard.Price{
		Value: w.price, Currency: w.in.Currency, Floor: w.lowest, Ceiling: w.highest,
		Last: w.in.Last, Median: w.in.Median, Approved: w.in.Approved,
	})
	shown := w.price.String()
	for _, c := range j.Checks {
		w.steps = append(w.steps, Step{Name: c.Name, In: shown, Out: shown, Reached: true, Note: c.Note})
	}
	r := Result{State: Send, Price: w.price, Reason: Reason(j.Reason), Note: j.Note, Steps: w.steps}
	switch j.Outcome {
	case guard.Pass:
	case guard.Hold:
		r.State = Held
	default: // I10: a refused price is not even shown as one that could be released
		r.State, r.Price = Refused, money.Amount{}
	}
	return r
}

// Sentence says in one sentence how the price came about.
func (r Result) Sentence() string {
	var told []string
	for i, s := range r.Steps {
		if s.Reached && (i == 0 || s.In != s.Out) {
			told = append(told, s.Note)
		}
	}
	how := strings.Join(told, ", then ")
	switch r.State {
	case Send:
		return r.Price.String() + ": " + how
	case Held:
		return r.Price.String() + " is held because " + r.Note + ": " + how
	}
	return "no price is written: " + r.Note
}

// Err returns the result as a fault of the fitting kind; nil when the price may be sent.
func (r Result) Err() error {
	switch r.State {
	case Send:
		return nil
	case Held:
		return fault.New(fault.Held, "%s", r.Note)
	}
	return fault.New(fault.Invalid, "%s", r.Note)
}
