package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/service"
)

func (a *line) history() *cobra.Command {
	var p *service.Paging
	c := &cobra.Command{
		Use: "history SKU", Short: "list every movement of an item's stock, newest first", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			l, err := s.History(ctx, who, args[0], *p)
			if err != nil {
				return err
			}
			return a.show(l, func(w io.Writer) {
				var rows [][]string
				for _, e := range l.Rows {
					rows = append(rows, []string{
						fmt.Sprint(e.ID), when(e.At), string(e.Kind), signed(e.OnHand), signed(e.Reserved), signed(e.Held), e.Place, e.Account, e.Actor, e.Note,
					})
				}
				table(w, []string{"entry", "at", "kind", "on hand", "reserved", "held", "place", "account", "by", "note"}, rows)
				more(w, l.Next)
			})
		}),
	}
	p = paging(c)
	return c
}

func signed(n int64) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%+d", n)
}

func (a *line) events() *cobra.Command {
	var account string
	var p *service.Paging
	c := &cobra.Command{
		Use: "events", Short: "list what happened, newest first", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			l, err := s.Events(ctx, who, account, *p)
			if err != nil {
				return err
			}
			return a.show(l, func(w io.Writer) {
				var rows [][]string
				for _, e := range l.Rows {
					rows = append(rows, []string{fmt.Sprint(e.ID), when(e.At), e.Kind, e.AccountName, e.Actor, e.Text})
				}
				table(w, []string{"event", "at", "kind", "account", "by", "text"}, rows)
				more(w, l.Next)
			})
		}),
	}
	c.Flags().StringVar(&account, "account", "", "one account only")
	p = paging(c)
	return c
}

func (a *line) latency() *cobra.Command {
	var account string
	var back time.Duration
	c := &cobra.Command{
		Use: "latency", Short: "show the measured delays of each account and stage", Args: cobra.NoArgs,
		Long: "Percentiles come from a histogram: they are at most a fifth too high, never too low.",
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			if back <= 0 {
				return fault.New(fault.Usage, "--within is a time like 24h")
			}
			ls, err := s.Latencies(ctx, who, account, back)
			if err != nil {
				return err
			}
			return a.show(ls, func(w io.Writer) {
				var rows [][]string
				for _, l := range ls {
					rows = append(rows, []string{l.AccountName, l.Stage, fmt.Sprint(l.N), took(l.P50), took(l.P95), took(l.P99)})
				}
				table(w, []string{"account", "stage", "n", "p50", "p95", "p99"}, rows)
			})
		}),
	}
	c.Flags().StringVar(&account, "account", "", "one account only")
	c.Flags().DurationVar(&back, "within", 24*time.Hour, "delays of the last so much time")
	return c
}

func took(us int64) string { return (time.Duration(us) * time.Microsecond).String() }

func (a *line) limits() *cobra.Command {
	var account string
	c := &cobra.Command{
		Use: "limits", Short: "show what is left of each account's rate limits", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			all, err := s.Limits(ctx, who, account)
			if err != nil {
				return err
			}
			return a.show(all, func(w io.Writer) {
				var rows [][]string
				for _, x := range all {
					rows = append(rows, bucketRows(x)...)
				}
				table(w, []string{"account", "bucket", "free", "of", "stored", "blocked until"}, rows)
			})
		}),
	}
	c.Flags().StringVar(&account, "account", "", "one account only")
	return c
}

// bucketRows reads the stored buckets for a person.
func bucketRows(x service.LimitState) (rows [][]string) {
	var buckets []struct {
		Bucket  string `json:"bucket"`
		Op      string `json:"op"`
		Free    int64  `json:"free"`
		Most    int64  `json:"most"`
		Blocked string `json:"blocked"`
	}
	if json.Unmarshal(x.Buckets, &buckets) != nil {
		return [][]string{{x.Account, "not readable", "", "", when(x.At), ""}}
	}
	for _, b := range buckets {
		rows = append(rows, []string{x.Account, b.Bucket + b.Op, fmt.Sprint(b.Free), fmt.Sprint(b.Most), when(x.At), b.Blocked})
	}
	return rows
}

func (a *line) doctor() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "look at this installation: files, database, clock, room, accounts", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			checks := s.Doctor(ctx, who, service.Place{DataDir: a.config.Data, MasterKey: a.session.MasterKey})
			broken := 0
			for _, c := range checks {
				if c.Health == service.Broken {
					broken++
				}
			}
			err := a.show(checks, func(w io.Writer) {
				var rows [][]string
				for _, c := range checks {
					rows = append(rows, []string{string(c.Health), c.Name, c.Text})
				}
				table(w, []string{"health", "check", "what"}, rows)
			})
			if err == nil && broken > 0 && !a.json {
				return fault.New(fault.Unavailable, "%d checks are broken", broken)
			}
			if err == nil && broken > 0 {
				return silent{fault.New(fault.Unavailable, "%d checks are broken", broken)}
			}
			return err
		}),
	}
}

// silent is an error whose answer is on standard output already: it only sets the exit code.
type silent struct{ error }

func (s silent) Unwrap() error { return s.error }

func (a *line) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "show the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.started = true
			v := map[string]string{"version": a.deps.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH}
			if info, ok := debug.ReadBuildInfo(); ok {
				for _, s := range info.Settings {
					if s.Key == "vcs.revision" {
						v["revision"] = s.Value
					}
				}
			}
			return a.show(v, func(w io.Writer) {
				fmt.Fprintf(w, "carpediem %s (%s, %s)\n", v["version"], v["go"], v["platform"])
			})
		},
	}
}
