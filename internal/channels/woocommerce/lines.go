package woocommerce

import (
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// phase orders the states of an order within one second.
type phase int64

const (
	phaseDraft phase = iota
	phasePending
	phaseFailed
	phaseOpen
	phaseCompleted
	phaseRefunded
	phaseCancelled
)

// phaseOf reads a status of the shop's own; known is false for one that a plugin added, which counts as open.
func phaseOf(status string) (ph phase, known bool) {
	switch status {
	case "checkout-draft", "auto-draft":
		return phaseDraft, true
	case "pending":
		return phasePending, true
	case "failed":
		return phaseFailed, true
	case "processing", "on-hold":
		return phaseOpen, true
	case "completed":
		return phaseCompleted, true
	case "refunded":
		return phaseRefunded, true
	case "cancelled":
		return phaseCancelled, true
	}
	return phaseOpen, false
}

// facts turns an order into what the core may know of it. clock is the shop's own time of the answer (0 when it did not say); refunded holds
// the refunded units per line where the lines themselves do not tell what was put back. known is false for a status
// that a plugin added: its lines count as open, so nothing is sold twice.
func (o order) facts(clock int64, refunded map[int64]int64) (lines []channel.Line, bad []channel.ListingKey, known bool) {
	ph, known := phaseOf(o.status)
	settled := clock-o.modified >= int64(lag/time.Second) && clock != 0
	for _, l := range o.lines {
		if l.err != nil {
			bad = append(bad, listingKey(l.at))
			continue
		}
		f := l.fact(ph, o.completed, settled && known, refunded[l.id])
		f.Order, f.Line, f.Listing = strconv.FormatInt(o.id, 10), strconv.FormatInt(l.id, 10), listingKey(l.at)
		f.PlacedAt = time.Unix(o.created, 0).UTC()
		f.Version = version(o.modified, settled, ph, f, l.quantity)
		lines = append(lines, f)
	}
	return lines, bad, known
}

// fact says how many units l takes. refunded is used only where the shop keeps no tally of what refunds put back.
func (l orderLine) fact(ph phase, completed, settled bool, refunded int64) channel.Line {
	back := value(l.restocked)
	if l.restocked == nil && l.reduced != nil {
		back = min(refunded, max(0, l.quantity-*l.reduced))
	}
	back = min(back, l.quantity)
	taken := value(l.reduced)
	if l.reduced == nil && settled && (ph == phaseOpen || ph == phaseCompleted) {
		// The moment has passed and the shop lowered nothing: its product was not managed then. It will not lower anything
		// later either, so these units must not be added to what is written (correctness 1a).
		taken = l.quantity - back
	}
	f := channel.Line{Taken: taken}
	switch ph {
	case phaseDraft, phaseCancelled:
	case phaseFailed:
		f.Quantity = min(taken, l.quantity) // the shop keeps aside what it had taken and nothing else
	case phasePending, phaseOpen:
		f.Quantity = l.quantity - back
	case phaseCompleted:
		f.Quantity, f.Shipped, f.Returned = l.quantity, l.quantity, back
	case phaseRefunded:
		if completed {
			f.Quantity, f.Shipped, f.Returned = l.quantity, l.quantity, back
			break
		}
		// Refunded before it was sent: what was put back was never gone, the rest is gone by the shop's own word.
		f.Quantity, f.Shipped = l.quantity-back, l.quantity-back
	}
	return f
}

func value(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// version orders the versions of a line. The shop's times have whole seconds, and within the second that an order is
// saved its status, stock and tallies change one after the other. So a version is
//
//	second of the change × 2^20 | settled × 2^19 | phase × 2^16 | progress
//
// where settled means that the shop's clock was past that second by the visibility lag when the line was read: from then
// on the second is over, so such a reading beats every earlier one of it, also one that went backwards (cancelled, then
// taken up again). Before, a later phase and more progress win. Every change is read once settled, because polls reach
// back by more than the lag (I4).
func version(modified int64, settled bool, ph phase, f channel.Line, ordered int64) int64 {
	progress := f.Taken + 2*f.Returned // a restocking refund lowers one and raises the other
	switch ph {
	case phaseOpen, phasePending:
		progress = f.Taken + 2*(ordered-f.Quantity)
	case phaseRefunded:
		progress = f.Taken + 2*(ordered-f.Quantity+f.Returned)
	case phaseCancelled, phaseDraft:
		progress = ordered - f.Taken // giving back is what happens here
	}
	v := modified<<20 | int64(ph)<<16 | max(0, min(progress, 1<<16-1))
	if settled {
		v |= 1 << 19
	}
	return v
}

// mustAsk reports whether the order's refunds must be read: a line is down by less than it was ordered, there are
// refunds, and the shop keeps no tally of what they put back.
func (o order) mustAsk() bool {
	if o.refunds == 0 {
		return false
	}
	for _, l := range o.lines {
		if l.restocked == nil && l.reduced != nil && *l.reduced < l.quantity {
			return true
		}
	}
	return false
}
