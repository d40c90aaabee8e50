// Package tasks runs what has time: work that nobody waits for, by hour rather than by second. Its engine is River, on the
// same database as everything else, with River's own migrations beside ours.
//
// Promise: whatever happens to River's tables, stock and prices stay right.
//
//  1. Nothing of the sync path is a task. Drives, marks, intents and leases never read or write a table of River; all of its
//     rows can be deleted at any moment and nothing is lost but the memory of what ran.
//  2. Every task can be killed at any point and run again: it works in small transactions and what it did is done.
//  3. A task runs once in its period whoever leads, and again in the next one although a killed process left its row as
//     running.
//  4. River's tables hold no name of a machine and no error text of ours: the client is named by the random name of the
//     process, and of an error only its kind is stored. The text goes to the log.
//
// On SQLite, River has a connection of its own. Given the engine's only writer it would wait for ever as soon as it asked
// for a connection while a transaction is open. On PostgreSQL any number of processes may run tasks; one of them leads.
//
// The package must not know channels, and must not be waited for by anything that a person or a drive does.
package tasks
