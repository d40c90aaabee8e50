package cli

import (
	"time"

	"github.com/spf13/cobra"
)

// running makes the commands that drive channels; those whose function is not given do not exist.
func (a *line) running() (out []*cobra.Command) {
	if a.deps.Serve != nil {
		out = append(out, a.serve())
	}
	if a.deps.Sync != nil {
		out = append(out, a.sync())
	}
	if a.deps.Demo != nil {
		out = append(out, a.demo())
	}
	if a.deps.Bench != nil {
		out = append(out, a.bench())
	}
	return out
}

func (a *line) io() IO {
	a.started = true
	return IO{In: a.in, Out: a.out, Err: a.err, JSON: a.json, Progress: a.watching()}
}

func (a *line) serve() *cobra.Command {
	var o ServeOptions
	c := &cobra.Command{
		Use: "serve", Short: "run the service until it is stopped", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.deps.Serve(c.Context(), a.io(), a.config, o) },
	}
	c.Flags().StringVar(&o.Listen, "listen", "127.0.0.1:8470", "address of the console and the API")
	c.Flags().IntVar(&o.Workers, "workers", 0, "accounts driven at the same time; 0 is the default")
	return c
}

func (a *line) sync() *cobra.Command {
	var o SyncOptions
	c := &cobra.Command{
		Use: "sync [ACCOUNT…]", Short: "drive accounts in the foreground: read, decide, write what their mode allows, verify",
		Long: "Without --until-settled each account is driven once. With it, until nothing is left to do: everything that may be\n" +
			"written is read back as equal. Work that is left when the time is over is an error of its own exit code.",
		RunE: func(c *cobra.Command, args []string) error {
			o.Accounts = args
			return a.deps.Sync(c.Context(), a.io(), a.config, o)
		},
	}
	c.Flags().BoolVar(&o.UntilSettled, "until-settled", false, "go on until nothing is left to do")
	c.Flags().DurationVar(&o.Timeout, "timeout", 10*time.Minute, "give up after so much time")
	return c
}

func (a *line) demo() *cobra.Command {
	var o DemoOptions
	c := &cobra.Command{
		Use: "demo", Short: "run everything in one process: marketplaces over HTTP, a catalogue, buyers", Args: cobra.NoArgs,
	}
	c.RunE = func(c *cobra.Command, _ []string) error {
		if c.Flags().Changed("data") {
			o.Data = a.config.Data
		}
		return a.deps.Demo(c.Context(), a.io(), o)
	}
	c.Flags().DurationVar(&o.For, "for", 0, "how long buyers buy; without it, until it is interrupted")
	c.Flags().Uint64Var(&o.Seed, "seed", 1, "the same seed gives the same catalogue and the same buyers")
	c.Flags().IntVar(&o.SKUs, "skus", 0, "how many SKUs; 0 is the default")
	c.Flags().IntVar(&o.Rate, "rate", 0, "orders a second over all marketplaces; 0 is the default")
	return c
}

func (a *line) bench() *cobra.Command {
	var o BenchOptions
	c := &cobra.Command{
		Use: "bench", Short: "measure how fast this machine keeps how many listings in sync", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return a.deps.Bench(c.Context(), a.io(), a.config, o) },
	}
	c.Flags().IntVar(&o.Listings, "listings", 100_000, "how many listings")
	c.Flags().DurationVar(&o.For, "for", time.Minute, "how long to measure")
	return c
}
