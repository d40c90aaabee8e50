// Package woocommerce keeps stock and prices of one WooCommerce shop (REST interface wc/v3) in step.
//
// Keys. A simple product is "58"; a variation is "59:60", parent first, because its writes and reads go through the
// parent. A counter is named by whatever holds the number: "58", "59:60", or "59" for variations whose stock is managed
// by the parent (one pool for all of them). A product that does not manage its stock has no counter. Write groups are the
// parent's id, or "products" for simple products.
//
// What the shop means, and what this package promises:
//
//  1. Numbers are absolute and may overwrite a sale nobody has seen (no compare-and-set exists). The shop lowers its own
//     number when an order becomes processing, on-hold or completed: moment "placed" for shops whose orders are placed
//     in such a status, "paid" where they wait as pending first (setting "moment").
//  2. A stock write always says manage_stock true beside a JSON integer, because without it the shop answers 200 and
//     ignores the number, and batch rows skip the shop's type checks (text becomes 0, null becomes 0). The row of the
//     answer is compared with what was asked (F7).
//  3. The price is regular_price, as text with the currency's own digits. A sale price is never written. While a sale runs
//     buyers pay the sale price; writing a regular price at or below it makes the shop end the sale.
//  4. Every GET carries a changing query value and an answer from a cache (Age above 0) is refused; a row older than our
//     own last write of it is a finding, not a reading.
//  5. A list is walked by offset, overlapping by one row, ordered by id. A list that shifts is read again from further
//     back; one that repeats its first page or ignores the order is an error, never a conclusion (F11).
//  6. The order feed asks for changes after (newest change seen − 2 s − visibility lag) on the shop's own clock and gives
//     every line a version (see version in lines.go) that grows although two changes may share one second.
//  7. What a line takes from stock is the shop's own tally (_reduced_stock, _restock_refunded_items); goods come back by
//     that word only (F30).
//  8. A webhook is believed after its signature was checked over the raw body, and then only as "look again".
//
// An order that its owner throws into the trash leaves the feed and stays as it was last seen. Statuses added by
// plugins count as open and raise a finding.
//
// It must not: retry a write, follow a redirect, decode a buyer field, or keep anything but the times of its own writes.
package woocommerce
