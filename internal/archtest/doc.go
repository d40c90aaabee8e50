// Package archtest keeps the shape of the code: its tests read every Go file of the repository and fail when one breaks
// a rule that the compiler does not know.
//
//	layers    arrows between our packages point down only; whoever adds a package names its place here
//	adapters  an adapter knows package channel and the leaves, never the core, the store or another adapter
//	pure      the domain has no clock, no dice, no I/O, no goroutine and no floating point
//	owners    one owner each: SQL, encryption, connections to the outside, revealed secrets, every library
//	state     no init(), no package variable that anybody changes
//	names     no package that could hold anything, a comment on each, files short enough to be one subject
//	kinds     the core never names a kind of channel
//	honest    no skipped test, no sleeping, no word that promises code for later
//	versions  the C library of the SQLite driver is the one the driver was tested with
//
// Each rule is a function from a Tree to findings, and has a test that plants a violation and sees it found: a rule that
// finds nothing in bad code would pass for ever. Rules look at syntax alone, so they run in a second and on code that
// does not build.
package archtest
