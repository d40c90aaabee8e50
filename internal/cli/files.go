package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/service"
)

// importOf makes the import command of a kind of file.
func (a *line) importOf(k catalog.Kind, columns string) *cobra.Command {
	var o service.ImportOptions
	var currency string
	c := &cobra.Command{
		Use: "import FILE", Short: "plan what a CSV or XLSX file says; --apply does it",
		Long: "Reads all of the file first (" + columns + ").\n" +
			"One bad line refuses the whole file, and each problem is named with file, line and column. A blank cell keeps what is\n" +
			"stored, #null clears it, a missing column says nothing. The result is a plan; apply it with plan apply, or at once\n" +
			"with --apply. FILE may be - for standard input.",
		Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			f := service.File{Name: filepath.Base(args[0]), Kind: k}
			if currency != "" {
				var err error
				if f.Currency, err = money.ParseCurrency(currency); err != nil {
					return fault.New(fault.Usage, "%w", err)
				}
			}
			data, err := a.source(args[0])
			if err != nil {
				return err
			}
			defer data.Close()
			f.Data = data
			o.Progress = a.meter(string(k))
			got, err := s.ImportFile(ctx, who, f, o)
			return a.imported(got, err)
		}),
	}
	c.Flags().BoolVar(&o.Apply, "apply", false, "apply the plan at once")
	c.Flags().BoolVar(&o.SkipBad, "skip-bad", false, "plan the good lines of a file that has bad ones")
	c.Flags().BoolVar(&o.Release, "release", false, "with --apply: apply it also when a guard holds it")
	if k != catalog.Bindings {
		c.Flags().BoolVar(&o.Complete, "complete", false, "the file names everything; without it, what it does not name stays")
	}
	if k == catalog.Prices {
		c.Flags().StringVar(&currency, "currency", "", "currency of the amounts, where the file has no column for it")
	}
	return c
}

// imported shows what became of a file.
func (a *line) imported(got service.Import, err error) error {
	if err != nil {
		return &failure{err, got.Problems}
	}
	return a.show(got, func(w io.Writer) {
		for _, p := range got.Problems {
			fmt.Fprintf(a.err, "%s: %s\n", clean(p.Where.String()), clean(p.Text))
		}
		fmt.Fprintf(w, "%d lines read, %d left out\n", got.Lines, got.Bad)
		a.planned(w, got.Plan)
	})
}

// adopted shows counts planned from a channel.
func (a *line) adopted(got service.StockCounts, err error) error {
	if err != nil {
		return err
	}
	return a.show(got, func(w io.Writer) {
		for _, p := range got.Skipped {
			fmt.Fprintf(a.err, "skipped %s\n", clean(p.Text))
		}
		a.planned(w, got.Plan)
	})
}

// planned tells in short what plan came of something.
func (a *line) planned(w io.Writer, p *service.PlanDetail) {
	if p == nil {
		fmt.Fprintln(w, "nothing changes")
		return
	}
	a.planText(w, *p)
	if p.State == "draft" {
		fmt.Fprintf(w, "apply it with: carpediem plan apply %d\n", p.ID)
	}
}

// exportOf makes the export command of a kind of file.
func (a *line) exportOf(k catalog.Kind) *cobra.Command {
	var to, account string
	c := &cobra.Command{
		Use: "export", Short: "write a CSV file that import reads back", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			if to == "" {
				if a.json {
					return fault.New(fault.Usage, "with --json the file needs a name: --to FILE")
				}
				_, err := s.Export(ctx, who, k, account, a.out)
				return err
			}
			n, err := exportTo(to, func(w io.Writer) (int64, error) { return s.Export(ctx, who, k, account, w) })
			if err != nil {
				return err
			}
			return a.show(map[string]any{"file": to, "rows": n}, func(w io.Writer) { fmt.Fprintf(w, "%d rows in %s\n", n, clean(to)) })
		}),
	}
	c.Flags().StringVar(&to, "to", "", "file to write; without it, standard output")
	if k == catalog.Bindings {
		c.Flags().StringVar(&account, "account", "", "one account only")
	}
	return c
}

// exportTo writes a new file; one that is there is not overwritten.
func exportTo(name string, write func(io.Writer) (int64, error)) (int64, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return 0, fault.New(fault.Exists, "%s is there already", name)
	case err != nil:
		return 0, fault.New(fault.Unavailable, "%s cannot be written", name)
	}
	n, err := write(f)
	if closed := f.Close(); err == nil && closed != nil {
		err = fault.New(fault.Unavailable, "%s cannot be written to its end", name)
	}
	return n, err
}
