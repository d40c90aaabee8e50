package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/service"
)

func (a *line) bindings() *cobra.Command {
	return group("bindings", "which listing sells which item", a.bindingsList(), a.bindingsMatch(), a.bindingsSuggest(), a.bindingsConfirm(), a.bindingsSet(),
		a.bindingsChange("unbind ACCOUNT LISTING", "take a binding away; what the channel shows stays", (*service.Service).Unbind),
		a.bindingsChange("ignore ACCOUNT LISTING", "say that a listing is not ours to keep in sync", (*service.Service).Ignore),
		a.importOf(catalog.Bindings, "columns account, listing, sku, pack, ignore"), a.exportOf(catalog.Bindings))
}

func (a *line) bindingsList() *cobra.Command {
	var f service.BindingFilter
	var p *service.Paging
	c := &cobra.Command{
		Use: "list ACCOUNT", Short: "list the listings of an account with what they are bound to", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			f.Paging = *p
			l, err := s.Bindings(ctx, who, args[0], f)
			if err != nil {
				return err
			}
			return a.show(l, func(w io.Writer) {
				var rows [][]string
				for _, b := range l.Rows {
					rows = append(rows, bindingRow(b))
				}
				table(w, []string{"listing", "sku", "item", "pack", "bound by", "title", "suggested"}, rows)
				more(w, l.Next)
			})
		}),
	}
	c.Flags().StringVar(&f.State, "state", "", "all, bound, unbound, ignored, conflict or suggested")
	c.Flags().StringVar(&f.Find, "find", "", "a whole SKU, GTIN or listing id")
	p = paging(c)
	return c
}

func bindingRow(b service.Binding) []string {
	pack, guess := "", ""
	if b.Item != 0 {
		pack = fmt.Sprint(b.Pack)
	}
	if len(b.Suggestions) > 0 {
		g := b.Suggestions[0]
		guess = fmt.Sprintf("%s (%d of 1000): %s", g.SKU, g.Score, g.Reason)
	}
	return []string{string(b.Key), b.SKU, b.ItemSKU, pack, b.BoundBy, b.Title, guess}
}

func (a *line) bindingsMatch() *cobra.Command {
	return &cobra.Command{
		Use: "match ACCOUNT", Short: "bind what is exact and unique by SKU or GTIN; nothing is guessed", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			m, err := s.Match(ctx, who, args[0])
			if err != nil {
				return err
			}
			return a.show(m, func(w io.Writer) {
				fmt.Fprintf(w, "%d bound by SKU, %d by GTIN; %d are left unbound, %d of them in conflict\n", m.BySKU, m.ByGTIN, m.Unbound, m.Conflict)
			})
		}),
	}
}

func (a *line) bindingsSuggest() *cobra.Command {
	return &cobra.Command{
		Use: "suggest ACCOUNT", Short: "look for items that unbound listings may be, and store the best guesses", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			got, err := s.SuggestBindings(ctx, who, args[0], a.meter("items"))
			if err != nil {
				return err
			}
			return a.show(got, func(w io.Writer) {
				fmt.Fprintf(w, "%d of %d unbound listings have suggestions: see carpediem bindings list %s --state suggested\n", got.Found, got.Looked, clean(args[0]))
			})
		}),
	}
}

func (a *line) bindingsConfirm() *cobra.Command {
	var sku string
	c := &cobra.Command{
		Use: "confirm ACCOUNT LISTING", Short: "bind a listing to the best suggestion for it", Args: cobra.ExactArgs(2),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			b, err := s.Confirm(ctx, who, args[0], args[1], sku)
			return a.bound(b, err)
		}),
	}
	c.Flags().StringVar(&sku, "sku", "", "the suggestion for this SKU instead of the best")
	return c
}

func (a *line) bindingsSet() *cobra.Command {
	var pack int64
	c := &cobra.Command{
		Use: "set ACCOUNT LISTING SKU", Short: "bind a listing to an item", Args: cobra.ExactArgs(3),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			b, err := s.Bind(ctx, who, args[0], args[1], args[2], pack)
			return a.bound(b, err)
		}),
	}
	c.Flags().Int64Var(&pack, "pack", 1, "units of the item in one piece of the listing")
	return c
}

type bindingChange func(*service.Service, context.Context, service.Caller, string, string) (service.Binding, error)

func (a *line) bindingsChange(use, short string, do bindingChange) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(2),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			b, err := do(s, ctx, who, args[0], args[1])
			return a.bound(b, err)
		}),
	}
}

// bound shows one binding.
func (a *line) bound(b service.Binding, err error) error {
	if err != nil {
		return err
	}
	return a.show(b, func(w io.Writer) {
		switch {
		case b.Item != 0:
			fmt.Fprintf(w, "listing %s sells %d × %s\n", clean(string(b.Key)), b.Pack, clean(b.ItemSKU))
		default:
			fmt.Fprintf(w, "listing %s is %s\n", clean(string(b.Key)), b.BoundBy)
		}
	})
}
