// Package channel holds the words and the interfaces of any marketplace or store.
//
// What a channel can do is data (Capabilities, per account), never its name: the core has no "if kind ==". An adapter
// answers in our keys, gives one outcome for each write it was given, and never retries a write: a missing answer is
// Unknown, "not now" is RetryAfter, and both are normal. Values are the channel's own numbers; turning a target into
// the channel's number is the core's work (merge: wire value).
//
// Nothing in these types can hold buyer data: an order line is a quantity of a listing with a reference (C02, C05).
package channel
