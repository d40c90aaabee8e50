// Package fake is a Medusa shop in memory: the admin interface of 2.21.2 as the adapter meets it, over HTTP.
//
// Its answers have the shapes of recorded ones (see the tests beside it), and it does what surprised us in the real
// shop: prices are replaced as a whole and equal rows melt, price rules are hidden unless asked for, one bad row refuses
// a stock write, fractions of a piece are taken, unknown filters on orders are ignored, lines that an edit took away are
// missing from the order, and orders carry free text of the buyer that nobody asked for.
//
// It must not be imported by anything but tests, the demo and benchmarks.
package fake
