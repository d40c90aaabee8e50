// Package dispatch decides who drives which account when: it claims due accounts by lease, runs the loop on each in a
// goroutine of its own, and gives the lease back with the time of the next drive.
//
// The database is the truth about what is due: a drive is due when its marks' generation moved or its time has come. A
// wake-up only shortens the wait. The lease is mutual exclusion, the epoch is the fence: an account whose driver died is
// taken over when its lease lapses, and whatever the old driver still tries to book fails (I7, I18).
//
// It knows nothing of stock or channels.
package dispatch
