// Package sim runs the real loop on a real database against model markets in virtual time, on one thread, from one seed:
// the same seed gives the same run.
//
// Every call that a drive makes to a market takes a drawn time, and whatever buyers and owners do in that time happens
// before the market answers. So a sale falls between our read and our write as often as it would in life.
package sim
