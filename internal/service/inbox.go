package service

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/store"
)

// Answer is what a person says to a finding.
type Answer string

// The answers. Which of them a finding takes is said with it.
const (
	AnswerAdopt   Answer = "adopt"   // the channel is right: its number becomes a count, its price is kept
	AnswerHeal    Answer = "heal"    // we are right: the channel is written back, or the write is tried again
	AnswerRelease Answer = "release" // what a guard holds may go, exactly as it is now
	AnswerIgnore  Answer = "ignore"  // close it; it comes back when the cause does
)

// Finding is one cause that needs a person, with what can be done.
type Finding struct {
	store.Finding
	AccountName string          `json:"account_name,omitempty"`
	SKU         string          `json:"sku,omitempty"`
	Data        json.RawMessage `json:"data"`
	Answers     []Answer        `json:"answers"`
	Fix         string          `json:"fix"`      // what to do
	Ignoring    string          `json:"ignoring"` // what happens otherwise
}

// Inbox is the open findings, grouped by cause.
type Inbox struct {
	Groups []InboxGroup  `json:"groups"`
	Rows   List[Finding] `json:"findings"`
}

// InboxGroup is the open findings of one class at one account.
type InboxGroup struct {
	store.FindingGroup
	AccountName string `json:"account_name,omitempty"`
	Fix         string `json:"fix"`
	Ignoring    string `json:"ignoring"`
}

// InboxFilter chooses findings; empty fields are all.
type InboxFilter struct {
	Class   string
	Account string
	Field   string
	Done    bool // closed ones too
	Paging
}

// Inbox lists what needs a person: groups first, then the findings that the filter chooses, newest first.
func (s *Service) Inbox(ctx context.Context, who Caller, f InboxFilter) (box Inbox, err error) {
	before, err := position[ident.Finding](f.Paging)
	if err != nil {
		return box, err
	}
	fld, err := field(f.Field)
	if err != nil {
		return box, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		a, err := scope(ctx, tx, who.Tenant, f.Account)
		if err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		groups, err := tx.FindingGroups(ctx, who.Tenant)
		if err != nil {
			return err
		}
		box.Groups = make([]InboxGroup, len(groups))
		for i, g := range groups {
			adv := adviceOn(g.Class)
			box.Groups[i] = InboxGroup{g, names[g.Account], adv.fix, adv.ignoring}
		}
		found, err := tx.Findings(ctx, who.Tenant, store.FindingFilter{Class: f.Class, Account: a, Field: fld, Done: f.Done, Before: before, Limit: f.limit() + 1})
		if err != nil {
			return err
		}
		out, err := findingsOf(ctx, tx, who, found, names)
		box.Rows = listOf(out, f.limit(), func(x Finding) string { return ident.Text(x.ID) })
		return err
	})
	return box, err
}

func findingsOf(ctx context.Context, tx *store.Tx, who Caller, found []store.Finding, names map[ident.Account]string) ([]Finding, error) {
	var ids []ident.Item
	for _, f := range found {
		if f.Item != 0 {
			ids = append(ids, f.Item)
		}
	}
	items, err := tx.ItemsOf(ctx, who.Tenant, ids)
	if err != nil {
		return nil, err
	}
	skus := map[ident.Item]string{}
	for _, x := range items {
		skus[x.ID] = x.SKU
	}
	out := make([]Finding, len(found))
	for i, f := range found {
		adv := adviceOn(f.Class)
		out[i] = Finding{Finding: f, AccountName: names[f.Account], SKU: skus[f.Item], Data: dataOf(f), Answers: adv.answers, Fix: adv.fix, Ignoring: adv.ignoring}
	}
	return out, nil
}

func dataOf(f store.Finding) json.RawMessage {
	if !json.Valid([]byte(f.Data)) {
		return json.RawMessage("{}")
	}
	return json.RawMessage(f.Data)
}

// Resolve answers a finding.
func (s *Service) Resolve(ctx context.Context, who Caller, id ident.Finding, a Answer) (out Finding, err error) {
	var woken []ident.Account
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		f, err := tx.Finding(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if adv := adviceOn(f.Class); !slices.Contains(adv.answers, a) {
			return fault.New(fault.Usage, "%q is no answer to %s: it takes %v", a, f.Class, adv.answers)
		}
		switch a {
		case AnswerAdopt:
			woken, err = s.adopt(ctx, tx, who, f)
		case AnswerHeal:
			err = tx.Answered(ctx, who.Tenant, f.Account, f.Field, f.Target, s.Now())
		case AnswerRelease:
			err = s.release(ctx, tx, who, f)
		case AnswerIgnore:
		}
		if err != nil {
			return err
		}
		if err := tx.CloseFinding(ctx, who.Tenant, id, string(a)+" by "+who.Name, s.Now()); err != nil {
			return err
		}
		if err := s.act(ctx, tx, who, f.Account, "resolve", "finding %d (%s): %s", id, f.Class, a); err != nil {
			return err
		}
		if f, err = tx.Finding(ctx, who.Tenant, id); err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		all, err := findingsOf(ctx, tx, who, []store.Finding{f}, names)
		if err == nil {
			out = all[0]
		}
		return err
	})
	if err == nil {
		s.Wake(who.Tenant, append(woken, out.Account)...)
	}
	return out, err
}

// adopt takes what the channel shows: a number becomes a count of what was put in or taken out, a price is pinned.
func (s *Service) adopt(ctx context.Context, tx *store.Tx, who Caller, f store.Finding) ([]ident.Account, error) {
	var data struct{ Hold, Surplus, Observed int64 }
	if err := json.Unmarshal([]byte(f.Data), &data); err != nil {
		return nil, fault.New(fault.Conflict, "finding %d does not say what the channel showed", f.ID)
	}
	var woken []ident.Account
	var err error
	if f.Field == channel.Price {
		err = s.adoptPrice(ctx, tx, who, f, data.Observed)
	} else {
		woken, err = s.adoptStock(ctx, tx, who, f, data.Surplus-data.Hold)
	}
	if err != nil {
		return nil, err
	}
	return woken, tx.Answered(ctx, who.Tenant, f.Account, f.Field, f.Target, s.Now())
}

func (s *Service) adoptStock(ctx context.Context, tx *store.Tx, who Caller, f store.Finding, units int64) ([]ident.Account, error) {
	fence := flow.Fence{Tenant: who.Tenant, Account: f.Account}
	sellers, err := tx.Sellers(ctx, fence, []ident.Counter{ident.Counter(f.Target)})
	if err != nil {
		return nil, err
	}
	recipe := sellers.Recipe(ident.Counter(f.Target))
	if len(recipe) == 0 {
		return nil, fault.New(fault.Conflict, "nothing that sells from this number is bound to an item: bind it first")
	}
	if len(recipe) > 1 {
		return nil, fault.New(fault.Conflict, "the number is of a bundle: count its components instead")
	}
	return tx.Book(ctx, who.Tenant, []ledger.Entry{{
		Source: fmt.Sprintf("answer:%d", f.ID), Item: recipe[0].Item, Kind: ledger.Edit, OnHand: units * recipe[0].Units,
		Account: f.Account, Counter: ident.Counter(f.Target), At: s.Now(), Actor: who.Name, Note: fmt.Sprintf("finding %d adopted", f.ID),
	}}, false)
}

func (s *Service) adoptPrice(ctx context.Context, tx *store.Tx, who Caller, f store.Finding, observed int64) error {
	names, err := tx.Names(ctx, who.Tenant, f.Account, channel.Price, []int64{f.Target})
	if err != nil {
		return err
	}
	sc := store.RuleScope{Field: RulePrice, Account: f.Account, Item: f.Item}
	h, err := tx.RuleHistory(ctx, who.Tenant, sc)
	if err != nil {
		return err
	}
	body := ""
	if len(h) > 0 {
		body = h[0].Body
	}
	if f.Item == 0 {
		return fault.New(fault.Conflict, "the listing is not bound to an item: bind it first")
	}
	if body, err = pinned(body, money.Of(observed, money.Currency(names[f.Target].Currency))); err != nil {
		return err
	}
	_, err = tx.AddRule(ctx, who.Tenant, sc, body, who.Name, s.Now())
	return err
}

// release lets exactly the held price go, as a plan of one row: only a plan may pass a guard (I10).
func (s *Service) release(ctx context.Context, tx *store.Tx, who Caller, f store.Finding) error {
	var data struct{ Price int64 }
	if err := json.Unmarshal([]byte(f.Data), &data); err != nil || data.Price <= 0 {
		return fault.New(fault.Conflict, "finding %d does not say which price is held", f.ID)
	}
	rev, err := tx.Revision(ctx, who.Tenant, f.Account, f.Field, f.Target)
	if err != nil {
		return err
	}
	now := s.Now()
	id, err := tx.AddPlan(ctx, who.Tenant, store.Plan{
		Kind: store.PlanSync, Title: fmt.Sprintf("release of finding %d", f.ID), State: store.PlanApplying, Counts: "{}", Actor: who.Name, CreatedAt: now, DecidedAt: now,
	})
	if err != nil {
		return err
	}
	err = tx.AddRows(ctx, who.Tenant, id, []store.PlanRow{{
		No: 1, Account: f.Account, Field: f.Field, Target: f.Target, Action: actionWrite, New: fmt.Sprint(data.Price), Rev: rev + 1, State: store.RowPlanned,
		Note: "released by " + who.Name, // the release is decided anew: that is the next revision
	}})
	if err != nil {
		return err
	}
	return tx.Mark(ctx, who.Tenant, f.Account, f.Field, []int64{f.Target}, false)
}
