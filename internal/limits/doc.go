// Package limits keeps an account's calls within the limits of its channel (F1).
//
// A Gate holds the buckets of one account and is what channel.Deps.Gate asks before each request. A call takes from every
// bucket of its operation together or from none. A call that does not fit now gets a RateLimited fault with the time
// after which it does; the gate itself never waits, because when to come back is the drive's to decide.
//
// Kinds of buckets, all made from channel.Limit:
//   - refilling: Rate tokens return every Per, evenly, up to Burst. In any window of length W it lets Burst + Rate·W/Per
//     through, never more. Burst 1 is a minimum interval.
//   - Fixed: Rate tokens for each window of length Per, back at once at its end. Windows are aligned to 1970 (a day is a
//     UTC day) until the channel says when its own window ends.
//   - Calls: every call takes one, whatever its weight, beside buckets that count cost.
//
// Reserve keeps a share for calls marked with channel.ToZero, so a sold-out item goes to zero even when a price run has
// used up the rest (I15). A call too big to fit beside the reserve may use it when the bucket is full.
//
// What an answer says corrects the buckets: how many tokens remain (less the calls that are still out), a new rate,
// nothing before an instant. What it says at most blocks for a day.
//
// The arithmetic is whole: a token of a refilling bucket is as many parts as Per has microseconds, so that Rate parts
// return each microsecond and nothing is ever rounded. golang.org/x/time/rate was not used: it counts in floats, cannot
// take from several buckets at once, and its state can be neither stored nor corrected. Time is measured with the
// monotonic part of the clock it is given and moves forward only (I21).
//
// State is small and bounded: one row for each bucket (Snapshot, Restore, Text, Parse). An app key shared by all tenants
// needs a second gate in front, whose tokens nodes lease from the database in chunks; this one does not know of nodes.
//
// It starts no goroutine, reads no other clock, and is safe for concurrent use.
//
//	g := limits.New(caps.Limits, time.Now)
//	if err := g.Take(ctx, channel.OpStock, int64(len(writes))); err != nil {
//		return err // RateLimited: the driver comes back after fault.AfterOf(err)
//	}
package limits
