// Package pricing turns a base price or a cost into what one listing should cost: an exact, pure function with every step
// shown.
//
// Compute works through the steps in the one order of Order (N18): base or cost, markup, fee, VAT, currency, rounding,
// floors (absolute, margin over cost, advertised minimum) and ceiling, sale price, direction, and last the guards (I10).
// Arithmetic is decimal with 19 digits until the rounding step makes whole minor units. Each step is in the result, also
// when it changed nothing.
//
// What is not known is never guessed (N19): no base price gives Absent; an unknown tax mode, a missing or old exchange
// rate, or a rule in another currency gives Refused. What a person may release is Held. A price another tool owns is
// NotOwned and is never written (N20). First prices: see package guard.
//
// Rules are merged field by field: installation, tenant, account, item (Merge).
//
// It must not read a clock, do I/O, use floating point, or know a channel by name.
package pricing
