// Package medusa connects shops that run Medusa 2, through its admin interface. Measured on 2.21.2.
//
// A listing is a product variant; its write group is the product. A counter is one inventory item at one stock location,
// and its number is stocked_quantity, which the shop lowers when a fulfilment is made: open orders only raise
// reserved_quantity. So the core writes the target plus the own open units (correctness 3 D).
//
// What the shop does that surprises, and what is done about it:
//
//   - The prices of a variant are replaced as a whole, and two rows with equal currency, quantities and rules melt into
//     one. A price write reads the rows just before, changes the own row and sends every row with all its parts. The call
//     is /admin/products/{id}/variants/batch: /admin/products/batch deletes each variant it does not name.
//   - A price row shows its rules only when price_rules is asked for; without, a regional price looks like the plain one.
//   - A stock write is refused as a whole when one row is bad. The guilty rows are named where the shop names them.
//   - Fractions of a piece are accepted by the shop: a reading of 5.5 is a finding, never a number.
//   - An order line that an edit took away is missing from the order. For each new version of an order its earlier lines
//     are asked for, and what is gone is reported with quantity 0.
//   - The order feed adds members that nobody asked for, free text of buyers among them. Decoders take what they name
//     and skip the rest, so nothing of it is ever held (C02, C05).
//   - Keys carry every right of an administrator; there are no narrower ones.
//
// The package never retries a write, gives one outcome for each write by our reference, and asks the gate before each
// request. It must not import other adapters, the store or the loop.
package medusa
