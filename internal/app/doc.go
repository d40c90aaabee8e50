// Package app is the composition root: it opens the database, the vault, the way out and the channels, proves that the
// parts fit, and starts and stops them in order. It is straight wiring on purpose: reading it top to bottom is reading what
// the process is made of.
//
// New builds, Start starts, Stop drains in reverse order; Stop may be called twice and before Start. Nobody imports app
// but the command and end-to-end tests.
package app
