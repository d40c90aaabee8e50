package model

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// bookmark is where a reader of the feed stands. First it reads the open lines by number; then changes by the channel's
// own time, page by page; then it waits and begins again at the time of the poll's first page less the overlap (I4).
type bookmark struct {
	open  bool
	after int64 // with open: the last line read
	since int64 // without: microseconds of the channel's time
	skip  int   // how many changes at or after since are behind it
	asOf  int64 // the channel's time when this poll began; 0 before its first page
}

// margin is added to the feed's lag: the channel's times are whole microseconds and its clock is read twice.
const margin = time.Second

// cursor renders b.
func (b bookmark) cursor() channel.Cursor {
	if b.open {
		return channel.Cursor(fmt.Sprintf("open/%d/%d", b.after, b.asOf))
	}
	return channel.Cursor(fmt.Sprintf("changes/%d/%d/%d", b.since, b.skip, b.asOf))
}

// parseBookmark reads what cursor wrote; "" is the start.
func parseBookmark(c channel.Cursor) (bookmark, error) {
	if c == "" {
		return bookmark{open: true}, nil
	}
	kind, rest, _ := strings.Cut(string(c), "/")
	var n []int64
	for part := range strings.SplitSeq(rest, "/") {
		v, err := strconv.ParseInt(part, 10, 64)
		if err != nil || v < 0 && len(n) != 0 {
			return bookmark{}, notOurs()
		}
		n = append(n, v)
	}
	switch {
	case kind == "open" && len(n) == 2 && n[0] >= 0:
		return bookmark{open: true, after: n[0], asOf: n[1]}, nil
	case kind == "changes" && len(n) == 3 && n[1] < 1<<31:
		return bookmark{since: n[0], skip: int(n[1]), asOf: n[2]}, nil
	}
	return bookmark{}, notOurs()
}

func notOurs() error {
	return fault.New(fault.Invalid, "this bookmark was not made by this channel; read the orders from the start")
}

// rest is the bookmark of the next poll: back by the lag, so that a change that became visible late is still met (I4).
func (b bookmark) rest(lag time.Duration) bookmark {
	return bookmark{since: b.asOf - (lag + margin).Microseconds()}
}

// token renders a bookmark of the catalogue.
func (p place) token() string {
	return fmt.Sprintf("%d.%d.%s", p.row, p.made.UnixMicro(), p.last)
}

// parsePlace reads what token wrote.
func parsePlace(s string) (*place, error) {
	if s == "" {
		return nil, nil
	}
	bad := fault.New(fault.Invalid, "this bookmark was not made by this channel; start the list again")
	row, rest, ok := strings.Cut(s, ".")
	made, last, ok2 := strings.Cut(rest, ".")
	r, err := strconv.ParseInt(row, 10, 32)
	t, err2 := strconv.ParseInt(made, 10, 64)
	if !ok || !ok2 || err != nil || err2 != nil || r < 0 {
		return nil, bad
	}
	return &place{row: int(r), last: last, made: time.UnixMicro(t)}, nil
}
