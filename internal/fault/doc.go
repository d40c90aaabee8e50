// Package fault gives every error a kind, so that code decides by kind and never by text.
//
// An error is made once with New, wrapped once per layer with Wrap, and reaches an edge (CLI, API, console, log) that
// turns its kind into an exit code, an HTTP status, a metric label or a retry class by the one table in kind.go.
// A message tells a person what happened, what was kept and what to do; it never holds a secret, a body or buyer data.
//
//	if qty < 0 {
//		return fault.New(fault.Invalid, "quantity %d is negative; the last good value %d stays", qty, last)
//	}
package fault
