// Package flow is the loop: what one drive of one account does, step by step. Open loop.go first.
//
//	channel → observe → book → decide → plan → intend → send → settle → verify
//
// Three sentences are the contract of a drive. One counter or listing is never worked on twice at once (I6). Marked ten
// times, it is worked once. Marked while worked, it is worked again: a mark is a generation, and a drive writes back the
// generation that it read.
//
// Every effect goes through a port (ports.go): the channel, the store, the clock. Flow starts no goroutine, never
// sleeps, and never acts on an event: it reads, computes and compares. Silence after a send is an unknown outcome, and
// only reading resolves it.
package flow
