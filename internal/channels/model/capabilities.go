package model

import (
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// checkCaps refuses capabilities that the core could not work with: the market states them, so they are input.
func checkCaps(c channel.Capabilities) error {
	bad := func(what string) error {
		return fault.New(fault.Invalid, "the market states a %s that is not known; is it newer than this program?", what)
	}
	switch c.Stock.Mode {
	case channel.NoWrite, channel.Absolute, channel.CompareAndSet, channel.Relative, channel.Sequenced:
	default:
		return bad("write mode")
	}
	switch c.Stock.Moment {
	case channel.AtPlaced, channel.AtPaid, channel.AtShipped, channel.Never:
	default:
		return bad("decrement moment")
	}
	switch c.Stock.Zero {
	case channel.SetZero, channel.RefuseZero:
	default:
		return bad("zero mode")
	}
	if c.Stock.MaxBatch < 1 || c.Price.Write && c.Price.MaxBatch < 1 || c.Sales.Lag < 0 || c.Read.Lag < 0 || c.Read.MaxKeys < 0 {
		return bad("limit")
	}
	return nil
}
