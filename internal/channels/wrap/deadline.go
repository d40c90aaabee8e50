package wrap

import (
	"context"
	"errors"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Deadlines returns how long each operation of an account may take. A write ends before the channel's Longest is over:
// what is still under way when the call is given up must be covered by it.
func Deadlines(caps channel.Capabilities) map[channel.Op]time.Duration {
	write := func(b channel.BatchCaps) time.Duration {
		if b.Longest <= 0 {
			return 30 * time.Second
		}
		return min(max(b.Longest, 5*time.Second), time.Minute)
	}
	return map[channel.Op]time.Duration{
		channel.OpList:  2 * time.Minute,
		channel.OpRead:  30 * time.Second,
		channel.OpSales: time.Minute,
		channel.OpStock: write(caps.Stock.BatchCaps),
		channel.OpPrice: write(caps.Price.BatchCaps),
		channel.OpPoll:  30 * time.Second,
		channel.OpAuth:  30 * time.Second,
	}
}

// deadline ends a call by its context (F5). A call that ran out of its own time is the channel's fault; one that the
// caller stopped is not.
func deadline(ends map[channel.Op]time.Duration) layer {
	return func(ctx context.Context, c *call, do func(context.Context) error) error {
		d, ok := ends[c.op]
		if !ok {
			return do(ctx)
		}
		short, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		err := do(short)
		if err != nil && ctx.Err() == nil && errors.Is(short.Err(), context.DeadlineExceeded) && fault.Is(err, fault.Canceled) {
			late := fault.New(fault.Unavailable, "the channel did not answer within %v", d)
			late.Sent = fault.SentOf(err)
			return late
		}
		return err
	}
}
