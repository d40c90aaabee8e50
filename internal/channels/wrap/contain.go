package wrap

import (
	"context"
	"runtime/debug"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// contain makes a panic of the adapter a fault of the call (F25). The panic's value is dropped: it may quote an answer,
// and an answer may hold anything (I23). Whether the request left is not known, so it counts as sent.
func contain(told func(channel.Op, []byte)) layer {
	return func(ctx context.Context, c *call, do func(context.Context) error) (err error) {
		defer func() {
			if recover() == nil {
				return
			}
			if told != nil {
				told(c.op, debug.Stack())
			}
			broken := fault.New(fault.Unavailable, "the adapter has a defect: it could not handle what the channel answered")
			broken.Sent = true
			err = broken
		}()
		return do(ctx)
	}
}
