// Package merge is the rule for how a channel's number moves: three copies of one counter, merged like a merge of three
// texts. It is pure: values in, values out, no clock, no I/O.
//
// Desired is what the channel should show, expected what it must show if nothing unknown happened, observed what it last
// showed. Expected is an interval [Expected-Below, Expected+Above]: an absolute write may have overwritten a sale nobody
// had seen, so after an own sale on such a counter only a reading can tell.
//
//   - A reading counts only when it was started at least the channel's lag after the last thing we know (Fresh).
//   - A reading below the interval makes a hold, above it a surplus; then expected is what was read (Read).
//   - A line that becomes taken consumes holds first, a give-back consumes surplus; only the remainder moves or widens
//     expected (Take).
//   - Holds and surpluses end by evidence or by proof that the order feed has no line for them, never by time (Prove).
//
// Invariants kept here: I5, I13; I9 in that nothing is invented from an absent reading.
package merge
