package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
)

// scopeFlags adds what to pause or resume.
func scopeFlags(c *cobra.Command, q *service.PauseRequest, mode *string) {
	c.Flags().StringVar(&q.Account, "account", "", "one account only")
	c.Flags().StringVar(&q.Field, "field", "", "stock or price only")
	c.Flags().StringVar(&q.SKU, "sku", "", "one SKU only")
	c.Flags().StringVar(mode, "mode", "", "all, no-increases or to-zero-only")
}

func (a *line) pause() *cobra.Command {
	var q service.PauseRequest
	var mode string
	var list, lifted bool
	c := &cobra.Command{
		Use: "pause", Short: "stop writes of everything, an account, a field or a SKU",
		Long: "In force before the next write leaves. The answer says whether writes are still on their way (pausing) or none can\n" +
			"leave any more (paused). Reading goes on.",
		Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			if list || lifted {
				all, err := s.Pauses(ctx, who, lifted)
				if err != nil {
					return err
				}
				return a.show(all, func(w io.Writer) { pausesText(w, all) })
			}
			q.Mode = flow.PauseMode(mode)
			p, err := s.Pause(ctx, who, q)
			if err != nil {
				return err
			}
			return a.show(p, func(w io.Writer) { pausesText(w, []service.Pause{p}) })
		}),
	}
	scopeFlags(c, &q, &mode)
	c.Flags().StringVar(&q.Reason, "reason", "", "why, for the log")
	c.Flags().BoolVar(&list, "list", false, "list the pauses in force instead")
	c.Flags().BoolVar(&lifted, "lifted", false, "list pauses, lifted ones too")
	return c
}

func pausesText(w io.Writer, all []service.Pause) {
	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{
			fmt.Sprint(p.ID), string(p.Mode), p.State, fmt.Sprint(p.InFlight), orAll(p.AccountName), orAll(string(p.Field)), orAll(p.SKU), p.Actor, when(p.At), p.Reason,
		})
	}
	table(w, []string{"pause", "mode", "state", "on the way", "account", "field", "sku", "by", "since", "reason"}, rows)
}

func orAll(s string) string {
	if s == "" {
		return "all"
	}
	return s
}

func (a *line) resume() *cobra.Command {
	var q service.PauseRequest
	var mode string
	var dry bool
	c := &cobra.Command{
		Use: "resume", Short: "lift the pauses of exactly this scope, and show what is written then", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			q.Mode = flow.PauseMode(mode)
			r, err := s.Resume(ctx, who, q, dry)
			if err != nil {
				return err
			}
			return a.show(r, func(w io.Writer) {
				verb := "lifted"
				if dry {
					verb = "would be lifted"
				}
				fmt.Fprintf(w, "%d pauses %s\n", len(r.Lifted), verb)
				if r.Plan != nil {
					a.planText(w, *r.Plan)
				}
			})
		}),
	}
	scopeFlags(c, &q, &mode)
	c.Flags().BoolVar(&dry, "dry-run", false, "only show what would be written")
	return c
}
