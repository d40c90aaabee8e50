package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Docs renders every command as a page of documentation. It is generated from the commands themselves, so that the page
// cannot say anything else than they do.
func Docs(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# carpediem\n\nThis page is generated from the commands (`go test ./internal/cli -run Docs -update`).\n\n")
	b.WriteString("## For scripts\n\nEvery command takes `--json` and then writes exactly one JSON value to standard output. An error is\n" +
		"`{\"error\":{\"kind\",\"message\",\"where\"}}`, with `problems` when a file has several. Exit codes never change their meaning:\n\n" +
		"| Code | Kind |\n|---|---|\n| 0 | done |\n")
	for _, k := range fault.Kinds() {
		fmt.Fprintf(&b, "| %d | %s |\n", k.Exit(), k)
	}
	b.WriteString("\n## Flags of every command\n\n")
	flags(&b, root.PersistentFlags())
	b.WriteString("\n## Commands\n")
	each(root, func(c *cobra.Command) {
		if c == root || !c.Runnable() && !c.HasSubCommands() || c.Hidden {
			return
		}
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n", c.CommandPath(), capital(c.Short))
		if !c.HasSubCommands() || c.Name() == "inbox" {
			fmt.Fprintf(&b, "\n```\n%s\n```\n", c.UseLine())
		}
		if c.Long != "" {
			fmt.Fprintf(&b, "\n%s\n", c.Long)
		}
		if c.LocalNonPersistentFlags().HasAvailableFlags() {
			b.WriteString("\n")
			flags(&b, c.LocalNonPersistentFlags())
		}
	})
	return b.String()
}

// each walks the tree of commands in the order they were added.
func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		each(sub, do)
	}
}

func flags(b *strings.Builder, f *pflag.FlagSet) {
	b.WriteString("| Flag | What it does | Default |\n|---|---|---|\n")
	f.VisitAll(func(x *pflag.Flag) {
		if x.Hidden || x.Name == "help" {
			return
		}
		value := x.DefValue
		if value != "" && value != "[]" {
			value = "`" + value + "`"
		} else {
			value = ""
		}
		fmt.Fprintf(b, "| `--%s` | %s | %s |\n", x.Name, strings.ReplaceAll(x.Usage, "|", "\\|"), value)
	})
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
