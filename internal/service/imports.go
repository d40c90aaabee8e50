package service

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/guard"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// ImportOptions says how a file is taken.
type ImportOptions struct {
	// Complete says that the file names everything there is; without it the file is a delta.
	Complete bool
	// SkipBad plans the good lines of a file that has bad ones; without it one bad line refuses the whole file.
	SkipBad bool
	// Apply applies the plan at once.
	Apply bool
	// Release applies a plan that a guard holds as a whole.
	Release bool
	// Progress is told how many lines or rows are done, of how many (0: not known); nil: nobody.
	Progress func(done, all int64)
}

// Import is what became of a file.
type Import struct {
	Plan     *PlanDetail `json:"plan"` // nil: nothing changes, or nothing was accepted
	Lines    int64       `json:"lines"`
	Bad      int64       `json:"bad"`
	Problems []Problem   `json:"problems,omitempty"` // the first of them, at most 1,000
}

// changeSource is where changes come from.
type changeSource struct {
	kind    string // of the plan
	title   string
	changes iter.Seq2[Change, error]
	options ImportOptions
}

// planChanges stores a plan of changes. Everything is read before anything is planned to the end: one bad line refuses all
// of it, unless the options skip it.
func (s *Service) planChanges(ctx context.Context, who Caller, src changeSource) (out Import, err error) {
	b := &builder{s: s, who: who, seen: map[string]struct{}{}}
	if b.plan, err = s.newPlan(ctx, who, src.kind, src.title); err != nil {
		return out, err
	}
	err = b.build(ctx, src.changes, src.options.Progress)
	out.Lines, out.Bad, out.Problems = b.lines, b.bad, b.problems
	if err == nil && b.bad > 0 && !src.options.SkipBad {
		err = refusal(out)
	}
	if err != nil {
		return out, keepFirst(err, s.dropPlan(ctx, who, b.plan))
	}
	notes := planNotes{Match: b.added > 0, Complete: src.options.Complete, Rows: b.lines}
	if out.Bad > 0 {
		notes.Notes = append(notes.Notes, fmt.Sprintf("%d lines were left out", out.Bad))
	}
	if src.options.Complete {
		if err := s.complete(ctx, who, b, &notes); err != nil {
			return out, keepFirst(err, s.dropPlan(ctx, who, b.plan))
		}
	}
	out.Plan, err = s.finishPlan(ctx, who, b.plan, src.kind, src.title, notes, b.next)
	return out, err
}

// newPlan makes a plan whose rows are still being collected.
func (s *Service) newPlan(ctx context.Context, who Caller, kind, title string) (id ident.Plan, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) (err error) {
		id, err = tx.AddPlan(ctx, who.Tenant, store.Plan{Kind: kind, Title: title, State: store.PlanBuilding, Counts: "{}", Actor: who.Name, CreatedAt: s.Now()})
		return err
	})
	return id, err
}

// finishPlan makes a plan of collected rows a draft; nil when there are none.
func (s *Service) finishPlan(ctx context.Context, who Caller, id ident.Plan, kind, title string, notes planNotes, rows int64) (out *PlanDetail, err error) {
	err = s.Store.Write(ctx, func(tx *store.Tx) error {
		if rows == 0 {
			return tx.DropPlan(ctx, who.Tenant, id)
		}
		if err := tx.SetPlanCounts(ctx, who.Tenant, id, title, notes.text()); err != nil {
			return err
		}
		if err := tx.SetPlan(ctx, who.Tenant, id, store.PlanDraft, 0); err != nil {
			return err
		}
		d, err := s.planDetail(ctx, tx, who, id)
		out = &d
		if err != nil || kind == store.PlanEdit {
			return err
		}
		return s.act(ctx, tx, who, 0, "plan-create", "plan %d: %s, %d rows", id, title, rows)
	})
	return out, err
}

// refusal is the error of a file with bad lines; all of them are in the answer.
func refusal(i Import) error {
	p := i.Problems[0]
	if i.Bad == 1 {
		return fault.At(fault.Invalid, p.Where, "%s; nothing was taken", p.Text)
	}
	return fault.At(fault.Invalid, p.Where, "%s; %d more lines cannot be accepted, nothing was taken (--skip-bad takes the others)", p.Text, i.Bad-1)
}

func (s *Service) dropPlan(ctx context.Context, who Caller, id ident.Plan) error {
	return s.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.DropPlan(ctx, who.Tenant, id) })
}

// complete adds what follows from a file that names everything: items it does not name have none left. A file that lacks
// too much of what there was is held instead of being believed (S6).
func (s *Service) complete(ctx context.Context, who Caller, b *builder, notes *planNotes) error {
	var limits guard.Limits
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		limits, err = s.limits(ctx, tx, who, 0)
		return err
	})
	if err != nil {
		return err
	}
	previous, covered, err := b.coverage(ctx)
	if err != nil {
		return err
	}
	verdicts := []guard.Verdict{guard.Covering(limits, previous, covered)}
	if b.hasCounts {
		if err := b.zeroMissing(ctx); err != nil {
			return err
		}
		verdicts = append(verdicts, guard.ZeroRun(limits, guard.Zeroing{Listings: previous, Zeroed: b.zeroed}))
	}
	for _, v := range verdicts {
		notes.Notes = append(notes.Notes, v.Note)
		if v.Outcome != guard.Pass && notes.Held == "" {
			notes.Held = v.Note
		}
	}
	return nil
}

// coverage returns how many items there were before the file, and how many of them it names. A file that counts is
// compared with the items that were counted before.
func (b *builder) coverage(ctx context.Context) (previous, covered int64, err error) {
	for after := ident.Item(0); ; {
		var page []store.Item
		err := b.s.Store.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Items(ctx, b.who.Tenant, store.ItemFilter{After: after, Limit: batch})
			return err
		})
		if err != nil || len(page) == 0 {
			return previous, covered, err
		}
		for _, x := range page {
			if b.hasCounts && (x.Bundle || x.Balance.Counted == 0) {
				continue
			}
			previous++
			if _, named := b.seen[x.SKU]; named {
				covered++
			}
		}
		after = page[len(page)-1].ID
	}
}

// zeroMissing plans a count of 0 for every item that offers something and that the file does not name.
func (b *builder) zeroMissing(ctx context.Context) error {
	for after := ident.Item(0); ; {
		var last ident.Item
		var rows []store.PlanRow
		err := b.s.Store.Write(ctx, func(tx *store.Tx) error {
			page, err := tx.Sellables(ctx, b.who.Tenant, after, batch)
			if err != nil || len(page) == 0 {
				last = 0
				return err
			}
			last = page[len(page)-1].ID
			page = slices.DeleteFunc(page, func(x store.Item) bool { _, named := b.seen[x.SKU]; return named })
			if rows, err = b.zeroRows(ctx, tx, page); err != nil {
				return err
			}
			return tx.AddRows(ctx, b.who.Tenant, b.plan, rows)
		})
		if err != nil || last == 0 {
			return err
		}
		after = last
		b.next += int64(len(rows))
		b.zeroed += int64(len(rows))
	}
}

// zeroRows are the rows that count items to nothing.
func (b *builder) zeroRows(ctx context.Context, tx *store.Tx, items []store.Item) ([]store.PlanRow, error) {
	ids := make([]ident.Item, len(items))
	for i, x := range items {
		ids[i] = x.ID
	}
	last, err := tx.LastEntries(ctx, b.who.Tenant, ids, "")
	if err != nil {
		return nil, err
	}
	rows := make([]store.PlanRow, len(items))
	zero := int64(0)
	for i, x := range items {
		r := store.PlanRow{
			No: b.next + int64(i) + 1, Field: channel.Stock, Target: int64(x.ID), Action: actionCount, Rev: int64(last[x.ID]),
			State: store.RowPlanned, Note: "not in the complete file",
		}
		if r.Old, err = jsonText(countValue{SKU: x.SKU, Sellable: sellable(x.Balance)}); err != nil {
			return nil, err
		}
		if r.New, err = jsonText(countValue{SKU: x.SKU, Sellable: &zero}); err != nil {
			return nil, err
		}
		rows[i] = r
	}
	return rows, nil
}

// limits returns the guards' limits in force for an account; 0 is the tenant's.
func (s *Service) limits(ctx context.Context, tx *store.Tx, who Caller, a ident.Account) (guard.Limits, error) {
	rules, err := tx.Rules(ctx, who.Tenant)
	if err != nil {
		return guard.Limits{}, err
	}
	var levels []guard.Level
	for _, of := range []ident.Account{0, a} {
		for _, r := range rules {
			if r.Field != RuleGuard || r.Account != of || r.Item != 0 || r.Body == "" {
				continue
			}
			set, err := guard.ParseSettings([]byte(r.Body))
			if err != nil {
				return guard.Limits{}, fault.Wrap(fmt.Sprintf("rule %d", r.ID), err)
			}
			name := "tenant"
			if of != 0 {
				name = "account"
			}
			levels = append(levels, guard.Level{Name: name, ID: r.ID, Revision: r.Version, Rules: set})
		}
		if a == 0 {
			break
		}
	}
	l, _ := guard.Merge(levels...)
	return l, nil
}
