// Package storetest runs every store case on both databases: SQLite in a temporary folder, PostgreSQL from testkit/pg.
//
//	func TestX(t *testing.T) {
//		storetest.Each(t, func(t *testing.T, db *store.DB) { … })
//	}
//
// A package that uses it starts its PostgreSQL server once with pg.Main. It must not be imported by the product.
package storetest
