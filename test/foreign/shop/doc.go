// Package shop runs two real foreign stores for tests: Medusa 2.21.2 and Vendure 3.7.3, each on PostgreSQL.
//
// Promise: what a test sees through this package is what a seller's shop does. Goods are sold through the store's own
// checkout, edits go through its admin API, and Truth is read from its own API, by code that shares nothing with our
// adapters; so an adapter and its check cannot share one misunderstanding.
//
//  1. A store listens on 127.0.0.1, connects nowhere else (its own guard refuses), and dies with the test process.
//  2. Stop ends the process and keeps the data; Start serves them again at the same URL; Close removes everything.
//  3. Every order carries Options.Canary in each place where a buyer's words can stand. They must turn up nowhere in ours.
//  4. An order refused for lack of stock is an answer (Receipt.Accepted is false), not an error.
//  5. Snapshot and Restore bring back a seeded store in the time of a restart, so goods are created once per run.
//
// The stores are installed by scripts/ensure-stores.sh, the database server by scripts/ensure-postgres.sh.
//
//	m, err := shop.StartMedusa(ctx, shop.Options{})
//	defer m.Close()
//	err = m.Seed(ctx, shop.Goods(1000))
//	receipt, err := m.PlaceOrder(ctx, []shop.OrderLine{{SKU: "CD-00001", Quantity: 2}})
//	truth, err := m.Truth(ctx)
package shop
