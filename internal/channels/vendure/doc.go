// Package vendure speaks to a Vendure 3 store through its GraphQL Admin API.
//
// A listing is a product variant; a counter is the stock on hand of one variant at one stock location; a price is the
// variant's list price in the account's currency, in the exact units the store keeps.
//
// What surprises, all measured on 3.7.3:
//
//   - stockOnHand falls when a fulfillment is created, not when an order is placed; until then the units stand in
//     stockAllocated, which a reading states as Reserved. So the counter is gross: Moment is AtShipped, and a line is
//     Taken by the units of its fulfillments that are not cancelled.
//   - An order's updatedAt goes back to its old value with every state change (the store saves the order twice with the
//     value it had loaded): neither placing, fulfilling nor shipping an order moves it. The feed therefore follows
//     orderPlacedAt and reads open orders again; updatedAt only finds cancellations of orders that were done (sales.go).
//   - No time of an order can be trusted to grow, so the version of a line is the length of the order's history without
//     notes: each state change, fulfillment, cancellation and modification adds an entry in its own transaction.
//   - Nearly every refusal is HTTP 200 with an errors member. A call that is refused is rolled back whole.
//   - The store reads, adds and writes back its numbers without a lock. Buyers who come at once can leave stockAllocated
//     lower than what is ordered, so it explains a number and is never counted with; a fulfillment beside a write can
//     undo it, so a write is done when it is read back.
//   - Cancelling units of a partly fulfilled line raises stockOnHand although nothing came back. The feed tells what
//     left and what was cancelled; the core books the difference as a surplus, which raises nothing (I13).
//   - Buyers get stockOnHand − stockAllocated − outOfStockThreshold. A threshold above zero is the shop's own buffer: it
//     sells less than its counter says, never more, and is left alone. One below zero lets the shop sell what is not
//     there: it is reported as a finding ("sells-below-zero"), because no stock number written here can prevent it.
//   - The default channel holds the orders of all channels, another channel only its own. Where channels share a stock
//     location, an account on one of them sees that location fall without the orders: connect the default channel.
//   - A variant that does not track inventory sells without end: it is a listing without a counter.
//
// The package never retries a write. A write refused with FORBIDDEN because the session ended has not been looked at by
// the store; it is sent once more after a new login (F14).
//
// No buyer field is requested (fields in testdata/fields.txt) and none can be decoded.
package vendure
