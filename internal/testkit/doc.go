// Package testkit says how hard tests should try, and where the official material is that they compare with.
//
//	for seed := range testkit.Seeds(t, 20) { … }   // 20 in a short run, CARPEDIEM_SEEDS of them in a long one
//	if testkit.Full() { … }                        // also what takes minutes: CARPEDIEM_FULL=1
//	dir, ok := testkit.Specs(t)                    // SPECS_DIR
//
// A short run (make test) and a long one (make test-full) run the same tests; the long one only gives them more. The
// package must not be imported by the product.
package testkit
