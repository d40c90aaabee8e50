package service

import (
	"context"
	"encoding/json"
	"fmt"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/store"
)

// Event is one line of the operational log.
type Event struct {
	store.EventRow
	AccountName string `json:"account_name,omitempty"`
}

// Events lists the operational log, newest first; an empty account is all.
func (s *Service) Events(ctx context.Context, who Caller, ref string, p Paging) (l List[Event], err error) {
	from, err := position[ident.Entry](p)
	if err != nil {
		return l, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		a, err := scope(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		rows, err := tx.Events(ctx, who.Tenant, a, int64(from), p.limit()+1)
		out := make([]Event, len(rows))
		for i, r := range rows {
			out[i] = Event{r, names[r.Account]}
		}
		l = listOf(out, p.limit(), func(e Event) string { return fmt.Sprint(e.ID) })
		return err
	})
	return l, err
}

// Entry is one line of the ledger of an item.
type Entry struct {
	ID       ident.Entry  `json:"entry"`
	At       ident.Micros `json:"at"`
	Kind     ledger.Kind  `json:"kind"`
	OnHand   int64        `json:"on_hand"`
	Reserved int64        `json:"reserved"`
	Held     int64        `json:"held"`
	Place    string       `json:"place,omitempty"`
	Account  string       `json:"account,omitempty"`
	Actor    string       `json:"actor"`
	Note     string       `json:"note,omitempty"`
}

// History lists the ledger of an item, newest first: every movement with who made it.
func (s *Service) History(ctx context.Context, who Caller, sku string, p Paging) (l List[Entry], err error) {
	from, err := position[ident.Entry](p)
	if err != nil {
		return l, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		x, err := tx.ItemNamed(ctx, who.Tenant, sku)
		if err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		es, err := tx.Entries(ctx, who.Tenant, x.ID, from, p.limit()+1)
		out := make([]Entry, len(es))
		for i, e := range es {
			out[i] = Entry{
				ID: e.ID, At: e.At, Kind: e.Kind, OnHand: e.OnHand, Reserved: e.Reserved, Held: e.Held, Place: e.Place,
				Account: names[e.Account], Actor: e.Actor, Note: e.Note,
			}
		}
		l = listOf(out, p.limit(), func(e Entry) string { return ident.Text(e.ID) })
		return err
	})
	return l, err
}

// Drift is one number of a channel that nothing explains yet.
type Drift struct {
	store.Drift
	AccountName string `json:"account_name"`
	Held        int64  `json:"held"`    // units that are gone and no order line explains: they lower every channel
	Surplus     int64  `json:"surplus"` // units that appeared: they raise nothing
}

// DriftReport is what is not explained: by now in the first list, proven and asked in the second.
type DriftReport struct {
	Unexplained []Drift   `json:"unexplained"`
	Edits       []Finding `json:"external_edits"`
}

// Drift lists differences between the channels and what they should show that nothing explains, oldest first.
func (s *Service) Drift(ctx context.Context, who Caller, ref string, limit int) (r DriftReport, err error) {
	p := Paging{Limit: limit}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		r = DriftReport{Unexplained: []Drift{}, Edits: []Finding{}}
		a, err := scope(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		accounts, err := tx.Accounts(ctx, who.Tenant)
		if err != nil {
			return err
		}
		for _, x := range accounts {
			if a != 0 && x.ID != a {
				continue
			}
			rows, err := tx.Drifting(ctx, who.Tenant, x.ID, p.limit())
			if err != nil {
				return err
			}
			for _, d := range rows {
				r.Unexplained = append(r.Unexplained, Drift{d, x.Name, unitsOf(d.Holds), unitsOf(d.Surplus)})
			}
		}
		found, err := tx.Findings(ctx, who.Tenant, store.FindingFilter{Class: "external-edit", Account: a, Limit: p.limit()})
		if err != nil {
			return err
		}
		edits, err := findingsOf(ctx, tx, who, found, names)
		r.Edits = append(r.Edits, edits...)
		return err
	})
	return r, err
}

// unitsOf adds the parts of a hold or surplus as they are stored.
func unitsOf(parts string) (n int64) {
	var ps []struct{ Units int64 }
	if json.Unmarshal([]byte(parts), &ps) != nil {
		return 0 // "" for none
	}
	for _, p := range ps {
		n += p.Units
	}
	return n
}

// LimitState is the stored rate limits of an account; Buckets is as package limits writes it.
type LimitState struct {
	Account string          `json:"account"`
	At      ident.Micros    `json:"at"`
	Buckets json.RawMessage `json:"buckets"`
}

// Limits returns how much of their rate limits accounts have left, as it was last stored.
func (s *Service) Limits(ctx context.Context, who Caller, ref string) (out []LimitState, err error) {
	out = []LimitState{}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		a, err := scope(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		rows, err := tx.LimitRows(ctx, who.Tenant, a)
		for _, r := range rows {
			b := json.RawMessage(r.State)
			if !json.Valid(b) {
				b = json.RawMessage("[]")
			}
			out = append(out, LimitState{names[r.Account], r.At, b})
		}
		return err
	})
	return out, err
}
