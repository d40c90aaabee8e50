package vendure

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
)

// feed is a reader that keeps the newest version of each line, as the core does.
type feed struct {
	*bench
	at    channel.Cursor
	lines map[string]channel.Line // by line id
	pages int
}

func (b *bench) feed() *feed { return &feed{bench: b, lines: map[string]channel.Line{}} }

type failer interface {
	Helper()
	Fatalf(format string, args ...any)
}

// poll reads to the end of one poll.
func (f *feed) poll(t failer) {
	t.Helper()
	for {
		p, err := f.Sales(context.Background(), f.at)
		if err != nil {
			t.Fatalf("Sales() = %v, want a page", err)
		}
		if len(p.Findings) != 0 || len(p.Next) > 4<<10 {
			t.Fatalf("Sales() = findings %v, a cursor of %d bytes, want none and at most 4096", p.Findings, len(p.Next))
		}
		f.pages++
		for _, x := range p.Lines {
			if old, known := f.lines[x.Line]; known && x.Version == old.Version && !cmp.Equal(old, x) {
				t.Fatalf("line changed without a new version (-old +new):\n%s", cmp.Diff(old, x))
			} else if !known || x.Version >= old.Version {
				f.lines[x.Line] = x
			}
		}
		if f.at = p.Next; !p.More {
			return
		}
	}
}

// settle waits until every order can be seen, and polls.
func (f *feed) settle(t failer) {
	t.Helper()
	f.clock.Advance(31 * time.Second)
	f.poll(t)
}

// facts is a line without what the channel makes of it.
type facts struct{ Quantity, Shipped, Returned, Taken int64 }

func (f *feed) facts(order string) []facts {
	var out []facts
	for _, id := range f.far.Lines(order) {
		x := f.lines[id]
		out = append(out, facts{x.Quantity, x.Shipped, x.Returned, x.Taken})
	}
	return out
}

func (f *feed) expect(t *testing.T, when, order string, want ...facts) {
	t.Helper()
	f.settle(t)
	if diff := cmp.Diff(want, f.facts(order)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

func (f *feed) buy(t *testing.T, items ...channeltest.Item) string {
	t.Helper()
	id, ok := f.far.Buy(items...)
	if !ok {
		t.Fatalf("Buy(%v) was refused", items)
	}
	return id
}
