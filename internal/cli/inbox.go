package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/service"
)

func (a *line) drift() *cobra.Command {
	var account string
	var limit int
	c := &cobra.Command{
		Use: "drift", Short: "list differences at the channels that nothing explains", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			r, err := s.Drift(ctx, who, account, limit)
			if err != nil {
				return err
			}
			return a.show(r, func(w io.Writer) {
				var rows [][]string
				for _, d := range r.Unexplained {
					rows = append(rows, []string{d.AccountName, d.SKU, d.Key, fmt.Sprint(d.Expected), fmt.Sprint(d.Observed), fmt.Sprint(d.Held), fmt.Sprint(d.Surplus), when(d.ProveDue)})
				}
				fmt.Fprintln(w, "not explained yet: units that are gone lower every channel, units that appeared raise nothing")
				table(w, []string{"account", "sku", "key", "expected", "shows", "gone", "appeared", "proven from"}, rows)
				fmt.Fprintln(w, "edits by hand that were proven and wait for an answer")
				findingsText(w, r.Edits)
			})
		}),
	}
	c.Flags().StringVar(&account, "account", "", "one account only")
	c.Flags().IntVar(&limit, "limit", 50, "rows for each account, at most 1000")
	return c
}

func (a *line) inbox() *cobra.Command {
	var f service.InboxFilter
	var p *service.Paging
	c := &cobra.Command{
		Use: "inbox", Short: "list what needs a person, grouped by cause", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			f.Paging = *p
			box, err := s.Inbox(ctx, who, f)
			if err != nil {
				return err
			}
			return a.show(box, func(w io.Writer) {
				for _, g := range box.Groups {
					fmt.Fprintf(w, "%d × %s %s\n  do: %s\n  otherwise: %s\n", g.N, g.Class, clean(g.AccountName), g.Fix, g.Ignoring)
				}
				findingsText(w, box.Rows.Rows)
				more(w, box.Rows.Next)
			})
		}),
	}
	c.Flags().StringVar(&f.Class, "class", "", "one class only")
	c.Flags().StringVar(&f.Account, "account", "", "one account only")
	c.Flags().StringVar(&f.Field, "field", "", "stock or price only")
	c.Flags().BoolVar(&f.Done, "done", false, "closed ones too")
	p = paging(c)
	c.AddCommand(a.inboxResolve())
	return c
}

func findingsText(w io.Writer, fs []service.Finding) {
	var rows [][]string
	for _, f := range fs {
		rows = append(rows, []string{fmt.Sprint(f.ID), f.Class, f.AccountName, f.SKU, fmt.Sprint(f.Count), when(f.LastAt), fmt.Sprint(f.Answers), f.Text})
	}
	table(w, []string{"id", "class", "account", "sku", "times", "last", "answers", "text"}, rows)
}

func (a *line) inboxResolve() *cobra.Command {
	return &cobra.Command{
		Use: "resolve ID adopt|heal|release|ignore", Short: "answer a finding", Args: cobra.ExactArgs(2),
		Long: "adopt: the channel is right, its number becomes a count and its price is kept.\n" +
			"heal: we are right, the channel is written back or the write is tried again.\n" +
			"release: what a guard holds may go, exactly as it is now.\n" +
			"ignore: close it; it comes back when the cause does.",
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			n, err := id[ident.Finding]("finding", args[0])
			if err != nil {
				return err
			}
			f, err := s.Resolve(ctx, who, n, service.Answer(args[1]))
			if err != nil {
				return err
			}
			return a.show(f, func(w io.Writer) { fmt.Fprintf(w, "finding %d is closed: %s\n", f.ID, clean(f.ClosedBy)) })
		}),
	}
}
