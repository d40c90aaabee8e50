package flow

import (
	"context"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/plan"
)

// send carries recorded intents to the channel, batch by batch, and settles each batch when it is answered. What cannot
// leave now is superseded: its target stays due, and the next round decides anew.
func (d *drive) send(ctx context.Context, f channel.Field, sends []send) error {
	if len(sends) == 0 {
		return nil
	}
	byRef := make(map[int64]*send, len(sends))
	writes := make([]plan.Write, len(sends))
	for i := range sends {
		byRef[sends[i].write.Ref] = &sends[i]
		writes[i] = plan.Write{Lane: int64(sends[i].lane), Write: sends[i].write}
	}
	caps, op := d.caps.Stock.BatchCaps, channel.OpStock
	if f == channel.Price {
		caps, op = d.caps.Price.BatchCaps, channel.OpPrice
	}
	queue := plan.Batches(f, caps, writes)
	var trouble error
	for len(queue) > 0 {
		b := queue[0]
		queue = queue[1:]
		rc := refused(b, "not-sent", "")
		switch {
		case trouble != nil || ctx.Err() != nil || d.now() < d.waits[op]:
		case d.now() >= byRef[b.Writes[0].Ref].intent.NotAfter: // I7
		default:
			rc, trouble = d.submit(ctx, op, b, byRef)
		}
		if first, second, ok := bisect(b, rc); ok && !caps.WholeGroup {
			queue = append([]channel.Batch{first, second}, queue...) // the row at fault is found, the others go on (S11)
			continue
		}
		if err := d.settle(ctx, f, b, rc, byRef); err != nil {
			return err
		}
	}
	return trouble
}

// submit sends one batch and gives every write of it an outcome: silence is Unknown, "nothing left" is RetryAfter.
func (d *drive) submit(ctx context.Context, op channel.Op, b channel.Batch, byRef map[int64]*send) (channel.Receipt, error) {
	if byRef[b.Writes[0].Ref].lane == ToZero {
		ctx = channel.ToZero(ctx) // a share of every limit is kept for these
	}
	sent := d.now()
	rc, err := d.ch.Submit(ctx, b)
	d.measureSend(b, byRef, sent)
	switch {
	case err != nil && (fault.Is(err, fault.RateLimited) || !fault.SentOf(err)):
		if fault.Is(err, fault.RateLimited) {
			d.wait(op, max(fault.AfterOf(err), time.Millisecond))
			err = nil
		}
		return refused(b, "not-sent", ""), err
	case err != nil:
		return channel.Receipt{Outcomes: b.Outcomes(channel.Outcome{State: channel.Unknown, Code: fault.KindOf(err).String()})}, err
	}
	answered := make(map[int64]bool, len(rc.Outcomes))
	for _, o := range rc.Outcomes {
		answered[o.Ref] = true
		if o.State == channel.RetryAfter && o.After > 0 {
			d.wait(op, o.After)
		}
	}
	leaveOut(rc.Outcomes)
	for _, w := range b.Writes {
		if !answered[w.Ref] { // F6: a missing answer is unknown, whatever the others say
			rc.Outcomes = append(rc.Outcomes, channel.Outcome{Ref: w.Ref, State: channel.Unknown, Code: "no-answer"})
		}
	}
	return rc, nil
}

// refused is the receipt of a batch that did not leave.
func refused(b channel.Batch, code, text string) channel.Receipt {
	return channel.Receipt{Outcomes: b.Outcomes(channel.Outcome{State: channel.RetryAfter, Code: code, Text: text})}
}

// bisect splits a batch whose rows were all refused because of one of them.
func bisect(b channel.Batch, rc channel.Receipt) (first, second channel.Batch, ok bool) {
	for _, o := range rc.Outcomes {
		if o.State != channel.Rejected || o.Code != channel.CodeBatch {
			return b, b, false
		}
	}
	return plan.Halves(b)
}

// leaveOut makes rows that were refused only because of a row that was named wait for the next round.
func leaveOut(os []channel.Outcome) {
	named := slices.ContainsFunc(os, func(o channel.Outcome) bool { return o.Code != channel.CodeBatch })
	for i := range os {
		if named && os[i].State == channel.Rejected && os[i].Code == channel.CodeBatch {
			os[i].State = channel.RetryAfter
		}
	}
}

// measureSend notes how long a sale took from being booked to leaving for another channel.
func (d *drive) measureSend(b channel.Batch, byRef map[int64]*send, sent ident.Micros) {
	for _, w := range b.Writes {
		if s := byRef[w.Ref]; s.soldAt != 0 {
			s.delay = sent.Sub(s.soldAt)
		}
	}
}
