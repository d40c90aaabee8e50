package service

import (
	"context"
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
)

// ExplainRequest says what to explain: a SKU, at one account or all, one field or both, now (0) or at a time.
type ExplainRequest struct {
	SKU     string
	Account string
	Field   string
	At      ident.Micros
}

// Explanation is why the numbers and prices of an item are what they are: counted, moved, reserved, each rule, sent,
// accepted, verified.
type Explanation struct {
	SKU      string       `json:"sku"`
	Title    string       `json:"title"`
	At       ident.Micros `json:"at"`
	Sentence string       `json:"sentence"`
	Stock    StockStory   `json:"stock"`
	Targets  []TargetTale `json:"targets"`
}

// StockStory is how an item's balance came about.
type StockStory struct {
	Sentence  string        `json:"sentence"`
	Counted   *Counted      `json:"counted"` // the last count; nil: nobody counted
	Moved     []store.Moved `json:"moved"`   // since that count, by kind
	OnHand    int64         `json:"on_hand"`
	Reserved  int64         `json:"reserved"`
	Held      int64         `json:"held"`
	Available *int64        `json:"available"`
	// Folded says that the stored balance equals the fold of the ledger (I1); only looked at for now.
	Folded bool `json:"folded"`
}

// Counted is the last word on how many there are.
type Counted struct {
	At    ident.Micros `json:"at"`
	Actor string       `json:"actor"`
	// Sellable is what was said: units that could be sold at that moment.
	Sellable int64  `json:"sellable"`
	Note     string `json:"note,omitempty"`
}

// TargetTale is how one number or price of a channel came about.
type TargetTale struct {
	Account  string        `json:"account"`
	Field    channel.Field `json:"field"`
	Listing  string        `json:"listing"` // channel key
	Counter  string        `json:"counter,omitempty"`
	Sentence string        `json:"sentence"`
	Decision *DecisionTale `json:"decision"` // nil: not decided yet
	Sent     *SentTale     `json:"sent"`     // the last write; nil: nothing was sent
	Shows    string        `json:"shows"`    // what the channel showed at the last reading; "" not known
	ShownAt  ident.Micros  `json:"shown_at"`
	State    string        `json:"state"` // now
	Since    ident.Micros  `json:"since"`
}

// DecisionTale is a decision with each of its steps, and whether it could be made again from what is stored.
type DecisionTale struct {
	ID      ident.Decision `json:"decision"`
	At      ident.Micros   `json:"at"`
	Outcome string         `json:"outcome"`
	Code    string         `json:"code"`
	Rules   []ident.Rule   `json:"rules"`
	Steps   []Step         `json:"steps"`
	Value   string         `json:"value"` // what the channel should show; "" nothing
	// Rebuilt says that the stored inputs give exactly the stored result again (I9). Mismatch says why not.
	Rebuilt  bool   `json:"rebuilt"`
	Mismatch string `json:"mismatch,omitempty"`
	sentence string
}

// Step is one step of a rule: what went in, what came out, why.
type Step struct {
	Name string `json:"name"`
	In   string `json:"in"`
	Out  string `json:"out"`
	Note string `json:"note"`
}

// SentTale is what became of a write.
type SentTale struct {
	Intent   ident.Intent     `json:"intent"`
	Value    string           `json:"value"`
	Base     string           `json:"base"`
	At       ident.Micros     `json:"at"`
	State    flow.IntentState `json:"state"`
	SettleAt ident.Micros     `json:"settled_at"`
	Code     string           `json:"code,omitempty"`
	Note     string           `json:"note,omitempty"`
	Plan     ident.Plan       `json:"plan,omitempty"`
	// Matches says that what was sent is what the decision before it says.
	Matches bool `json:"matches"`
}

// Explain tells how the numbers and prices of a SKU came about.
func (s *Service) Explain(ctx context.Context, who Caller, q ExplainRequest) (e Explanation, err error) {
	f, err := field(q.Field)
	if err != nil {
		return e, err
	}
	if q.At > s.Now() {
		return e, fault.New(fault.Usage, "%v is in the future", q.At)
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		a, err := scope(ctx, tx, who.Tenant, q.Account)
		if err != nil {
			return err
		}
		x, err := tx.ItemNamed(ctx, who.Tenant, q.SKU)
		if err != nil {
			return err
		}
		e = Explanation{SKU: x.SKU, Title: x.Title, At: q.At, Targets: []TargetTale{}}
		if e.At == 0 {
			e.At = s.Now()
		}
		if e.Stock, err = stockStory(ctx, tx, who, x, q.At); err != nil {
			return err
		}
		listings, err := listingsOf(ctx, tx, who, x.ID)
		if err != nil {
			return err
		}
		for _, l := range listings {
			if a != 0 && l.Account != a {
				continue
			}
			t := teller{ctx: ctx, tx: tx, who: who, until: q.At, now: e.At}
			if f != channel.Price {
				for _, c := range l.Counters {
					tale, err := t.counter(l, c)
					if err != nil {
						return err
					}
					e.Targets = append(e.Targets, tale)
				}
			}
			if f != channel.Stock {
				tale, err := t.price(l)
				if err != nil {
					return err
				}
				e.Targets = append(e.Targets, tale)
			}
		}
		e.Sentence = e.sentence(f)
		return nil
	})
	return e, err
}

// sentence says it all in one breath.
func (e Explanation) sentence(f channel.Field) string {
	var told []string
	if f != channel.Price {
		told = append(told, e.Stock.Sentence)
	}
	for _, t := range e.Targets {
		told = append(told, t.Sentence)
	}
	if len(e.Targets) == 0 {
		told = append(told, "no listing is bound to it")
	}
	return e.SKU + ": " + strings.Join(told, "; ")
}

// stockStory folds the ledger of an item up to a time.
func stockStory(ctx context.Context, tx *store.Tx, who Caller, x store.Item, until ident.Micros) (st StockStory, err error) {
	b, _, err := tx.Fold(ctx, who.Tenant, x.ID, until)
	if err != nil {
		return st, err
	}
	st = StockStory{OnHand: b.OnHand, Reserved: b.Reserved, Held: b.Held, Available: sellable(b), Moved: []store.Moved{}}
	st.Folded = until != 0 || b.OnHand == x.Balance.OnHand && b.Reserved == x.Balance.Reserved && b.Held == x.Balance.Held // I1
	last, found, err := tx.LastCount(ctx, who.Tenant, x.ID, until)
	if err != nil {
		return st, err
	}
	if found {
		then, err := tx.FoldTo(ctx, who.Tenant, x.ID, last.ID)
		if err != nil {
			return st, err
		}
		st.Counted = &Counted{At: last.At, Actor: last.Actor, Sellable: then.Available(), Note: last.Note}
	}
	moved, err := tx.MovedAfter(ctx, who.Tenant, x.ID, last.ID, until)
	st.Moved = append(st.Moved, moved...)
	st.Sentence = st.sentence(x.Bundle)
	return st, err
}

func (st StockStory) sentence(bundle bool) string {
	if bundle {
		return "its stock follows from its components"
	}
	if st.Available == nil {
		return "nobody has counted it, so nothing is offered"
	}
	var b strings.Builder
	if c := st.Counted; c != nil {
		fmt.Fprintf(&b, "%d could be sold when %s counted at %v", c.Sellable, c.Actor, c.At)
	} else {
		b.WriteString("it was never counted as a whole")
	}
	for _, m := range st.Moved {
		if text := movedText(m); text != "" {
			b.WriteString(", " + text)
		}
	}
	fmt.Fprintf(&b, "; %d on hand", st.OnHand)
	if st.Reserved != 0 {
		fmt.Fprintf(&b, " − %d reserved for open orders", st.Reserved)
	}
	if st.Held != 0 {
		fmt.Fprintf(&b, " − %d held for sales whose order was not seen yet", st.Held)
	}
	fmt.Fprintf(&b, " = %d available", *st.Available)
	return b.String()
}

// movedText says what the entries of a kind did; "" when they did nothing together.
func movedText(m store.Moved) string {
	switch m.Kind {
	case ledger.Receipt:
		return fmt.Sprintf("%d arrived", m.OnHand)
	case ledger.Adjust:
		return fmt.Sprintf("%+d by adjustment", m.OnHand)
	case ledger.Edit:
		return fmt.Sprintf("%+d edited at a channel", m.OnHand)
	case ledger.Return:
		return fmt.Sprintf("%d came back", m.OnHand)
	case ledger.Ship:
		return fmt.Sprintf("%d left", -m.OnHand)
	case ledger.Reserve:
		if m.Reserved > 0 {
			return fmt.Sprintf("%d newly reserved", m.Reserved)
		}
		if m.Reserved < 0 {
			return fmt.Sprintf("%d reservations ended", -m.Reserved)
		}
	}
	return ""
}
