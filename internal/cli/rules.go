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

func (a *line) rules() *cobra.Command {
	return group("rules", "how much of the stock is offered, what listings cost, and what guards hold", a.rulesList(), a.rulesShow(), a.rulesSet())
}

func (a *line) rulesList() *cobra.Command {
	var p *service.Paging
	c := &cobra.Command{
		Use: "list", Short: "list the rules in force", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			l, err := s.Rules(ctx, who, *p)
			if err != nil {
				return err
			}
			return a.show(l, func(w io.Writer) {
				var rows [][]string
				for _, r := range l.Rows {
					rows = append(rows, ruleRow(r))
				}
				table(w, []string{"rule", "field", "account", "sku", "version", "by", "since", "body"}, rows)
				more(w, l.Next)
			})
		}),
	}
	p = paging(c)
	return c
}

func ruleRow(r service.Rule) []string {
	account, sku := r.AccountName, r.SKU
	if account == "" {
		account = "all"
	}
	if sku == "" {
		sku = "all"
	}
	return []string{fmt.Sprint(r.ID), r.Field, account, sku, fmt.Sprint(r.Version), r.Actor, when(r.At), string(r.Body)}
}

func (a *line) rulesShow() *cobra.Command {
	return &cobra.Command{
		Use: "show RULE", Short: "show a version of a rule and all versions of it", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			n, err := id[ident.Rule]("rule", args[0])
			if err != nil {
				return err
			}
			d, err := s.Rule(ctx, who, n)
			return a.rule(d, err)
		}),
	}
}

func (a *line) rule(d service.RuleDetail, err error) error {
	if err != nil {
		return err
	}
	return a.show(d, func(w io.Writer) {
		var rows [][]string
		for _, r := range d.Versions {
			rows = append(rows, ruleRow(r))
		}
		table(w, []string{"rule", "field", "account", "sku", "version", "by", "since", "body"}, rows)
	})
}

// maxRule is the largest rule that is read.
const maxRule = 64 << 10

func (a *line) rulesSet() *cobra.Command {
	var q service.RuleRequest
	var file, body string
	var remove bool
	c := &cobra.Command{
		Use: "set stock|price|guard", Short: "set a rule for everything, an account or a SKU",
		Long: "The body is JSON with \"version\": 1 and the fields of the rule. Fields that a rule does not say come from the next wider\n" +
			"one: item and account, item, account, everything. Each change is a new version; rollback rule ID goes back.",
		Args: cobra.ExactArgs(1),
	}
	c.RunE = a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
		q.Field = args[0]
		given := 0
		for _, is := range []bool{file != "", body != "", remove} {
			if is {
				given++
			}
		}
		if given != 1 {
			return fault.New(fault.Usage, "a rule is given by one of --file, --body and --remove")
		}
		text := []byte(body)
		if file != "" {
			var err error
			if text, err = a.read(file, maxRule); err != nil {
				return err
			}
			if len(text) == 0 {
				return fault.New(fault.Invalid, "%s is empty; --remove removes a rule", file)
			}
		}
		d, err := s.SetRule(ctx, who, q, text)
		return a.rule(d, err)
	})
	c.Flags().StringVar(&q.Account, "account", "", "for one account")
	c.Flags().StringVar(&q.SKU, "sku", "", "for one SKU")
	c.Flags().StringVar(&file, "file", "", "file with the rule; - is standard input")
	c.Flags().StringVar(&body, "body", "", "the rule itself")
	c.Flags().BoolVar(&remove, "remove", false, "remove the rule")
	return c
}
