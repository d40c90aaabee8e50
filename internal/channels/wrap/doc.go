// Package wrap puts around an adapter what every adapter needs and none should write itself.
//
//	a := wrap.New(adapter, caps, wrap.Options{Now: clock, Breakers: breakers, Meter: meter})
//	receipt, err := a.Submit(ctx, batch)
//
// One file each, outermost first, assembled in New and nowhere else:
//
//	meter     how often, how long, how it ended
//	breaker   after several failures in a row an operation is not tried until its time has come, then once (F2)
//	deadline  an operation has an end of its own (F5)
//	record    what was asked and what came of it, without values
//	contain   a panic of the adapter is a fault of this call, not the end of the process (F25)
//
// An Account has every optional method of package channel, so a caller asserts nothing: capabilities say which of them
// mean something, and a method the adapter lacks returns an Invalid fault. As finds out for the few methods that no
// capability mentions.
//
// It starts no goroutine, reads no clock but Options.Now, and never repeats a call.
package wrap
