package service

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Plan is a stored set of differences as people see it.
type Plan struct {
	ID        ident.Plan   `json:"plan"`
	Kind      string       `json:"kind"`
	Title     string       `json:"title"`
	State     string       `json:"state"`
	Actor     string       `json:"actor"`
	CreatedAt ident.Micros `json:"created_at"`
	DecidedAt ident.Micros `json:"decided_at"`
	// Notes are what was said of the plan as a whole when it was made, such as a guard that holds it.
	Notes []string `json:"notes,omitempty"`
	// Held says why a guard holds the whole plan; it is applied only with an explicit release.
	Held string `json:"held,omitempty"`
}

// planNotes is the JSON of a plan's counts column.
type planNotes struct {
	Notes []string `json:"notes,omitempty"`
	Held  string   `json:"held,omitempty"`
	File  string   `json:"file,omitempty"`
	// Match says that items were added, so listings may find theirs once the plan is applied.
	Match bool `json:"match,omitempty"`
	// SKUs is how many items a complete file names: what the next one is compared with.
	Complete bool  `json:"complete,omitempty"`
	Rows     int64 `json:"rows,omitempty"`
}

func (n planNotes) text() string {
	b, err := json.Marshal(n)
	if err != nil {
		return "{}" // texts and numbers always encode
	}
	return string(b)
}

func notesOf(p store.Plan) (n planNotes) {
	_ = json.Unmarshal([]byte(p.Counts), &n) // written by text above; a plan without notes has none to show
	return n
}

func planOf(p store.Plan) Plan {
	n := notesOf(p)
	return Plan{
		ID: p.ID, Kind: p.Kind, Title: p.Title, State: p.State, Actor: p.Actor, CreatedAt: p.CreatedAt, DecidedAt: p.DecidedAt,
		Notes: n.Notes, Held: n.Held,
	}
}

// PlanCount is how many rows of a plan are of one kind.
type PlanCount struct {
	Field  channel.Field `json:"field,omitempty"`
	Action string        `json:"action"`
	State  string        `json:"state"`
	N      int64         `json:"rows"`
}

// PlanRow is one difference of a plan as people see it. Old and New are numbers or amounts for action write, and JSON of the
// item's values for everything else; "" is absent.
type PlanRow struct {
	No      int64         `json:"row"`
	Account string        `json:"account,omitempty"`
	Field   channel.Field `json:"field,omitempty"`
	Action  string        `json:"action"`
	SKU     string        `json:"sku,omitempty"`
	Key     string        `json:"key,omitempty"`
	Old     string        `json:"old"`
	New     string        `json:"new"`
	State   string        `json:"state"`
	Note    string        `json:"note,omitempty"`
}

// PlanDetail is a plan with its counts and the rows that change most.
type PlanDetail struct {
	Plan
	Counts []PlanCount `json:"counts"`
	Worst  []PlanRow   `json:"worst"`
}

// worst is how many of the largest changes a plan shows by itself.
const worst = 10

// CreatePlan stores every difference that waits to be written at accounts that do not write by themselves: one account, or
// all in modes observe and approve. Empty f is both fields.
func (s *Service) CreatePlan(ctx context.Context, who Caller, ref, f string) (d PlanDetail, err error) {
	fld, err := field(f)
	if err != nil {
		return d, err
	}
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		accounts, err := plannable(ctx, tx, who, ref)
		if err != nil {
			return err
		}
		id, rows, err := s.planSync(ctx, tx, who, accounts, fld)
		if err != nil {
			return err
		}
		names := make([]string, len(accounts))
		for i, a := range accounts {
			names[i] = a.Name
		}
		title := fmt.Sprintf("%d differences at %s", rows, strings.Join(names, ", "))
		if err := tx.SetPlanCounts(ctx, who.Tenant, id, title, "{}"); err != nil {
			return err
		}
		if err := s.act(ctx, tx, who, 0, "plan-create", "plan %d: %s", id, title); err != nil {
			return err
		}
		d, err = s.planDetail(ctx, tx, who, id)
		return err
	})
	return d, err
}

// plannable returns the accounts of a sync plan.
func plannable(ctx context.Context, tx *store.Tx, who Caller, ref string) ([]flow.Account, error) {
	if ref != "" {
		a, err := account(ctx, tx, who.Tenant, ref)
		return []flow.Account{a}, err
	}
	all, err := tx.Accounts(ctx, who.Tenant)
	var out []flow.Account
	for _, a := range all {
		if a.Mode != flow.Live && a.State != "disconnected" {
			out = append(out, a)
		}
	}
	if err == nil && len(out) == 0 {
		err = fault.New(fault.NotFound, "no account is in mode observe or approve: live accounts write by themselves")
	}
	return out, err
}

func (s *Service) planSync(ctx context.Context, tx *store.Tx, who Caller, accounts []flow.Account, f channel.Field) (id ident.Plan, rows int64, err error) {
	id, err = tx.AddPlan(ctx, who.Tenant, store.Plan{Kind: store.PlanSync, State: store.PlanDraft, Counts: "{}", Actor: who.Name, CreatedAt: s.Now()})
	if err != nil {
		return 0, 0, err
	}
	for _, a := range accounts {
		for _, each := range []channel.Field{channel.Stock, channel.Price} {
			if f != "" && f != each {
				continue
			}
			n, err := tx.PlanDifferences(ctx, who.Tenant, id, a.ID, each, rows)
			if err != nil {
				return 0, 0, err
			}
			rows += n
		}
	}
	return id, rows, nil
}

// finishPlans brings the sync plans of an account that are being applied up to date.
func finishPlans(ctx context.Context, tx *store.Tx, tenant ident.Tenant, a ident.Account) error {
	ids, err := tx.ApplyingSync(ctx, tenant, a)
	for _, id := range ids {
		if err := tx.FinishSync(ctx, tenant, id); err != nil {
			return err
		}
	}
	return err
}

// Plans lists plans, newest first.
func (s *Service) Plans(ctx context.Context, who Caller, p Paging) (l List[Plan], err error) {
	from, err := position[ident.Plan](p)
	if err != nil {
		return l, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		ps, err := tx.Plans(ctx, who.Tenant, from, p.limit()+1)
		out := make([]Plan, len(ps))
		for i, x := range ps {
			out[i] = planOf(x)
		}
		l = listOf(out, p.limit(), func(x Plan) string { return ident.Text(x.ID) })
		return err
	})
	return l, err
}

// Plan returns one plan, brought up to date with what the drivers did.
func (s *Service) Plan(ctx context.Context, who Caller, id ident.Plan) (d PlanDetail, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.Plan(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if p.Kind == store.PlanSync && p.State == store.PlanApplying {
			if err := tx.FinishSync(ctx, who.Tenant, id); err != nil {
				return err
			}
		}
		d, err = s.planDetail(ctx, tx, who, id)
		return err
	})
	return d, err
}

func (s *Service) planDetail(ctx context.Context, tx *store.Tx, who Caller, id ident.Plan) (d PlanDetail, err error) {
	p, err := tx.Plan(ctx, who.Tenant, id)
	if err != nil {
		return d, err
	}
	d = PlanDetail{Plan: planOf(p), Counts: []PlanCount{}, Worst: []PlanRow{}}
	counts, err := tx.RowCounts(ctx, who.Tenant, id)
	if err != nil {
		return d, err
	}
	for _, c := range counts {
		d.Counts = append(d.Counts, PlanCount(c))
	}
	for _, f := range []channel.Field{channel.Stock, channel.Price} {
		rows, err := tx.WorstRows(ctx, who.Tenant, id, f, worst)
		if err != nil {
			return d, err
		}
		named, err := s.nameRows(ctx, tx, who, rows)
		if err != nil {
			return d, err
		}
		d.Worst = append(d.Worst, named...)
	}
	return d, nil
}

// PlanRows lists rows of a plan; state "" is all.
func (s *Service) PlanRows(ctx context.Context, who Caller, id ident.Plan, state string, p Paging) (l List[PlanRow], err error) {
	after, err := position[ident.Plan](p)
	if err != nil {
		return l, err
	}
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		if _, err := tx.Plan(ctx, who.Tenant, id); err != nil {
			return err
		}
		rows, err := tx.Rows(ctx, who.Tenant, id, store.RowFilter{State: state, After: int64(after), Limit: p.limit() + 1})
		if err != nil {
			return err
		}
		named, err := s.nameRows(ctx, tx, who, rows)
		l = listOf(named, p.limit(), func(r PlanRow) string { return fmt.Sprint(r.No) })
		return err
	})
	return l, err
}

// Approve marks a plan as looked at; apply does so too.
func (s *Service) Approve(ctx context.Context, who Caller, id ident.Plan) (Plan, error) {
	return s.decide(ctx, who, id, store.PlanApproved, "plan-approve")
}

// Reject ends a plan that was not applied.
func (s *Service) Reject(ctx context.Context, who Caller, id ident.Plan) (Plan, error) {
	return s.decide(ctx, who, id, store.PlanRejected, "plan-reject")
}

func (s *Service) decide(ctx context.Context, who Caller, id ident.Plan, state, kind string) (out Plan, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		p, err := tx.LockPlan(ctx, who.Tenant, id)
		if err != nil {
			return err
		}
		if p.State != store.PlanDraft && p.State != store.PlanApproved {
			return fault.New(fault.Conflict, "plan %d is %s already", id, p.State)
		}
		p.State, p.DecidedAt = state, s.Now()
		if err := tx.SetPlan(ctx, who.Tenant, id, state, p.DecidedAt); err != nil {
			return err
		}
		out = planOf(p)
		return s.act(ctx, tx, who, 0, kind, "plan %d is %s: %s", id, state, p.Title)
	})
	return out, err
}
