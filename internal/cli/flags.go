package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/pricing"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/service"
)

// paging adds --after and --limit.
func paging(c *cobra.Command) *service.Paging {
	p := &service.Paging{}
	c.Flags().StringVar(&p.After, "after", "", "go on where a list ended")
	c.Flags().IntVar(&p.Limit, "limit", 50, "rows a page, at most 1000")
	return p
}

// settings reads k=v pairs; each name once.
func settings(pairs []string) (map[string]string, error) {
	out := map[string]string{}
	for _, p := range pairs {
		k, v, ok := strings.Cut(p, "=")
		if !ok || k == "" {
			return nil, fault.New(fault.Usage, "--set takes name=value, not %q", p)
		}
		if _, twice := out[k]; twice {
			return nil, fault.New(fault.Usage, "--set %s is given twice", k)
		}
		out[k] = v
	}
	return out, nil
}

// maxSecret is the largest file a secret is read from.
const maxSecret = 64 << 10

// secrets reads k=@FILE pairs; @- is standard input, once. A secret is never an argument: others can see those.
func (a *line) secrets(pairs []string) (map[string]secret.Text, error) {
	out := map[string]secret.Text{}
	used := false
	for _, p := range pairs {
		k, from, ok := strings.Cut(p, "=@")
		if !ok || k == "" || from == "" {
			name, _, _ := strings.Cut(p, "=")
			return nil, fault.New(fault.Usage, "--secret takes %s=@FILE, or %s=@- for standard input: a secret is never an argument", name, name)
		}
		if _, twice := out[k]; twice {
			return nil, fault.New(fault.Usage, "--secret %s is given twice", k)
		}
		if from == "-" {
			if used {
				return nil, fault.New(fault.Usage, "standard input can hold one secret only")
			}
			used = true
		}
		b, err := a.read(from, maxSecret)
		if err != nil {
			return nil, err
		}
		text := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
		out[k] = secret.New(text)
	}
	return out, nil
}

// source opens a file, or standard input for "-".
func (a *line) source(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(a.in), nil
	}
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(fault.NotFound, "there is no file %s", name)
	case err != nil:
		return nil, fault.New(fault.Unavailable, "%s cannot be read", name)
	}
	return f, nil
}

func (a *line) read(name string, most int64) ([]byte, error) {
	f, err := a.source(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "%s cannot be read", name)
	}
	if int64(len(b)) > most {
		return nil, fault.New(fault.TooLarge, "%s is larger than %d bytes", name, most)
	}
	return b, nil
}

// instant reads a time: RFC 3339, or how long ago, like 2h30m.
func (a *line) instant(flag, text string) (ident.Micros, error) {
	if text == "" {
		return 0, nil
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return ident.At(t), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return a.deps.Now().Add(-d), nil
	}
	return 0, fault.New(fault.Usage, "%s takes a time like 2026-11-23T10:00:00Z, or how long ago, like 2h: not %q", flag, text)
}

// id reads an id given as argument.
func id[T ~int64](what, text string) (T, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.New(fault.Usage, "%q is not the number of a %s", text, what)
	}
	return T(n), nil
}

// none is the word that takes a value away.
const none = "none"

// priceChange reads "19.90 EUR", or none; nil when the flag was not given.
func priceChange(c *cobra.Command, flag string) (*service.PriceChange, error) {
	if !c.Flags().Changed(flag) {
		return nil, nil
	}
	text, err := c.Flags().GetString(flag)
	if err != nil {
		return nil, fault.New(fault.Internal, "read --%s: %w", flag, err)
	}
	if text == none {
		return &service.PriceChange{Clear: true}, nil
	}
	var s pricing.Sum
	if err := s.UnmarshalText([]byte(text)); err != nil {
		return nil, fault.Wrap("--"+flag, err)
	}
	return &service.PriceChange{Amount: money.Amount(s)}, nil
}

// quantity reads a whole number of units.
func quantity(text string) (int64, error) {
	n, err := money.ParseQuantity(text)
	if err != nil {
		return 0, fault.New(fault.Usage, "%w", err)
	}
	return n, nil
}

// exitText lists the exit codes, from the one table of kinds.
func exitText() string {
	var b strings.Builder
	b.WriteString("Exit codes: 0 done")
	for _, k := range fault.Kinds() {
		fmt.Fprintf(&b, ", %d %s", k.Exit(), k)
	}
	b.WriteString(".")
	return b.String()
}
