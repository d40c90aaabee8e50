package service

import (
	"context"
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// PauseRequest says what to pause; empty fields are all.
type PauseRequest struct {
	Account string
	Field   string
	SKU     string
	Mode    flow.PauseMode // "" is all
	Reason  string
}

// Pause is a pause as people see it.
type Pause struct {
	store.PauseRow
	AccountName string `json:"account_name,omitempty"`
	// InFlight is how many writes of its scope are still on their way; 0 once it is paused.
	InFlight int64 `json:"in_flight"`
}

// Pause stops writes of a scope. From its commit on no new write is made; the answer says whether some are still on their
// way (state pausing) or nothing can leave any more (state paused).
func (s *Service) Pause(ctx context.Context, who Caller, q PauseRequest) (p Pause, err error) {
	if q.Mode == "" {
		q.Mode = flow.PauseAll
	}
	if q.Mode != flow.PauseAll && q.Mode != flow.NoIncreases && q.Mode != flow.ToZeroOnly {
		return p, fault.New(fault.Usage, "%q is not a pause mode: it is all, no-increases or to-zero-only", q.Mode)
	}
	f, err := field(q.Field)
	if err != nil {
		return p, err
	}
	var id ident.Pause
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		row := store.PauseRow{Field: f, Mode: q.Mode, Reason: q.Reason, Actor: who.Name, At: s.Now()}
		if row.Account, err = scope(ctx, tx, who.Tenant, q.Account); err != nil {
			return err
		}
		if q.SKU != "" {
			x, err := tx.ItemNamed(ctx, who.Tenant, q.SKU)
			if err != nil {
				return err
			}
			row.Item = x.ID
		}
		if id, err = tx.AddPause(ctx, who.Tenant, row); err != nil {
			return err
		}
		return s.act(ctx, tx, who, row.Account, "pause", "pause %d (%s) of %s: %s", id, q.Mode, scopeText(q.Account, f, q.SKU), q.Reason)
	})
	if err != nil {
		return p, err
	}
	all, err := s.Pauses(ctx, who, false)
	for _, x := range all {
		if x.ID == id {
			return x, err
		}
	}
	return p, err
}

func scopeText(account string, f channel.Field, sku string) string {
	var parts []string
	for _, x := range [][2]string{{"account ", account}, {"field ", string(f)}, {"SKU ", sku}} {
		if x[1] != "" {
			parts = append(parts, x[0]+x[1])
		}
	}
	if len(parts) == 0 {
		return "everything"
	}
	return strings.Join(parts, ", ")
}

// Pauses lists the pauses in force, and lifted ones when asked for, newest first.
func (s *Service) Pauses(ctx context.Context, who Caller, lifted bool) ([]Pause, error) {
	out := []Pause{}
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		now := s.Now()
		if err := tx.SettlePauses(ctx, who.Tenant, now); err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		rows, err := tx.PauseList(ctx, who.Tenant, lifted, maxLimit)
		if err != nil {
			return err
		}
		out = out[:0]
		for _, r := range rows {
			p := Pause{PauseRow: r, AccountName: names[r.Account]}
			if r.State == store.Pausing {
				if p.InFlight, err = tx.InFlight(ctx, who.Tenant, r.Account, r.Field, now); err != nil {
					return err
				}
			}
			out = append(out, p)
		}
		return nil
	})
	return out, err
}

// Resumed is what lifting pauses leads to.
type Resumed struct {
	Lifted []Pause `json:"lifted"`
	// Plan is what would be written now, per account; nil when nothing differs.
	Plan *PlanDetail `json:"plan"`
	// Dry says that nothing was lifted yet: the plan was asked for only.
	Dry bool `json:"dry"`
}

// Resume lifts the pauses of exactly a scope, and shows what is written then as a plan. With dry it only shows.
func (s *Service) Resume(ctx context.Context, who Caller, q PauseRequest, dry bool) (r Resumed, err error) {
	f, err := field(q.Field)
	if err != nil {
		return r, err
	}
	all, err := s.Pauses(ctx, who, false)
	if err != nil {
		return r, err
	}
	r.Dry = dry
	var woken []ident.Account
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		r.Lifted = []Pause{}
		a, err := scope(ctx, tx, who.Tenant, q.Account)
		if err != nil {
			return err
		}
		for _, p := range all {
			if p.Account == a && p.Field == f && p.SKU == q.SKU && (q.Mode == "" || p.Mode == q.Mode) {
				r.Lifted = append(r.Lifted, p)
			}
		}
		if len(r.Lifted) == 0 {
			return fault.New(fault.NotFound, "nothing with exactly this scope is paused; see carpediem pause --list")
		}
		accounts, err := paused(ctx, tx, who, a)
		if err != nil {
			return err
		}
		if r.Plan, err = s.resumePlan(ctx, tx, who, accounts, f, dry); err != nil || dry {
			return err
		}
		for _, p := range r.Lifted {
			if err := tx.LiftPause(ctx, who.Tenant, p.ID, s.Now()); err != nil {
				return err
			}
			if err := s.act(ctx, tx, who, p.Account, "resume", "pause %d of %s was lifted", p.ID, scopeText(q.Account, f, q.SKU)); err != nil {
				return err
			}
		}
		for _, x := range accounts {
			woken = append(woken, x.ID)
			if err := tx.LookNow(ctx, who.Tenant, x.ID); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		s.Wake(who.Tenant, woken...)
	}
	return r, err
}

// paused returns the accounts that a pause concerned.
func paused(ctx context.Context, tx *store.Tx, who Caller, a ident.Account) ([]flow.Account, error) {
	if a != 0 {
		x, err := tx.Account(ctx, who.Tenant, a)
		return []flow.Account{x}, err
	}
	return tx.Accounts(ctx, who.Tenant)
}

// resumePlan stores what waits to be written at accounts as a plan to be looked at. It is not what writes: live accounts do
// that by themselves, others wait for a plan of their own.
func (s *Service) resumePlan(ctx context.Context, tx *store.Tx, who Caller, accounts []flow.Account, f channel.Field, dry bool) (*PlanDetail, error) {
	id, rows, err := s.planSync(ctx, tx, who, accounts, f)
	if err != nil {
		return nil, err
	}
	if rows == 0 {
		return nil, tx.DropPlan(ctx, who.Tenant, id)
	}
	title := fmt.Sprintf("%d differences that wait behind a pause", rows)
	if err := tx.SetPlanCounts(ctx, who.Tenant, id, title, "{}"); err != nil {
		return nil, err
	}
	d, err := s.planDetail(ctx, tx, who, id)
	if err == nil && dry {
		err = tx.DropPlan(ctx, who.Tenant, id)
	}
	return &d, err
}
