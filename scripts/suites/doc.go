// Command suites runs the repository's tests and says what came of them in a form a person and a machine can read:
//
//	go run ./scripts/suites          every test once (make test)
//	go run ./scripts/suites -full    race detector, more seeds, more cases, fuzzing (make test-full)
//
// It shows one line per package as it ends, go test's own lines for whatever failed, a table of suites, and as its last
// line "N passed, N failed". Tests are counted at the leaves: a test that only groups subtests is not counted on top of
// them. A package that does not build, panics or runs out of time counts as a failure even when none of its tests says
// so, and so does a run in which nothing ran.
//
// With -beside one more command is run and counts as one test (make test WITH_LINT=1).
//
// Suites run in two lanes side by side: the foreign stores are mostly waiting, everything else is mostly computing. The
// whole run has a budget; when it is over, what still runs is ended and counts as failed.
package main
