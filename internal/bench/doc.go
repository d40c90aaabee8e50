// Package bench measures the connector as a whole: how fast a sale travels, how long a large catalogue takes, what one
// sale costs, how many writes there were against how many there had to be, and how much of a limit is used. Everything
// is a Go benchmark, so that benchstat compares runs; `make bench` runs them and docs/performance.md explains the
// numbers.
//
// Each scenario runs the real process over HTTP on a SQLite file. The marketplaces, the buyers and whoever looks at the
// clock are a second process (shops_test.go), so that time and memory of the connector are its own.
//
// It promises no number: what was measured is in docs/performance.md with its date, machine and commit.
package bench
