// Package policy turns what is in the house into what one listing may offer: an exact, pure function with every step shown.
//
// Target works through the steps in the one order of Steps (N14): places, reservations, holds, blind channels elsewhere,
// the scarcity regime, allocation, velocity buffer, fixed buffer and percent in units of the item; then whole pieces
// (pack size, minimum over the parts of a bundle); then floor, cap, minimum to list, blindness of the own channel and
// what happens at zero, in pieces of the listing. Each step is in the result, also when it changed nothing.
//
// Invariants kept here: I9 (same input, same number, each step stored), I11 (0 ≤ target ≤ the channel's cap; positive only
// when bound, merchant-fulfilled and, on a blind channel, not a rise), I14 (unknown state moves down only). An item that
// was never counted gives Absent, which is not zero. In the scarcity regime Σ targets ≤ available.
//
// Rules are merged field by field: installation, tenant, account, item (Merge). No step may raise above what the steps up
// to the allocation left: a floor undoes buffers, never reality.
//
// It must not read a clock, do I/O, use floating point, or know a channel by name.
package policy
