package policy

import (
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// ways is the chains of all parts, in recipe order.
type ways struct {
	parts []*chain
	// share is how many pieces the parts' shares would make: the most a floor may offer.
	share int64
}

func chains(in Input) ways {
	var w ways
	units, shares := make([]int64, len(in.Parts)), make([]int64, len(in.Parts))
	for i, p := range in.Parts {
		c := follow(in, p)
		w.parts = append(w.parts, c)
		units[i], shares[i] = p.Units, c.share
	}
	w.share = Sellable(units, shares)
	return w
}

// tail is the way of the listing through the steps counted in pieces.
type tail struct {
	n     int64
	steps []Step
	held  Reason
	down  bool
}

func (t *tail) to(name Name, out int64, format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	t.say(name, out, format)
}

func (t *tail) say(name Name, out int64, note string) {
	t.steps = append(t.steps, Step{Name: name, In: t.n, Out: out, Reached: true, Note: note})
	t.n = out
}

// pieces makes whole pieces and starts the tail with the chain of the part that limits them; the first one of equals.
func (w ways) pieces(in Input) *tail {
	units, left := make([]int64, len(w.parts)), make([]int64, len(w.parts))
	least := 0
	for i, c := range w.parts {
		units[i], left[i] = c.part.Units, c.n
		if max(0, c.n)/c.part.Units < max(0, w.parts[least].n)/w.parts[least].part.Units {
			least = i
		}
	}
	c := w.parts[least]
	t := &tail{n: c.n, steps: c.steps}
	made := Sellable(units, left)
	switch {
	case len(w.parts) > 1:
		t.say(StepPieces, made, bundleNote(w.parts, c))
	case c.part.Units > 1:
		t.to(StepPieces, made, "%d of the item make one piece", c.part.Units)
	default:
		t.to(StepPieces, made, "one of the item is one piece")
	}
	return t
}

// maxShown bounds how many parts a note lists.
const maxShown = 12

func bundleNote(parts []*chain, least *chain) string {
	var b strings.Builder
	fmt.Fprintf(&b, "item %d limits: ", least.part.Item)
	for i, c := range parts {
		if i == maxShown {
			fmt.Fprintf(&b, "; %d more parts", len(parts)-i)
			break
		}
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "item %d has %d, %d a piece", c.part.Item, c.n, c.part.Units)
	}
	return b.String()
}

// floor undoes buffers and percent as far as the share really holds the pieces: it never promises what is not there.
func (t *tail) floor(in Input, share int64) {
	f := in.Rules.Rules.Floor
	switch {
	case f == nil:
		t.to(StepFloor, t.n, noRule)
	case t.n >= *f:
		t.to(StepFloor, t.n, "at least %d%s", *f, in.Rules.Sources.By("floor"))
	default:
		t.to(StepFloor, max(t.n, min(*f, share)), "at least %d, while the share of %d lasts%s", *f, share, in.Rules.Sources.By("floor"))
	}
}

func (t *tail) cap(in Input) {
	most, note := int64(money.MaxQuantity), noRule
	if c := in.Rules.Rules.Cap; c != nil {
		most, note = *c, fmt.Sprintf("at most %d%s", *c, in.Rules.Sources.By("cap"))
	}
	if in.Max > 0 && in.Max < most {
		most, note = in.Max, "the channel takes at most "+ident.Text(in.Max)
	}
	t.say(StepCap, min(t.n, most), note) // I11: w ≤ the channel's cap
}

func (t *tail) minimum(in Input) {
	m := in.Rules.Rules.Minimum
	switch {
	case m == nil:
		t.to(StepMinimum, t.n, noRule)
	case t.n < *m:
		t.to(StepMinimum, 0, "fewer than %d are not listed%s", *m, in.Rules.Sources.By("minimum"))
	default:
		t.to(StepMinimum, t.n, "at least %d are needed to list%s", *m, in.Rules.Sources.By("minimum"))
	}
}

// blind lowers a listing whose own orders cannot be read: its number may be wrong by any amount (I14).
func (t *tail) blind(in Input) {
	if !in.Blind {
		t.to(StepBlind, t.n, "orders of this channel are read")
		return
	}
	t.down = true
	b, by := in.Rules.blind(), in.Rules.Sources.By("blind")
	switch {
	case b.Offer == OfferNone:
		t.to(StepBlind, 0, "orders of this channel cannot be read: nothing is offered%s", by)
	case in.Rules.Rules.Scarcity == nil || in.Rules.Rules.Scarcity.At == 0:
		t.to(StepBlind, 0, "orders of this channel cannot be read, and it has no share of the last units%s", by)
	case in.Shown == nil:
		t.to(StepBlind, 0, "orders of this channel cannot be read, nor what it shows%s", by)
	default:
		t.to(StepBlind, min(t.n, max(0, *in.Shown)), "orders of this channel cannot be read: its share, and no rise%s", by)
	}
}

func (t *tail) zero(in Input) {
	z := in.Rules.Rules.AtZero
	shown := in.Shown == nil || *in.Shown != 0 // what is zero already needs no decision
	switch {
	case t.n > 0:
		t.to(StepZero, t.n, "there is something to offer")
	case in.Zero == channel.RefuseZero && shown:
		t.held = ZeroRefused
		t.to(StepZero, 0, "the channel refuses zero: a person must end the listing")
	case z != nil && *z == HoldZero && shown:
		t.held = ZeroHeld
		t.to(StepZero, 0, "zero waits for a person%s", in.Rules.Sources.By("at_zero"))
	default:
		t.to(StepZero, 0, "zero is written")
	}
}

func (t *tail) result(in Input) Result {
	r := Result{State: Value, Quantity: t.n, DownOnly: t.down, Steps: t.steps}
	if t.held != NoReason {
		r.State, r.Reason, r.Quantity = Held, t.held, 0
	}
	// I11, once more where the number leaves the policy: no configuration may get around it.
	r.Quantity = max(0, min(r.Quantity, int64(money.MaxQuantity)))
	if in.Max > 0 {
		r.Quantity = min(r.Quantity, in.Max)
	}
	return r
}

// unreached completes steps with those that were not needed; the first of them says why.
func unreached(done []Step, why string) []Step {
	order := Order()
	out := append(make([]Step, 0, len(order)), done...)
	for i, name := range order[len(done):] {
		s := Step{Name: name, Note: "not reached"}
		if i == 0 {
			s.Note = why
		}
		out = append(out, s)
	}
	return out
}

// Limit returns the item whose stock decided the number; 0 when no step was reached.
func (r Result) Limit() ident.Item {
	if len(r.Steps) == 0 {
		return 0
	}
	return r.Steps[0].Item
}

// Sentence says in one sentence how the number came about.
func (r Result) Sentence() string {
	var told []string
	for i, s := range r.Steps {
		if s.Reached && (i == 0 || s.In != s.Out || (s.Name == StepZero && r.State == Held)) {
			told = append(told, s.Note)
		}
	}
	switch {
	case r.State == Absent && len(r.Steps) > 0:
		return "there is no target: " + r.Steps[0].Note
	case r.State == Absent:
		return "there is no target"
	case r.State == Held:
		return "the target is 0 and is held: " + strings.Join(told, ", then ")
	case r.Quantity == 1:
		return "1 piece is offered: " + strings.Join(told, ", then ")
	}
	return fmt.Sprintf("%d pieces are offered: %s", r.Quantity, strings.Join(told, ", then "))
}
