package policy

import (
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// Input is everything one target depends on. Numbers of units are the ledger's, of pieces the listing's.
type Input struct {
	Account ident.Account `json:"account"`
	Pool    channel.Pool  `json:"pool"`
	// Parts is what one piece is made of: one part for a plain listing or pack, one for each component of a bundle. Empty:
	// the listing is not bound.
	Parts []Part `json:"parts,omitempty"`
	// Shown is the most pieces this listing may be showing now (expected, observed, a write in doubt); nil: not known.
	Shown *int64 `json:"shown,omitempty"`
	// Blind says that the orders of this account cannot be read.
	Blind bool `json:"blind,omitempty"`
	// Max is the largest number the channel takes, 0 for none; Zero is how it takes nothing.
	Max  int64            `json:"max,omitempty"`
	Zero channel.ZeroMode `json:"zero,omitempty"`
	// Delay is the measured delay (p95) from a sale anywhere to this channel's number; 0: not measured.
	Delay time.Duration `json:"delay,omitempty"`
	Rules Merged        `json:"rules"`
}

// Part is one item of a listing's recipe with what is known of its stock.
type Part struct {
	Item  ident.Item `json:"item"`
	Units int64      `json:"units"` // of the item in one piece, at least 1
	// Counted is false until somebody said how many there are: absent is not zero (I9).
	Counted  bool    `json:"counted,omitempty"`
	Places   []Place `json:"places,omitempty"`
	Reserved int64   `json:"reserved,omitempty"`
	Held     int64   `json:"held,omitempty"`
	// Elsewhere is how many units blind accounts other than this one may still be selling.
	Elsewhere int64 `json:"elsewhere,omitempty"`
	// PerHour is the item's total sales rate; nil: not measured.
	PerHour *money.Rate `json:"per_hour,omitempty"`
	// Peers is how many counters of this account offer the item and Rank this one's place among them, from 0. They divide
	// the account's right; 0 peers is 1.
	Peers int64 `json:"peers,omitempty"`
	Rank  int64 `json:"rank,omitempty"`
	// Others is the most units that all other counters may be showing; nil when the order of moving rights is kept
	// elsewhere. In the scarcity regime a right is raised only into what the others have verifiably given up.
	Others *int64 `json:"others,omitempty"`
	// Rules are the part's own when its item has rules of its own; nil: the listing's. The regime of the last units is
	// always one for all listings of an item.
	Rules *Merged `json:"rules,omitempty"`
}

// Place is the units at one place; "" is the main one.
type Place struct {
	Name  string `json:"name,omitempty"`
	Units int64  `json:"units"`
}

// State says what a result is.
type State string

// The states.
const (
	Value  State = "value"  // Quantity is the target
	Absent State = "absent" // there is no target, which is not zero: nothing is written
	Held   State = "held"   // the target is zero, and a person decides how it gets there
)

// Reason is why a result is not a plain value; stable, kebab-case.
type Reason string

// The reasons.
const (
	NoReason         Reason = ""
	NotBound         Reason = "not-bound"
	ChannelFulfilled Reason = "channel-fulfilled"
	PoolUnknown      Reason = "pool-unknown"
	NotCounted       Reason = "not-counted"
	BadRecipe        Reason = "bad-recipe"
	ZeroRefused      Reason = "zero-refused"
	ZeroHeld         Reason = "zero-held"
)

// Name names a step.
type Name string

// Result is a target with the way to it.
type Result struct {
	State    State  `json:"state"`
	Quantity int64  `json:"quantity"` // pieces; 0 when State is not Value
	Reason   Reason `json:"reason,omitempty"`
	// DownOnly says that the target may only lower what is shown (I14).
	DownOnly bool   `json:"down_only,omitempty"`
	Steps    []Step `json:"steps"`
}

// Step is one step of the way. Units of Item up to Pieces, pieces of the listing after it; a bundle shows the chain of
// the part that limits it.
type Step struct {
	Name Name       `json:"name"`
	Item ident.Item `json:"item,omitempty"`
	In   int64      `json:"in"`
	Out  int64      `json:"out"`
	// Reached is false when the result was decided before: then In and Out mean nothing.
	Reached bool   `json:"reached"`
	Note    string `json:"note"`
}

// Target computes what the listing may offer. Same input, same result (I9).
func Target(in Input) Result {
	if reason, note := refuse(in); reason != NoReason {
		return Result{State: Absent, Reason: reason, Steps: unreached(nil, note)}
	}
	w := chains(in)
	t := w.pieces(in)
	t.floor(in, w.share)
	t.cap(in)
	t.minimum(in)
	t.blind(in)
	t.zero(in)
	return t.result(in)
}

// refuse says why the listing has no target at all.
func refuse(in Input) (Reason, string) {
	if in.Pool == channel.ByChannel { // I11, S22: the channel's own goods are never written
		return ChannelFulfilled, "the channel sells its own stock of this: never written"
	}
	if in.Pool != channel.Merchant { // I11
		return PoolUnknown, "the channel did not say whose goods these are"
	}
	if len(in.Parts) == 0 { // I11: only what is mapped
		return NotBound, "the listing is not bound to an item"
	}
	for _, p := range in.Parts {
		if p.Units < 1 || p.Units > maxUnits {
			return BadRecipe, "one piece cannot take " + ident.Text(ident.Item(p.Units)) + " units of item " + ident.Text(p.Item)
		}
		if !p.Counted { // I9: absent is not zero
			return NotCounted, "item " + ident.Text(p.Item) + " was never counted"
		}
	}
	return NoReason, ""
}

// maxUnits bounds how many units one piece may take.
const maxUnits = 1_000_000

// Sellable returns how many whole pieces can be made: units[i] of part i go into one piece, available[i] of it are there.
// An empty recipe makes none; fewer than none available are none.
func Sellable(units, available []int64) int64 {
	if len(units) == 0 || len(units) != len(available) {
		return 0
	}
	least := int64(money.MaxQuantity)
	for i, n := range units {
		if n < 1 {
			return 0
		}
		least = min(least, max(0, available[i])/n)
	}
	return least
}
