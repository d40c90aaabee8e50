// Package servicetest is a small installation for tests: a real store, a real vault, the real loop in virtual time, and
// markets of channels/model in process.
//
//	w := servicetest.New(t, db)
//	w.Market("north", model.Absolute(model.Options{})).Add(…)
//	c := w.Connect("north")
//	w.Run(time.Minute)
//
// It must not be imported by the product.
package servicetest
