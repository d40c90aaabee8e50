package policy

import (
	"fmt"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy/rule"
)

// Version is the version of the rules' JSON form.
const Version = 1

// maxWeight bounds the weights of a division and maxNames the lists of a rule.
const (
	maxWeight = 1000
	maxNames  = 200
)

// Rules is one level's exposure rules. A nil field says nothing: the level below decides. Each field has a neutral value
// that switches an inherited rule off, named beside it.
type Rules struct {
	Version int `json:"version"`
	// Locations says which places count. Neutral: {"all": true}.
	Locations *Locations `json:"locations,omitempty"`
	// Scarcity divides the last units. Neutral: {"at": 0}.
	Scarcity *Scarcity `json:"scarcity,omitempty"`
	// Allocation is this account's share of the item. Neutral: {"percent": 100}.
	Allocation *Allocation `json:"allocation,omitempty"`
	// Velocity keeps back what may be sold elsewhere before we know. Neutral: {"at_most": 0}.
	Velocity *Velocity `json:"velocity,omitempty"`
	// Buffer is a number of units kept back. Neutral: 0.
	Buffer *int64 `json:"buffer,omitempty"`
	// Percent of what is left is offered, rounded down. Neutral: 100.
	Percent *money.Percent `json:"percent,omitempty"`
	// Floor offers at least this many pieces while as many really exist in the share. Neutral: 0.
	Floor *int64 `json:"floor,omitempty"`
	// Cap offers at most this many pieces. Neutral: 2147483647.
	Cap *int64 `json:"cap,omitempty"`
	// Minimum to list: fewer pieces than this are offered as none. Neutral: 0.
	Minimum *int64 `json:"minimum,omitempty"`
	// AtZero says whether a listing may run to zero by itself. Neutral: "write".
	AtZero *AtZero `json:"at_zero,omitempty"`
	// Blind says what is done while orders of a channel cannot be read. Default: {"offer": "none", "elsewhere": "subtract"}.
	Blind *Blind `json:"blind,omitempty"`
}

// Locations chooses places by name; "" is the main place. One of the three is given.
type Locations struct {
	All    bool     `json:"all,omitempty"`
	Only   []string `json:"only,omitempty"`
	Except []string `json:"except,omitempty"`
}

// Counts reports whether goods at place count.
func (l Locations) Counts(place string) bool {
	for _, p := range l.Only {
		if p == place {
			return true
		}
	}
	for _, p := range l.Except {
		if p == place {
			return false
		}
	}
	return len(l.Only) == 0
}

// Allocation is a share of the item for one account: Percent of it, rounded down, or at most Units.
type Allocation struct {
	Percent *money.Percent `json:"percent,omitempty"`
	Units   *int64         `json:"units,omitempty"`
}

// Velocity keeps back SuggestBuffer units, at most AtMost: enough that what is sold within the channel's delay exceeds
// them by two or more with probability Epsilon at most.
type Velocity struct {
	Epsilon *money.Percent `json:"epsilon,omitempty"` // in percent: 1 is one case in a hundred; default 1
	AtMost  int64          `json:"at_most"`
}

// AtZero is what happens when nothing is left to offer.
type AtZero string

// The ways to zero. A channel that refuses zero always holds.
const (
	WriteZero AtZero = "write"
	HoldZero  AtZero = "hold" // a person looks first; the last positive number stays and the exception is urgent
)

// Blind is the policy for channels whose orders cannot be read.
type Blind struct {
	Offer     Offer     `json:"offer"`
	Elsewhere Elsewhere `json:"elsewhere"`
}

// Offer is what a blind channel itself may offer.
type Offer string

// The offers. Both only ever lower (I14).
const (
	OfferNone  Offer = "none"
	OfferShare Offer = "share" // its right in the scarcity regime
)

// Elsewhere is what the other channels do about the units a blind channel may still be selling.
type Elsewhere string

// The ways.
const (
	Subtract Elsewhere = "subtract"
	Ignore   Elsewhere = "ignore"
)

// ParseRules reads the JSON form strictly and checks it.
func ParseRules(data []byte) (Rules, error) {
	var r Rules
	if err := rule.Decode(data, &r); err != nil {
		return Rules{}, err
	}
	if err := r.Check(); err != nil {
		return Rules{}, err
	}
	return r, nil
}

// Check reports every field that cannot be accepted, by name, in the order of the form.
func (r Rules) Check() error {
	var bad faults
	if r.Version != Version {
		bad.Add("version", "must be %d", Version)
	}
	if l := r.Locations; l != nil {
		bad.locations(*l)
	}
	if s := r.Scarcity; s != nil {
		bad.scarcity(*s)
	}
	if a := r.Allocation; a != nil {
		if (a.Percent == nil) == (a.Units == nil) {
			bad.Add("allocation", "needs either percent or units")
		}
		if a.Percent != nil {
			bad.share("allocation.percent", *a.Percent)
		}
		if a.Units != nil {
			bad.quantity("allocation.units", *a.Units)
		}
	}
	if v := r.Velocity; v != nil {
		if v.Epsilon != nil {
			if *v.Epsilon <= 0 || *v.Epsilon > money.Hundred {
				bad.Add("velocity.epsilon", "must be more than 0 and at most 100 percent, not %v", *v.Epsilon)
			}
		}
		bad.quantity("velocity.at_most", v.AtMost)
	}
	for _, f := range []struct {
		name  string
		value *int64
	}{{"buffer", r.Buffer}, {"floor", r.Floor}, {"cap", r.Cap}, {"minimum", r.Minimum}} {
		if f.value != nil {
			bad.quantity(f.name, *f.value)
		}
	}
	if r.Percent != nil {
		bad.share("percent", *r.Percent)
	}
	if r.Floor != nil && r.Cap != nil && *r.Floor > *r.Cap {
		bad.Add("floor", "%d is more than cap %d", *r.Floor, *r.Cap)
	}
	if z := r.AtZero; z != nil && *z != WriteZero && *z != HoldZero {
		bad.Add("at_zero", `must be "write" or "hold", not %q`, *z)
	}
	if b := r.Blind; b != nil {
		if b.Offer != OfferNone && b.Offer != OfferShare {
			bad.Add("blind.offer", `must be "none" or "share", not %q`, b.Offer)
		}
		if b.Elsewhere != Subtract && b.Elsewhere != Ignore {
			bad.Add("blind.elsewhere", `must be "subtract" or "ignore", not %q`, b.Elsewhere)
		}
	}
	return bad.Err()
}

// faults collects what is wrong with named fields.
type faults struct{ rule.Faults }

func (f *faults) quantity(field string, n int64) {
	if money.CheckQuantity(n) != nil {
		f.Add(field, "must be 0 … %d, not %d", int64(money.MaxQuantity), n)
	}
}

func (f *faults) share(field string, p money.Percent) {
	if p < 0 || p > money.Hundred {
		f.Add(field, "must be 0 … 100, not %v", p)
	}
}

func (f *faults) locations(l Locations) {
	given := 0
	for _, is := range []bool{l.All, len(l.Only) > 0, len(l.Except) > 0} {
		if is {
			given++
		}
	}
	if given != 1 {
		f.Add("locations", "needs one of all, only and except")
	}
	if len(l.Only)+len(l.Except) > maxNames {
		f.Add("locations", "names more than %d places", maxNames)
	}
}

func (f *faults) scarcity(s Scarcity) {
	f.quantity("scarcity.at", s.At)
	f.quantity("scarcity.keep", s.Keep)
	if s.At > 0 && s.Keeper == 0 {
		f.Add("scarcity.keeper", "must name the account that keeps the last units")
	}
	if s.Keep > s.At {
		f.Add("scarcity.keep", "%d is more than at %d", s.Keep, s.At)
	}
	if len(s.Shares) > maxNames {
		f.Add("scarcity.shares", "names more than %d accounts", maxNames)
	}
	seen := make(map[ident.Account]bool, len(s.Shares))
	for i, h := range s.Shares {
		field := fmt.Sprintf("scarcity.shares[%d]", i)
		if h.Account == 0 {
			f.Add(field+".account", "must name an account")
		}
		if seen[h.Account] {
			f.Add(field+".account", "names account %d again", h.Account)
		}
		seen[h.Account] = true
		if h.Weight < 1 || h.Weight > maxWeight {
			f.Add(field+".weight", "must be 1 … %d, not %d", maxWeight, h.Weight)
		}
	}
}
