package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/mattn/go-isatty"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/service"
)

// failure is an error with what a command found out all the same.
type failure struct {
	error
	Problems []service.Problem
}

func (f *failure) Unwrap() error { return f.error }

// report is how an error looks in JSON.
type report struct {
	Error struct {
		Kind     string            `json:"kind"`
		Message  string            `json:"message"`
		Where    *fault.Place      `json:"where"`
		Problems []service.Problem `json:"problems,omitempty"`
	} `json:"error"`
}

// fail tells an error, once.
func (a *line) fail(err error) {
	if _, told := err.(silent); told {
		return
	}
	var problems []service.Problem
	if f, ok := err.(*failure); ok {
		problems = f.Problems
	}
	if !a.json {
		for _, p := range problems {
			fmt.Fprintf(a.err, "%s: %s\n", clean(p.Where.String()), clean(p.Text))
		}
		fmt.Fprintf(a.err, "carpediem: %s\n", clean(err.Error()))
		return
	}
	var r report
	r.Error.Kind, r.Error.Message, r.Error.Problems = fault.KindOf(err).String(), err.Error(), problems
	if w := fault.WhereOf(err); w != (fault.Place{}) {
		r.Error.Where = &w
	}
	_ = a.write(r) // there is nobody left to tell
}

// show writes v as JSON, or lets text write it for a person.
func (a *line) show(v any, text func(w io.Writer)) error {
	if a.json {
		return a.write(v)
	}
	text(a.out)
	return nil
}

func (a *line) write(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fault.New(fault.Internal, "write the answer: %w", err)
	}
	return nil
}

// clean makes control characters and direction marks visible, so that no text from outside drives the terminal (C43).
func clean(s string) string {
	bad := func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == unicode.ReplacementChar
	}
	if !strings.ContainsFunc(s, bad) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if bad(r) {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// table writes rows under a header, in columns.
func table(w io.Writer, header []string, rows [][]string) {
	if len(rows) == 0 {
		fmt.Fprintln(w, "nothing")
		return
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, strings.ToUpper(strings.Join(header, "\t")))
	for _, r := range rows {
		for i := range r {
			r[i] = clean(r[i])
		}
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	_ = t.Flush() // a terminal that went away needs no table
}

// more tells how to go on.
func more(w io.Writer, next string) {
	if next != "" {
		fmt.Fprintf(w, "more with --after %s\n", clean(next))
	}
}

// when shows an instant to a person; nothing for never.
func when(m ident.Micros) string {
	if m == 0 {
		return "never"
	}
	return m.Time().Format(time.RFC3339)
}

// number shows an optional number; "–" for absent.
func number(n *int64) string {
	if n == nil {
		return "–"
	}
	return fmt.Sprint(*n)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// watching reports whether somebody sees progress.
func (a *line) watching() bool {
	if a.progress {
		return true
	}
	f, ok := a.err.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// meter returns a function that shows progress on standard error, at most twice a second, and nil when nobody watches.
func (a *line) meter(what string) func(done, all int64) {
	if !a.watching() {
		return nil
	}
	var last time.Time
	return func(done, all int64) {
		if now := time.Now(); done != all && now.Sub(last) < 500*time.Millisecond {
			return
		} else {
			last = now
		}
		if all > 0 {
			fmt.Fprintf(a.err, "%s: %d of %d\n", what, done, all)
			return
		}
		fmt.Fprintf(a.err, "%s: %d\n", what, done)
	}
}
