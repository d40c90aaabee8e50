package woocommerce

import (
	"net/url"
	"strconv"
)

// mostBacks is how often one sweep may go back because the list shifted under it.
const mostBacks = 100

// position is how far one list ordered by id has been read. Pages overlap by at least one row: the page at Offset must
// begin with a row that was taken, else the list has shifted (a row before it was deleted) and is read again from
// further back. Rows that the key may not see leave pages short; Offset counts shown rows only, so it never lies too far.
type position struct {
	Offset int64 `json:"o,omitempty"`
	Last   int64 `json:"l,omitempty"` // highest id taken
	Back   bool  `json:"b,omitempty"` // this page was gone back to
	Leap   bool  `json:"j,omitempty"` // the page before showed nothing new, so this one need not overlap
	Backs  int   `json:"k,omitempty"`
	Seen   int64 `json:"n,omitempty"` // rows taken
}

// query asks for the page at p.
func (p position) query(fields string) url.Values {
	q := url.Values{
		"per_page": {strconv.Itoa(pageSize)}, "orderby": {"id"}, "order": {"asc"}, "_fields": {fields},
	}
	if p.Offset > 0 {
		q.Set("offset", strconv.FormatInt(p.Offset, 10))
	}
	return q
}

// step is what a page amounts to.
type step struct {
	next position
	from int  // rows before this index were taken before
	skip bool // the page is not to be used: the list has shifted
	done bool // it was the last page
}

// take decides about a page with rows of the given ids, 0 for a row that has none. total is what the shop says the
// whole list holds, nil when it does not say; then the list ends at an empty page.
func (p position) take(ids []int64, total *int64) (step, error) {
	if p.Offset > 0 && p.Last > 0 && !p.Leap && (len(ids) == 0 || ids[0] > p.Last) {
		if p.Backs++; p.Backs > mostBacks {
			return step{}, unavailable("the shop's list changes faster than it can be read")
		}
		p.Offset, p.Back = max(0, p.Offset-pageSize), true
		return step{next: p, skip: true}, nil
	}
	from, last := 0, int64(0)
	for i, id := range ids {
		if id != 0 && id < last {
			return step{}, unavailable("the shop does not list by id as it was asked to; a plugin changes the order, so rows would be missed")
		}
		last = max(last, id)
		if id != 0 && id <= p.Last {
			from = i + 1
		}
	}
	st := step{from: from, next: p.upTo(ids, from, len(ids))}
	full, news := len(ids) >= pageSize, from < len(ids)
	if st.done = len(ids) == 0; total != nil {
		st.done = p.Offset+pageSize >= *total
	}
	switch {
	case st.done, news, p.Back && st.next.Offset > p.Offset:
	case full:
		return step{}, unavailable("the shop answers every page with the same rows")
	default: // what is new here is hidden, or the list has ended
		st.next.Offset, st.next.Leap = p.Offset+pageSize-1, true
	}
	return st, nil
}

// upTo is the position after the first n rows of the page at p, of which those before from were taken before.
func (p position) upTo(ids []int64, from, n int) position {
	last, shown := p.Last, distinct(ids[:n])
	for _, id := range ids[:n] {
		if last = max(last, id); id == 0 {
			shown++
		}
	}
	return position{
		Offset: p.Offset + max(0, min(shown, pageSize)-1), Last: last, Backs: p.Backs, Seen: p.Seen + distinct(ids[from:n]),
	}
}

// distinct counts the ids of a sorted list that are not 0.
func distinct(ids []int64) int64 {
	n, last := int64(0), int64(0)
	for _, id := range ids {
		if id != 0 && id != last {
			n++
			last = id
		}
	}
	return n
}

// missing is how many rows of the list the shop counts but did not show.
func (p position) missing(total *int64) int64 {
	if total == nil {
		return 0
	}
	return max(0, *total-p.Seen)
}
