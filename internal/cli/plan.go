package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/service"
)

func (a *line) plan() *cobra.Command {
	return group("plan", "look at differences before they are written, and apply exactly those",
		a.planCreate(), a.planList(), a.planShow(), a.planDecide("approve", "mark a plan as looked at", (*service.Service).Approve),
		a.planDecide("reject", "end a plan that was not applied", (*service.Service).Reject), a.planApply())
}

func (a *line) planCreate() *cobra.Command {
	var account, field string
	c := &cobra.Command{
		Use: "create", Short: "store what would be written at accounts in modes observe and approve", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			d, err := s.CreatePlan(ctx, who, account, field)
			return a.planShown(d, err)
		}),
	}
	c.Flags().StringVar(&account, "account", "", "one account only")
	c.Flags().StringVar(&field, "field", "", "stock or price only")
	return c
}

func (a *line) planList() *cobra.Command {
	var p *service.Paging
	c := &cobra.Command{
		Use: "list", Short: "list plans, newest first", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			l, err := s.Plans(ctx, who, *p)
			if err != nil {
				return err
			}
			return a.show(l, func(w io.Writer) {
				var rows [][]string
				for _, x := range l.Rows {
					rows = append(rows, []string{fmt.Sprint(x.ID), x.Kind, x.State, x.Actor, when(x.CreatedAt), x.Title})
				}
				table(w, []string{"plan", "kind", "state", "by", "made", "title"}, rows)
				more(w, l.Next)
			})
		}),
	}
	p = paging(c)
	return c
}

func (a *line) planShow() *cobra.Command {
	var rows bool
	var state string
	var p *service.Paging
	c := &cobra.Command{
		Use: "show PLAN", Short: "show a plan: counts, the largest changes, and with --rows every row", Args: cobra.ExactArgs(1),
	}
	c.RunE = a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
		n, err := id[ident.Plan]("plan", args[0])
		if err != nil {
			return err
		}
		if !rows && state == "" {
			d, err := s.Plan(ctx, who, n)
			return a.planShown(d, err)
		}
		l, err := s.PlanRows(ctx, who, n, state, *p)
		if err != nil {
			return err
		}
		return a.show(l, func(w io.Writer) {
			planRows(w, l.Rows)
			more(w, l.Next)
		})
	})
	c.Flags().BoolVar(&rows, "rows", false, "list the rows")
	c.Flags().StringVar(&state, "state", "", "only rows in this state: planned, waiting, held, applied, skipped or stale")
	p = paging(c)
	return c
}

func planRows(w io.Writer, rows []service.PlanRow) {
	var out [][]string
	for _, r := range rows {
		out = append(out, []string{fmt.Sprint(r.No), r.Account, string(r.Field), r.Action, r.SKU, absent(r.Old), absent(r.New), r.State, r.Note})
	}
	table(w, []string{"row", "account", "field", "action", "sku", "old", "new", "state", "note"}, out)
}

func absent(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

// planShown shows a plan.
func (a *line) planShown(d service.PlanDetail, err error) error {
	if err != nil {
		return err
	}
	return a.show(d, func(w io.Writer) { a.planText(w, d) })
}

func (a *line) planText(w io.Writer, d service.PlanDetail) {
	fmt.Fprintf(w, "plan %d (%s), %s: %s\n", d.ID, d.Kind, d.State, clean(d.Title))
	for _, n := range d.Notes {
		fmt.Fprintf(w, "  %s\n", clean(n))
	}
	if d.Held != "" {
		fmt.Fprintf(w, "  HELD: %s; apply it with --release if it is right\n", clean(d.Held))
	}
	for _, c := range d.Counts {
		fmt.Fprintf(w, "  %d %s %s rows are %s\n", c.N, c.Field, c.Action, c.State)
	}
	if len(d.Worst) > 0 {
		planRows(w, d.Worst)
	}
}

type decision func(*service.Service, context.Context, service.Caller, ident.Plan) (service.Plan, error)

func (a *line) planDecide(verb, short string, do decision) *cobra.Command {
	return &cobra.Command{
		Use: verb + " PLAN", Short: short, Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			n, err := id[ident.Plan]("plan", args[0])
			if err != nil {
				return err
			}
			p, err := do(s, ctx, who, n)
			if err != nil {
				return err
			}
			return a.show(p, func(w io.Writer) { fmt.Fprintf(w, "plan %d is %s\n", p.ID, p.State) })
		}),
	}
}

func (a *line) planApply() *cobra.Command {
	var o service.ApplyOptions
	c := &cobra.Command{
		Use: "apply PLAN", Short: "apply exactly that plan",
		Long: "A plan that was made on a state that has changed is refused, and the rows are named; --skip-stale applies the others.\n" +
			"A canary lets the first rows of a sync plan go; apply the plan again to let the rest go once those are verified.",
		Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			n, err := id[ident.Plan]("plan", args[0])
			if err != nil {
				return err
			}
			o.Progress = a.meter("rows")
			d, err := s.Apply(ctx, who, n, o)
			return a.planShown(d, err)
		}),
	}
	c.Flags().IntVar(&o.Canary, "canary", 0, "let only so many rows go first")
	c.Flags().BoolVar(&o.SkipStale, "skip-stale", false, "apply the rows that still hold")
	c.Flags().BoolVar(&o.Release, "release", false, "apply a plan that a guard holds")
	return c
}

func (a *line) rollback() *cobra.Command {
	var since, field, account string
	c := &cobra.Command{
		Use: "rollback plan ID | rule ID | --since TIME", Short: "plan the way back from a plan, a rule or a time; nothing is applied yet",
		Long: "Makes a plan and applies nothing. What changed since is skipped and named. Prices are restored where today's guards let\n" +
			"them pass; counts and movements are reversed by new entries, and sales stay.",
		Args: cobra.MaximumNArgs(2),
	}
	c.RunE = a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
		if len(args) == 0 {
			at, err := a.instant("--since", since)
			if err != nil {
				return err
			}
			if at == 0 {
				return fault.New(fault.Usage, "rollback needs plan ID, rule ID or --since TIME")
			}
			d, err := s.RollbackSince(ctx, who, at, field, account)
			return a.planBack(d, err)
		}
		if len(args) != 2 || since != "" || field != "" || account != "" {
			return fault.New(fault.Usage, "rollback takes plan ID, or rule ID, or --since TIME with --field and --account")
		}
		switch args[0] {
		case "plan":
			n, err := id[ident.Plan]("plan", args[1])
			if err != nil {
				return err
			}
			d, err := s.RollbackPlan(ctx, who, n)
			return a.planBack(d, err)
		case "rule":
			n, err := id[ident.Rule]("rule", args[1])
			if err != nil {
				return err
			}
			d, err := s.RollbackRule(ctx, who, n)
			return a.planBack(d, err)
		}
		return fault.New(fault.Usage, "%q cannot be rolled back: it is plan, rule or --since", args[0])
	})
	c.Flags().StringVar(&since, "since", "", "everything since a time, like 2026-11-23T10:00:00Z or 2h")
	c.Flags().StringVar(&field, "field", "", "stock or price only")
	c.Flags().StringVar(&account, "account", "", "rules of one account only")
	return c
}

func (a *line) planBack(d service.PlanDetail, err error) error {
	if err != nil {
		return err
	}
	return a.show(d, func(w io.Writer) { a.planned(w, &d) })
}
