package woocommerce

import (
	"net/url"
	"strconv"
)

// mostBacks is how often one sweep may go back because the list shifted under it.
const mostBacks = 100

// position is how far one list ordered by id has been read. Pages overlap by one row: the last row taken must be the
// first of the next page, else the list has shifted (a row before it was deleted) and is read again from further back.
type position struct {
	Offset int64 `json:"o,omitempty"`
	Last   int64 `json:"l,omitempty"` // highest id taken
	// Sure is set when the row at Offset must be Last: the page before was full. Rows that the key may not see leave
	// pages short, and then nothing can be said of the positions.
	Sure  bool  `json:"s,omitempty"`
	Back  bool  `json:"b,omitempty"` // this page was gone back to
	Backs int   `json:"k,omitempty"`
	Seen  int64 `json:"n,omitempty"` // rows taken
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
// whole list holds, nil when it does not say.
func (p position) take(ids []int64, total *int64) (step, error) {
	if p.Sure && p.Offset > 0 && (len(ids) == 0 || ids[0] > p.Last) {
		if p.Backs++; p.Backs > mostBacks {
			return step{}, unavailable(0, "the shop's list changes faster than it can be read")
		}
		p.Offset, p.Back = max(0, p.Offset-pageSize), true
		return step{next: p, skip: true}, nil
	}
	from, last := 0, int64(0)
	for i, id := range ids {
		if id != 0 && id < last {
			return step{}, unavailable(0, "the shop does not list by id as it was asked to; a plugin changes the order, so rows would be missed")
		}
		last = max(last, id)
		if id != 0 && id <= p.Last {
			from = i + 1
		}
	}
	next := position{Offset: p.Offset + pageSize - 1, Last: max(p.Last, last), Backs: p.Backs}
	next.Sure = len(ids) == pageSize && ids[len(ids)-1] != 0
	next.Seen = p.Seen + distinct(ids[from:])
	done := len(ids) == 0
	if total != nil {
		done = p.Offset+pageSize >= *total
	}
	if !done && len(ids) > 0 && from == len(ids) && p.Offset > 0 && !p.Back {
		return step{}, unavailable(0, "the shop answers every page with the same rows")
	}
	return step{next: next, from: from, done: done}, nil
}

// upTo is the position after only the first n rows of the page at p were taken; n is at least 1.
func (p position) upTo(ids []int64, from, n int) position {
	last := p.Last
	for _, id := range ids[:n] {
		last = max(last, id)
	}
	return position{
		Offset: p.Offset + int64(n) - 1, Last: last, Sure: len(ids) == pageSize && ids[n-1] != 0, Backs: p.Backs,
		Seen: p.Seen + distinct(ids[from:n]),
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
