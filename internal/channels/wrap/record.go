package wrap

import (
	"context"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Trace is one call as the adapter saw it: no values, no keys, no cursor.
type Trace struct {
	Op     channel.Op
	Asked  int
	Answer int
	Fault  fault.Kind // meaningful when Failed
	Failed bool
	Sent   bool // false: certainly nothing left
}

// record tells what the adapter made of a call; calls that a breaker turned away never come here.
func record(told func(Trace)) layer {
	return func(ctx context.Context, c *call, do func(context.Context) error) error {
		err := do(ctx)
		t := Trace{Op: c.op, Asked: c.asked, Answer: c.answer, Sent: true}
		if err != nil {
			t.Failed, t.Fault, t.Sent = true, fault.KindOf(err), fault.SentOf(err)
		}
		told(t)
		return err
	}
}
