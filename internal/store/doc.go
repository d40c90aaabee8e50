// Package store is the only place with SQL. One text serves SQLite and PostgreSQL; what differs has a name in dialect.go.
//
// Statements use $1 … for arguments and a few {words} that each dialect spells (see Dialect). Statements are constants
// beside the method that uses them. Writes go in batches; a write transaction is short and holds no network call.
// Transactions of an account's driver begin with Fence, which extends the lease and fails when another epoch owns the
// account (I7, I18). The write transactions of one tenant run one after another: on SQLite because there is one writer, on
// PostgreSQL by a lock that the first statement about the tenant takes (Dialect). Tenants never wait for each other (I17).
package store
