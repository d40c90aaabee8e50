// Package plan puts writes into batches by what the channel takes in one call: its largest batch, one group a call where
// it asks for that, no key twice, the most urgent first. It is pure, and its order depends on its input only.
//
// Only the newest value of a key exists when it is called (targets are state, not a queue: I20), so there is nothing to
// coalesce here; a key given twice is a defect of the caller and the later one is left for the next round.
package plan

import (
	"cmp"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
)

// Write is a write with its place in the queue: lower lanes first.
type Write struct {
	Lane int64
	channel.Write
}

// Batches groups writes for calls of one field. Within a batch and between batches the lanes are in order; a batch takes
// the lane of its most urgent write.
func Batches(field channel.Field, caps channel.BatchCaps, writes []Write) []channel.Batch {
	ws := slices.Clone(writes)
	slices.SortStableFunc(ws, func(a, b Write) int { return cmp.Compare(a.Lane, b.Lane) })
	most := max(1, caps.MaxBatch)
	var out []channel.Batch
	open := map[string]int{} // group → index of its batch that has room
	seen := map[any]bool{}
	for _, w := range ws {
		if key := keyOf(field, w.Write); seen[key] {
			continue
		} else {
			seen[key] = true
		}
		group := ""
		if caps.ByGroup || caps.WholeGroup {
			group = w.Listing.Group
		}
		i, ok := open[group]
		if !ok || len(out[i].Writes) >= most {
			i = len(out)
			open[group] = i
			out = append(out, channel.Batch{Field: field, Group: group})
		}
		out[i].Writes = append(out[i].Writes, w.Write)
	}
	return out
}

func keyOf(field channel.Field, w channel.Write) any {
	if field == channel.Stock {
		return w.Stock
	}
	return w.Listing.Key
}

// Halves splits a batch that was refused as a whole, so that the row at fault is found in log₂(n) calls (S11). A batch of
// one cannot be split.
func Halves(b channel.Batch) (first, second channel.Batch, ok bool) {
	if len(b.Writes) < 2 {
		return b, channel.Batch{}, false
	}
	first, second = b, b
	half := len(b.Writes) / 2
	first.Writes, second.Writes = b.Writes[:half], b.Writes[half:]
	return first, second, true
}

// Left returns how many writes of a daily budget remain for one key. A fifth is kept for writes to zero (I15).
func Left(budget, spent int, toZero bool) int {
	if budget == 0 {
		return 1 << 30
	}
	if !toZero {
		budget -= (budget + 4) / 5
	}
	return max(0, budget-spent)
}
