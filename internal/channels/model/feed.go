package model

import (
	"sort"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// feed is the list of all changes of all lines, in the order they happened. It is searched by time and by number, never
// walked from its start.
type feed struct {
	log    []change
	open   []*line // lines with units to ship, by num; closed ones are swept out now and then
	closed int     // how many of open are no longer open
	nums   int64
}

// change is one version of one line.
type change struct {
	line    *line
	fact    channel.Line
	at      time.Time
	visible time.Time
	next    int // the next change of the same line; 0 when there is none (change 0 follows nothing)
}

// number gives out the number of a new line.
func (f *feed) number() int64 {
	f.nums++
	return f.nums
}

// append adds the present state of l.
func (f *feed) append(m *Market, l *line) {
	i := len(f.log)
	f.log = append(f.log, change{line: l, fact: l.fact(m.o.Skew), at: m.now, visible: m.now.Add(m.within(m.o.Caps.Sales.Lag))})
	wasOpen := false
	if l.newest >= 0 {
		f.log[l.newest].next = i
		wasOpen = f.log[l.newest].fact.Quantity > f.log[l.newest].fact.Shipped
	}
	first := l.newest < 0
	if first {
		l.first = i
	}
	l.newest = i
	switch isOpen := l.open() > 0; {
	case isOpen && first:
		f.open = append(f.open, l)
	case isOpen && !wasOpen: // reopened: back to its place
		f.reopen(l)
	case !isOpen && wasOpen:
		f.closed++
		f.sweep()
	}
}

// reopen puts l back among the open lines.
func (f *feed) reopen(l *line) {
	i := sort.Search(len(f.open), func(i int) bool { return f.open[i].num >= l.num })
	if i < len(f.open) && f.open[i] == l {
		f.closed--
		return
	}
	f.open = append(f.open, nil)
	copy(f.open[i+1:], f.open[i:])
	f.open[i] = l
}

// sweep drops closed lines once they are the larger part.
func (f *feed) sweep() {
	if f.closed < 64 || f.closed*2 < len(f.open) {
		return
	}
	keep := f.open[:0]
	for _, l := range f.open {
		if l.open() > 0 {
			keep = append(keep, l)
		}
	}
	clear(f.open[len(keep):])
	f.open, f.closed = keep, 0
}

// shown reports whether change i is the newest of its line that can be seen at t.
func (f *feed) shown(i int, t time.Time) bool {
	c := f.log[i]
	if c.visible.After(t) || c.line.vanished {
		return false
	}
	for n := c.next; n != 0; n = f.log[n].next {
		if !f.log[n].visible.After(t) {
			return false
		}
	}
	return true
}

// rows is one page of the feed.
type rows struct {
	changes []int // numbers in the log
	start   int   // the first change at or after since
	skip    int   // where the next page begins, counted from since
	more    bool
}

// since reads the changes made at or after t, oldest first, leaving out skip of them. Without shift, skip counts every
// change, so a page is found again whatever happens meanwhile; with shift it counts the rows shown.
func (f *feed) since(t time.Time, skip, limit int, now time.Time, shift bool) rows {
	start := sort.Search(len(f.log), func(i int) bool { return !f.log[i].at.Before(t) })
	r := rows{start: start, skip: skip}
	i := start
	if shift {
		for left := skip; left > 0 && i < len(f.log); i++ {
			if f.shown(i, now) {
				left--
			}
		}
	} else {
		i = min(start+skip, len(f.log))
	}
	for ; i < len(f.log); i++ {
		if !f.shown(i, now) {
			continue
		}
		if len(r.changes) == limit {
			r.more = true
			break
		}
		r.changes = append(r.changes, i)
	}
	if r.skip = i - start; shift {
		r.skip = skip + len(r.changes)
	}
	return r
}

// openLines reads lines with units to ship, by number after the given one, in the newest version that can be seen.
func (f *feed) openLines(after int64, limit int, now time.Time) (changes []int, last int64, more bool) {
	last = after
	for i := sort.Search(len(f.open), func(i int) bool { return f.open[i].num > after }); i < len(f.open); i++ {
		l := f.open[i]
		if l.open() == 0 || l.vanished {
			continue
		}
		if len(changes) == limit {
			return changes, last, true
		}
		last = l.num
		if c, ok := f.visible(l, now); ok {
			changes = append(changes, c)
		}
	}
	return changes, last, false
}

// visible finds the newest change of l that can be seen at t.
func (f *feed) visible(l *line, t time.Time) (int, bool) {
	// A line changes a handful of times: walking its changes from the first needs no second chain.
	found, ok := 0, false
	for i := l.first; ; i = f.log[i].next {
		if !f.log[i].visible.After(t) {
			found, ok = i, true
		}
		if f.log[i].next == 0 {
			return found, ok
		}
	}
}
