// Package cli is the command line: it reads arguments, calls package service, and shows what came back.
//
// Promise to scripts: every command takes --json and then writes exactly one JSON value to standard output, an error as
// {"error":{"kind","message","where"}}; exit codes are those of package fault and never change their meaning. Messages for
// people go to standard error, progress only where somebody watches it.
//
// C13, C43: a secret is never an argument, and nothing that came from outside reaches a terminal with control characters.
//
// It must not hold rules of its own: what is allowed is decided in package service.
package cli
