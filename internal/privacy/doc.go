// Package privacy knows what is held: of every column of the database its class, what it is for, how long it stays and
// how it is erased (C01, C05, C08).
//
// Promise: nothing is stored that is not written down here.
//
//  1. The registry and the schema are equal on both databases, in both directions. A migration that adds a column without
//     an entry fails the tests, and so does an entry without its column.
//  2. What the registry says ends by age, internal/tasks deletes at that age.
//  3. No class is for buyers: there is no place where a buyer's name, address or contact could be kept.
//  4. docs/data-map.md is the registry in words and is made from it.
//
// The package must not read or delete data: it is a table that others obey.
package privacy
