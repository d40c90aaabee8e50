package wrap

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Measure is one call that ended.
type Measure struct {
	Op     channel.Op
	Took   time.Duration
	Result string // "ok" or the name of the fault's kind: a metric label
	Asked  int    // writes or keys the call held
	Answer int    // outcomes, rows or lines that came back
}

// meter is the outermost layer: it also counts the calls that an open breaker turned away.
func meter(now func() time.Time, told func(Measure)) layer {
	return func(ctx context.Context, c *call, do func(context.Context) error) error {
		begin := now()
		err := do(ctx)
		m := Measure{Op: c.op, Took: now().Sub(begin), Result: "ok", Asked: c.asked, Answer: c.answer}
		if err != nil {
			m.Result = fault.KindOf(err).String()
		}
		told(m)
		return err
	}
}
