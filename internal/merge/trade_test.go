package merge_test

import (
	"container/heap"
	"math/rand/v2"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
)

const (
	stock   = 300
	span    = 10 * time.Minute
	feedLag = 15 * time.Second
	runaway = 1_000_000 // units held for nothing beyond which a run is not counted on
)

// market is one counter of a channel with its buyers, and the connector that keeps it right by a rule.
type market struct {
	setup
	rule
	r    *rand.Rand
	now  ident.Micros
	todo todo
	n    int64

	// The channel.
	shows int64
	was   []shown
	sold  []*sale

	// What sold elsewhere: in truth, and known here.
	elsewhere, known int64

	// The connector.
	copies  merge.Copies
	lines   map[int]*booked
	balance ledger.Balance
	untaken int64
	busy    bool // a reading or a write is on its way
	again   bool // something changed meanwhile
	must    bool // only a reading can tell
	result
}

type shown struct {
	from ident.Micros
	n    int64
}

// sale is an order line as it truly is.
type sale struct {
	units, shipped, taken, version int64
	cancelled                      bool
}

type booked struct {
	ledger.Line
	effects []ledger.Effect
}

// trade lets buyers buy for some time and then waits until nothing is left to do.
func trade(seed uint64, s setup, r rule) result {
	m := &market{setup: s, rule: r, r: rand.New(rand.NewPCG(seed, 7)), lines: map[int]*booked{}}
	m.shows, m.was = stock, []shown{{0, stock}}
	m.balance = ledger.Balance{OnHand: stock, Counted: 1}
	m.copies, _ = merge.Copies{}.Read(stock, 0)
	m.poisson(5*time.Second, func() { m.buy(1 + m.r.Int64N(3)) })
	m.poisson(10*time.Second, func() {
		m.elsewhere++
		m.after(m.drawn(500*time.Millisecond, 5*time.Second), func() { m.known++; m.kick() })
	})
	for len(m.todo) > 0 {
		e := heap.Pop(&m.todo).(deed)
		m.now = e.at
		e.do()
	}
	return m.judge()
}

func (m *market) poisson(every time.Duration, do func()) {
	var at time.Duration
	for {
		if at += time.Duration(m.r.ExpFloat64() * float64(every)); at >= span {
			return
		}
		m.after(at, do)
	}
}

func (m *market) drawn(from, to time.Duration) time.Duration {
	if to <= from {
		return from
	}
	return from + time.Duration(m.r.Int64N(int64(to-from)))
}

func (m *market) after(d time.Duration, do func()) {
	m.n++
	heap.Push(&m.todo, deed{m.now.Add(d), m.n, do})
}

func (m *market) set(n int64) {
	m.shows = n
	m.was = append(m.was, shown{m.now, n})
}

// at is what a reading as of t shows.
func (m *market) at(t ident.Micros) int64 {
	for i := len(m.was) - 1; i > 0; i-- {
		if m.was[i].from <= t {
			return m.was[i].n
		}
	}
	return m.was[0].n
}

// buy takes units if a buyer can get them, and lives the order's life: paid and shipped, or cancelled.
func (m *market) buy(units int64) {
	left := m.shows
	for _, s := range m.sold {
		if !s.cancelled && s.shipped == 0 {
			left -= s.units - s.taken
		}
	}
	if left < units {
		return
	}
	i, s := len(m.sold), &sale{units: units}
	m.sold = append(m.sold, s)
	m.sales++
	m.step(i, channel.AtPlaced)
	if m.r.IntN(100) < 15 {
		m.after(m.drawn(time.Second, time.Minute), func() {
			m.set(m.shows + s.taken)
			s.taken, s.cancelled = 0, true
			m.tell(i)
		})
		return
	}
	m.after(m.drawn(time.Second, 40*time.Second), func() {
		m.step(i, channel.AtPaid)
		m.after(m.drawn(5*time.Second, 100*time.Second), func() {
			s.shipped = s.units
			m.step(i, channel.AtShipped)
		})
	})
}

// step is one moment of an order: the channel lowers its own number at the declared one.
func (m *market) step(i int, at channel.Moment) {
	if s := m.sold[i]; m.moment == at {
		m.set(m.shows - s.units)
		s.taken = s.units
	}
	m.tell(i)
}

// tell makes the order feed show the line as it is now, a while later.
func (m *market) tell(i int) {
	s := m.sold[i]
	s.version++
	f := channel.Line{Quantity: s.units, Shipped: s.shipped, Taken: s.taken, Version: s.version}
	if s.cancelled {
		f.Quantity = 0
	}
	m.after(m.drawn(time.Second, feedLag), func() { m.book(i, f) })
}

// book is what the connector does with a line of the feed.
func (m *market) book(i int, f channel.Line) {
	l := m.lines[i]
	if l == nil {
		l = &booked{}
		m.lines[i] = l
	}
	before := l.Line
	next, changed := l.Newer(f, m.now)
	if !changed {
		return
	}
	l.Line = next.Meet(m.balance.Counted)
	want := l.Effects(ledger.Recipe{{Item: 1, Units: 1}})
	for _, e := range ledger.Differences(l.effects, want) {
		m.balance = m.balance.Add(e)
	}
	l.effects = want
	m.untaken += l.Untaken() - before.Untaken()
	m.copies = m.take(m.copies, l.Taken-before.Taken, m.now)
	if m.copies.Below+m.copies.Above > 0 {
		m.unsure++
	}
	m.must = m.must || m.forced
	m.kick()
}

// wire is what the channel must show to offer what is left.
func (m *market) wire() int64 {
	left := m.balance.Available() - m.copies.Holds.Total() - m.known
	return merge.Wire(max(0, left), m.untaken)
}

// kick begins to look at the counter, or notes that it has to be looked at again. A counter that is in sync is let be.
func (m *market) kick() {
	if m.busy {
		m.again = true
		return
	}
	if !m.must && m.copies.Settled(m.wire()) {
		return
	}
	m.busy = true
	m.after(m.drawn(100*time.Millisecond, 500*time.Millisecond), m.look)
}

func (m *market) done() {
	m.busy = false
	if m.again {
		m.again = false
		m.kick()
	}
}

// look reads the counter and writes what it should show.
func (m *market) look() {
	shown := m.at(m.now.Add(-m.drawn(0, m.lag)))
	if !m.fresh(m.copies, m.now, m.lag) {
		m.reread++
		m.after(max(200*time.Millisecond, m.lag/3), m.look)
		return
	}
	var d merge.Drift
	m.copies, d = m.read(m.copies, shown, m.now)
	m.must = false
	if d.Surplus > 0 {
		m.rises++
	}
	if d != (merge.Drift{}) {
		seen := m.now
		m.after(feedLag+m.lag+time.Second, func() { // the feed was read past it
			var gone merge.Drift
			m.copies, gone = m.prove(m.copies, seen)
			if m.released += gone.Hold; m.released < 0 || m.released > runaway {
				m.released = runaway
			}
			m.kick()
		})
	}
	value := m.wire()
	if value == shown {
		m.done()
		return
	}
	m.writes++
	silent := m.r.IntN(10) == 0
	m.after(m.drawn(200*time.Millisecond, 2*time.Second), func() { m.land(value, shown, silent) })
}

// land is the moment a write arrives; of those without an answer half were applied.
func (m *market) land(value, base int64, silent bool) {
	m.again = true // read back
	defer m.done()
	if m.mode == channel.CompareAndSet && m.shows != base {
		m.must = true // the mismatch is information
		return
	}
	if !silent || m.r.IntN(2) == 0 {
		if m.mode == channel.Relative {
			m.set(m.shows + value - base)
		} else {
			m.set(value)
		}
	}
	if silent {
		m.unknowns++
		m.copies = m.copies.Unanswered(m.mode, value, m.now)
		return
	}
	m.copies = m.copies.Applied(m.mode, value, base, m.now)
	m.must = true
}

// judge compares the channel with the truth.
func (m *market) judge() result {
	left := int64(stock) - m.elsewhere
	open := int64(0)
	for _, s := range m.sold {
		if s.cancelled {
			continue
		}
		left -= s.units
		if s.shipped == 0 {
			open += s.units - s.taken
		}
	}
	m.wrong = m.shows != max(0, left)+open
	m.believed = m.wrong && m.copies.Settled(m.wire())
	m.held = m.copies.Holds.Total()
	return m.result
}

// deed is something that will happen; todo is a heap of them.
type deed struct {
	at ident.Micros
	n  int64
	do func()
}

type todo []deed

func (t todo) Len() int      { return len(t) }
func (t todo) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t todo) Less(i, j int) bool {
	return t[i].at < t[j].at || t[i].at == t[j].at && t[i].n < t[j].n
}
func (t *todo) Push(x any) { *t = append(*t, x.(deed)) }
func (t *todo) Pop() any {
	last := len(*t) - 1
	x := (*t)[last]
	*t = (*t)[:last]
	return x
}
