// Package guard says which changes are too dangerous to leave by themselves (I10, I11; user needs, section 6).
//
// Each guard is a pure function of counts, values and limits, and answers pass, hold (a person looks first, nothing is
// lost) or refuse (never, by nobody). Limits are data: Defaults, changed field by field per tenant and account (Merge),
// and Loosened tells which changes need an approver.
//
// First price. The last accepted price of a listing is the last one verified on the channel, by our write or, when a
// listing is taken into management, the price it shows at that moment. A listing without one (new on the channel, or in
// another currency than before) has nothing to be compared with: its price passes only between a configured floor and a
// configured ceiling, else it is held. With a last accepted price a missing floor is 60 % of it and a missing ceiling is
// what the limit on rises gives.
//
// An approved plan that names exactly this price releases what is held. It never releases what is refused.
//
// It must not read a clock, do I/O, use floating point, or decide by the order of a map.
package guard
