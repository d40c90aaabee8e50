package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/service"
)

func (a *line) explain() *cobra.Command {
	var q service.ExplainRequest
	var at string
	c := &cobra.Command{
		Use: "explain SKU", Short: "say why a number or a price is what it is, now or at a time",
		Long: "The sentence first, then: counted, moved, reserved, each step of each rule, sent, accepted, verified. Every decision is\n" +
			"made again from its stored inputs, and it is said whether that gives exactly the stored result.",
		Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			q.SKU = args[0]
			var err error
			if q.At, err = a.instant("--at", at); err != nil {
				return err
			}
			e, err := s.Explain(ctx, who, q)
			if err != nil {
				return err
			}
			return a.show(e, func(w io.Writer) { explainText(w, e) })
		}),
	}
	c.Flags().StringVar(&q.Account, "account", "", "one account only")
	c.Flags().StringVar(&q.Field, "field", "", "stock or price only")
	c.Flags().StringVar(&at, "at", "", "at a time, like 2026-11-23T10:00:00Z or 2h")
	return c
}

func explainText(w io.Writer, e service.Explanation) {
	fmt.Fprintln(w, clean(e.Sentence))
	fmt.Fprintf(w, "\nstock at %s\n", when(e.At))
	if c := e.Stock.Counted; c != nil {
		fmt.Fprintf(w, "  counted   %d sellable, by %s at %s\n", c.Sellable, clean(c.Actor), when(c.At))
	}
	for _, m := range e.Stock.Moved {
		fmt.Fprintf(w, "  moved     %s: on hand %+d, reserved %+d, held %+d (%d entries)\n", m.Kind, m.OnHand, m.Reserved, m.Held, m.N)
	}
	fmt.Fprintf(w, "  balance   on hand %d − reserved %d − held %d = %s available\n", e.Stock.OnHand, e.Stock.Reserved, e.Stock.Held, number(e.Stock.Available))
	if !e.Stock.Folded {
		fmt.Fprintln(w, "  WARNING   the stored balance is not the fold of the ledger")
	}
	for _, t := range e.Targets {
		targetText(w, t)
	}
}

func targetText(w io.Writer, t service.TargetTale) {
	fmt.Fprintf(w, "\n%s, %s of listing %s\n", clean(t.Account), t.Field, clean(t.Listing))
	if d := t.Decision; d != nil {
		for _, s := range d.Steps {
			if s.In != s.Out || s.In == "" {
				fmt.Fprintf(w, "  rule      %s: %s → %s  %s\n", clean(s.Name), absent(clean(s.In)), clean(s.Out), clean(s.Note))
			}
		}
		fmt.Fprintf(w, "  decided   %s %s at %s, code version %s, rules %v\n", d.Outcome, clean(d.Value), when(d.At), d.Code, d.Rules)
		if d.Rebuilt {
			fmt.Fprintln(w, "  rebuilt   the stored inputs give exactly this again")
		} else {
			fmt.Fprintf(w, "  NOT REBUILT: %s\n", clean(d.Mismatch))
		}
	}
	if x := t.Sent; x != nil {
		fmt.Fprintf(w, "  sent      %s over %s at %s\n", clean(x.Value), clean(x.Base), when(x.At))
		fmt.Fprintf(w, "  accepted  %s %s %s %s\n", x.State, when(x.SettleAt), clean(x.Code), clean(x.Note))
	}
	fmt.Fprintf(w, "  shows     %s at %s, %s since %s\n", absent(clean(t.Shows)), when(t.ShownAt), t.State, when(t.Since))
}
