// Package pg gives tests a real PostgreSQL server and empty databases on it.
//
// Promise: a test that asks for a database gets one of its own, on a server that listens on 127.0.0.1 only, and neither
// outlives the test: not after a failure, not after a panic, not when the test process is killed.
//
//  1. A server started here keeps its data in a temporary folder and is stopped by its own process id.
//  2. The server is held by a pipe of the test process. When that process ends in any way the pipe closes, the server
//     stops and its folder is removed.
//  3. PostgreSQL refuses to run as root: a root test process runs it as the user postgres.
//  4. Nothing here waits without a limit.
//
// With the environment variable CARPEDIEM_TEST_POSTGRES (the URL of a running server, any database of it, a role that
// may create databases) no server is started: every package uses that one. The command in withpg runs another command
// that way, so that several test packages share one server. A package with many tests starts its server once by
//
//	func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }
//
// and each test says
//
//	db, err := sql.Open("pgx", pg.Database(t))
//
// The package must not be imported by the product; it is for tests.
package pg
