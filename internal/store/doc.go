// Package store is the only place with SQL. One text serves SQLite and PostgreSQL; what differs has a name in dialect.go.
//
// Statements use $1 … for arguments and a few {words} that each dialect spells (see Dialect). Statements are constants
// beside the method that uses them. Writes go in batches; a write transaction is short and holds no network call.
// Transactions of an account's driver begin with Fence, which extends the lease and fails when another epoch owns the
// account (I7, I18). Lock order inside a transaction: items, marks, drives, each sorted by key.
package store
