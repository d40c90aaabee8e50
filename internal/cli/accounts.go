package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/service"
)

func (a *line) connect() *cobra.Command {
	var set, secrets []string
	c := &cobra.Command{
		Use:   "connect KIND NAME",
		Short: "connect a marketplace account or store, in mode observe",
		Long: "Tries the credentials without writing anything at the channel, and keeps them sealed when they work.\n" +
			"The new account is in mode observe: nothing is ever written until accounts mode says so. Without arguments\n" +
			"the kinds are listed with what each asks for.",
		Args: cobra.MaximumNArgs(2),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			if len(args) < 2 {
				return a.kinds(s, args)
			}
			values, err := settings(set)
			if err != nil {
				return err
			}
			texts, err := a.secrets(secrets)
			if err != nil {
				return err
			}
			got, err := s.Connect(ctx, who, service.NewAccount{Kind: args[0], Name: args[1], Settings: values, Secrets: texts})
			if err != nil {
				return err
			}
			return a.connected(got, "connected")
		}),
	}
	c.Flags().StringArrayVar(&set, "set", nil, "a setting, name=value")
	c.Flags().StringArrayVar(&secrets, "secret", nil, "a secret, name=@FILE, or name=@- for standard input")
	return c
}

// kinds lists what can be connected.
func (a *line) kinds(s *service.Service, args []string) error {
	if len(args) == 1 {
		return fault.New(fault.Usage, "connect needs a kind and a name")
	}
	type asked struct {
		Name     string `json:"name"`
		Help     string `json:"help"`
		Required bool   `json:"required"`
	}
	type kind struct {
		Kind     string  `json:"kind"`
		Title    string  `json:"title"`
		Settings []asked `json:"settings"`
		Secrets  []asked `json:"secrets"`
	}
	all := []kind{}
	for _, d := range s.Kinds() {
		k := kind{string(d.Kind), d.Title, []asked{}, []asked{}}
		for _, x := range d.Settings {
			k.Settings = append(k.Settings, asked{x.Name, x.Help, x.Required})
		}
		for _, x := range d.Secrets {
			k.Secrets = append(k.Secrets, asked{x.Name, x.Help, x.Required})
		}
		all = append(all, k)
	}
	return a.show(all, func(w io.Writer) {
		for _, k := range all {
			fmt.Fprintf(w, "%s  %s\n", k.Kind, k.Title)
			for _, x := range k.Settings {
				fmt.Fprintf(w, "  --set %s=…  %s%s\n", x.Name, x.Help, optional(x.Required))
			}
			for _, x := range k.Secrets {
				fmt.Fprintf(w, "  --secret %s=@FILE  %s%s\n", x.Name, x.Help, optional(x.Required))
			}
		}
	})
}

func optional(required bool) string {
	if required {
		return ""
	}
	return " (optional)"
}

// connected shows what the credentials of an account allow.
func (a *line) connected(c service.Connected, did string) error {
	return a.show(c, func(w io.Writer) {
		fmt.Fprintf(w, "account %d, %s (%s), %s, mode %s\n", c.Account, clean(c.Name), c.Kind, did, c.Mode)
		if c.Grant == nil {
			return
		}
		fmt.Fprintf(w, "the channel says it is %s\n", clean(c.Grant.Identity))
		for _, sc := range c.Grant.Scopes {
			state := "granted"
			if !sc.Granted {
				state = "NOT GRANTED"
			}
			fmt.Fprintf(w, "  %s: %s, to %s\n", state, clean(sc.Name), clean(sc.Reason))
		}
		if !c.Grant.Expires.IsZero() {
			fmt.Fprintf(w, "  the authorisation ends %s\n", c.Grant.Expires.Format("2006-01-02"))
		}
	})
}

func (a *line) accounts() *cobra.Command {
	return group("accounts", "list, look at and change connected accounts",
		a.accountsList(), a.accountsShow(), a.accountsTest(), a.accountsMode(), a.accountsRole(), a.accountsReconnect(), a.accountsDisconnect())
}

func (a *line) accountsList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "list the accounts", Args: cobra.NoArgs,
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, _ []string) error {
			all, err := s.Accounts(ctx, who)
			if err != nil {
				return err
			}
			return a.show(all, func(w io.Writer) {
				var rows [][]string
				for _, x := range all {
					rows = append(rows, []string{fmt.Sprint(x.ID), x.Name, string(x.Kind), string(x.Mode), string(x.Role), string(x.OnDrift), x.State, x.Fault})
				}
				table(w, []string{"id", "name", "kind", "mode", "role", "on drift", "state", ""}, rows)
			})
		}),
	}
}

func (a *line) accountsShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ACCOUNT", Short: "show one account: how far it was read, what differs, what it can do", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			d, err := s.Account(ctx, who, args[0])
			if err != nil {
				return err
			}
			return a.show(d, func(w io.Writer) {
				fmt.Fprintf(w, "account %d, %s (%s), %s\n", d.ID, clean(d.Name), d.Kind, d.State)
				fmt.Fprintf(w, "mode %s, role %s, on drift %s\n", d.Mode, d.Role, d.OnDrift)
				fmt.Fprintf(w, "orders read through %s, catalogue read %s\n", when(d.Progress.SalesThrough), when(d.Progress.SweepDone))
				if d.Progress.BlindSince != 0 {
					fmt.Fprintf(w, "BLIND since %s: its orders cannot be read\n", when(d.Progress.BlindSince))
				}
				fmt.Fprintf(w, "%d listings are not bound, %d of them in conflict, %d ignored\n", d.Bindings.Unbound, d.Bindings.Conflict, d.Bindings.Ignored)
				fmt.Fprintf(w, "%d stock numbers and %d prices differ\n", d.StockLeft, d.PriceLeft)
				fmt.Fprintf(w, "credentials: %s\n", clean(strings.Join(d.Credentials, ", ")))
			})
		}),
	}
}

func (a *line) accountsTest() *cobra.Command {
	return &cobra.Command{
		Use: "test ACCOUNT", Short: "try the stored credentials, without writing anything", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			c, err := s.Test(ctx, who, args[0])
			if err != nil {
				return err
			}
			return a.connected(c, "works")
		}),
	}
}

func (a *line) accountsMode() *cobra.Command {
	return &cobra.Command{
		Use: "mode ACCOUNT observe|approve|live", Short: "change whether an account is written to",
		Long: "observe never writes; approve writes the rows of applied plans; live writes by itself.\n" +
			"Live needs a catalogue that was read completely, and no open difference or a plan applied within a day.",
		Args: cobra.ExactArgs(2),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			x, err := s.SetMode(ctx, who, args[0], flow.Mode(args[1]))
			return a.changed(x, err)
		}),
	}
}

func (a *line) accountsRole() *cobra.Command {
	var drift string
	c := &cobra.Command{
		Use: "role ACCOUNT [master|channel]", Short: "say whose word counts when somebody edits the channel by hand",
		Long: "master: the shop where the seller types goods in; its edits are adopted as counts.\n" +
			"channel: an edit is drift, and --on-drift says what happens: report asks, heal writes back, adopt counts.",
		Args: cobra.RangeArgs(1, 2),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			role := flow.Role("")
			if len(args) == 2 {
				role = flow.Role(args[1])
			}
			if role == "" && drift == "" {
				return fault.New(fault.Usage, "role needs master or channel, or --on-drift")
			}
			x, err := s.SetRole(ctx, who, args[0], role, flow.OnDrift(drift))
			return a.changed(x, err)
		}),
	}
	c.Flags().StringVar(&drift, "on-drift", "", "report, heal or adopt")
	return c
}

// changed shows an account that was changed.
func (a *line) changed(x service.Account, err error) error {
	if err != nil {
		return err
	}
	return a.show(x, func(w io.Writer) {
		fmt.Fprintf(w, "account %d, %s: mode %s, role %s, on drift %s, %s\n", x.ID, clean(x.Name), x.Mode, x.Role, x.OnDrift, x.State)
	})
}

func (a *line) accountsReconnect() *cobra.Command {
	var set, secrets []string
	c := &cobra.Command{
		Use: "reconnect ACCOUNT", Short: "give new credentials or settings; those not given stay", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			values, err := settings(set)
			if err != nil {
				return err
			}
			texts, err := a.secrets(secrets)
			if err != nil {
				return err
			}
			c, err := s.Reconnect(ctx, who, args[0], values, texts)
			if err != nil {
				return err
			}
			return a.connected(c, "reconnected")
		}),
	}
	c.Flags().StringArrayVar(&set, "set", nil, "a setting, name=value")
	c.Flags().StringArrayVar(&secrets, "secret", nil, "a secret, name=@FILE, or name=@- for standard input")
	return c
}

func (a *line) accountsDisconnect() *cobra.Command {
	return &cobra.Command{
		Use: "disconnect ACCOUNT", Short: "stop an account and delete its credentials; listings, bindings and history stay", Args: cobra.ExactArgs(1),
		RunE: a.does(func(ctx context.Context, s *service.Service, who service.Caller, args []string) error {
			x, revoked, err := s.Disconnect(ctx, who, args[0])
			if err != nil {
				return err
			}
			v := struct {
				service.Account
				Revoked bool `json:"revoked"`
			}{x, revoked}
			return a.show(v, func(w io.Writer) {
				fmt.Fprintf(w, "account %d, %s, is disconnected and its credentials are deleted\n", x.ID, clean(x.Name))
				if !revoked {
					fmt.Fprintln(w, "the channel was not told: take the rights away in its own settings")
				}
			})
		}),
	}
}
