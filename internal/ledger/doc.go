// Package ledger is the append-only account of an item's units, as pure functions over values.
//
// Balances are folds of entries (I1). An entry has a source key that is unique in its tenant, so the same fact booked
// twice changes nothing (I2). Order lines are applied by difference: the effect a line should have now, from its newest
// version and the item's recipe, minus the effect it already had; order, loss and repetition of events do not matter.
//
// available = on hand − reserved − held. It may be negative and is never clamped here; only the policy clamps.
//
// It must not read a clock, know a channel by name, or hold anything of an order but a keyed hash of its reference (C05).
package ledger
