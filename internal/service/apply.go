package service

import (
	"context"
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// ApplyOptions says how a plan is applied.
type ApplyOptions struct {
	// Canary lets only so many rows of a sync plan go; a second apply lets the rest go once they are verified. 0: all.
	Canary int
	// SkipStale applies the rows that are still what they were planned on, and names the others. Without it one stale row
	// refuses the whole plan.
	SkipStale bool
	// Release applies a plan that a guard holds as a whole.
	Release bool
	// Progress is told how many rows of how many are done; nil: nobody.
	Progress func(done, all int64)
}

// Apply applies a plan, exactly. A sync plan is sent by the drivers of its accounts: this sets it going. Everything else is
// done when Apply returns.
func (s *Service) Apply(ctx context.Context, who Caller, id ident.Plan, o ApplyOptions) (PlanDetail, error) {
	var p store.Plan
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		p, err = tx.Plan(ctx, who.Tenant, id)
		return err
	})
	if err != nil {
		return PlanDetail{}, err
	}
	if o.Canary < 0 || o.Canary > 0 && p.Kind != store.PlanSync {
		return PlanDetail{}, fault.New(fault.Usage, "a canary is for plans of kind sync, with at least one row")
	}
	if p.Kind == store.PlanSync {
		err = s.applySync(ctx, who, id, o)
	} else {
		err = s.applyChanges(ctx, who, id, o)
	}
	if err != nil {
		return PlanDetail{}, err
	}
	return s.Plan(ctx, who, id)
}

// applySync sets a sync plan going, or lets the rest of it go after its canary.
func (s *Service) applySync(ctx context.Context, who Caller, id ident.Plan, o ApplyOptions) error {
	var accounts []ident.Account
	var refused error
	err := s.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockPlan(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if accounts, err = writable(ctx, tx, who, id); err != nil {
			return err
		}
		state := p.State
		if state == store.PlanStale && o.SkipStale {
			state = store.PlanDraft
		}
		switch state {
		case store.PlanDraft, store.PlanApproved:
			if refused, err = s.refuseStale(ctx, tx, who, id, o); err != nil || refused != nil {
				return err
			}
			return s.start(ctx, tx, who, p, o)
		case store.PlanApplying:
			return s.afterCanary(ctx, tx, who, p)
		}
		return fault.New(fault.Conflict, "plan %d is %s already", id, p.State)
	})
	if err == nil {
		err = refused // the stale rows stay marked
	}
	if err == nil {
		s.Wake(who.Tenant, accounts...)
	}
	return err
}

// writable returns the accounts of a plan; one that never writes could not apply it.
func writable(ctx context.Context, tx *store.Tx, who Caller, id ident.Plan) ([]ident.Account, error) {
	accounts, err := tx.PlanAccounts(ctx, who.Tenant, id)
	for _, a := range accounts {
		x, err := tx.Account(ctx, who.Tenant, a)
		if err != nil {
			return nil, err
		}
		if x.Mode == flow.Observe {
			return nil, fault.New(fault.Held, "account %s is in mode observe and is never written to: run carpediem accounts mode %d approve first", x.Name, x.ID)
		}
	}
	return accounts, err
}

// refuseStale marks rows whose target was decided anew and returns the refusal that names them (N6).
func (s *Service) refuseStale(ctx context.Context, tx *store.Tx, who Caller, id ident.Plan, o ApplyOptions) (refused, err error) {
	n, err := tx.StaleRows(ctx, who.Tenant, id)
	if err != nil || n == 0 || o.SkipStale {
		return nil, err
	}
	return s.staleFault(ctx, tx, who, id, n)
}

// named is how many stale rows an error names.
const named = 5

func (s *Service) staleFault(ctx context.Context, tx *store.Tx, who Caller, id ident.Plan, n int64) (refused, err error) {
	if err := tx.SetPlan(ctx, who.Tenant, id, store.PlanStale, s.Now()); err != nil {
		return nil, err
	}
	rows, err := tx.Rows(ctx, who.Tenant, id, store.RowFilter{State: store.RowStale, Limit: named})
	if err != nil {
		return nil, err
	}
	shown, err := s.nameRows(ctx, tx, who, rows)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range shown {
		names = append(names, strings.TrimSpace(r.Account+" "+r.SKU))
	}
	if int64(len(names)) < n {
		names = append(names, fmt.Sprintf("and %d more", n-int64(len(names))))
	}
	return fault.New(fault.Conflict, "plan %d was made on a state that has changed, nothing was applied: %s. Make a new plan, or apply the rows "+
		"that still hold with --skip-stale", id, strings.Join(names, ", ")), nil
}

func (s *Service) start(ctx context.Context, tx *store.Tx, who Caller, p store.Plan, o ApplyOptions) error {
	waiting := int64(0)
	if o.Canary > 0 {
		var err error
		if waiting, err = tx.KeepCanary(ctx, who.Tenant, p.ID, o.Canary); err != nil {
			return err
		}
	}
	if err := tx.SetPlan(ctx, who.Tenant, p.ID, store.PlanApplying, s.Now()); err != nil {
		return err
	}
	if err := s.wakePlan(ctx, tx, who, p.ID); err != nil {
		return err
	}
	if waiting > 0 {
		return s.act(ctx, tx, who, 0, "plan-apply", "plan %d: a canary of %d rows goes, %d wait", p.ID, o.Canary, waiting)
	}
	return s.act(ctx, tx, who, 0, "plan-apply", "plan %d is applied: %s", p.ID, p.Title)
}

// afterCanary lets the rest of a plan go when everything that went before was read back as equal.
func (s *Service) afterCanary(ctx context.Context, tx *store.Tx, who Caller, p store.Plan) error {
	if err := tx.FinishSync(ctx, who.Tenant, p.ID); err != nil {
		return err
	}
	n, err := tx.Unverified(ctx, who.Tenant, p.ID)
	if err != nil {
		return err
	}
	if n > 0 {
		return fault.New(fault.Unsettled, "%d rows of plan %d are not verified yet: wait for them, or look at carpediem plan show %d", n, p.ID, p.ID)
	}
	rest, err := tx.ReleaseRest(ctx, who.Tenant, p.ID)
	if err != nil {
		return err
	}
	if rest == 0 {
		return nil // all of it went before: nothing to do twice
	}
	if _, err := tx.StaleRows(ctx, who.Tenant, p.ID); err != nil {
		return err
	}
	if err := s.wakePlan(ctx, tx, who, p.ID); err != nil {
		return err
	}
	return s.act(ctx, tx, who, 0, "plan-apply", "plan %d: the canary was verified, %d rows go", p.ID, rest)
}

func (s *Service) wakePlan(ctx context.Context, tx *store.Tx, who Caller, id ident.Plan) error {
	accounts, err := tx.PlanAccounts(ctx, who.Tenant, id)
	if err != nil || len(accounts) == 0 {
		return err
	}
	for _, a := range accounts { // what was put off for want of this approval
		if err := tx.LookNow(ctx, who.Tenant, a); err != nil {
			return err
		}
	}
	return nil
}
