package model

import (
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/fault"
)

// job is one asynchronous batch.
type job struct {
	made     time.Time
	ended    time.Time // zero while it runs
	outcomes []channel.Outcome
}

// write takes one batch: it checks the batch as a whole, then does it or makes a ticket of it. Every row is answered.
func (m *Market) write(b channel.Batch, kind farside.FaultKind) (channel.Receipt, error) {
	caps := m.o.Caps.Stock.BatchCaps
	switch {
	case b.Field == channel.Price && !m.o.Caps.Price.Write, b.Field == channel.Stock && m.o.Caps.Stock.Mode == channel.NoWrite:
		return channel.Receipt{}, fault.New(fault.Forbidden, "%s cannot be written here", b.Field)
	case b.Field == channel.Price:
		caps = m.o.Caps.Price.BatchCaps
	}
	if len(b.Writes) > caps.MaxBatch {
		return channel.Receipt{}, fault.New(fault.Invalid, "%d rows in one batch, at most %d are taken", len(b.Writes), caps.MaxBatch)
	}
	if kind == farside.FaultIgnored {
		return channel.Receipt{Outcomes: b.Outcomes(channel.Outcome{State: channel.Applied})}, nil
	}
	if !caps.Ticket {
		return channel.Receipt{Outcomes: m.rows(b, caps, kind)}, nil
	}
	t := channel.Ticket(m.o.Name + "T" + m.next())
	j := &job{made: m.now}
	m.jobs[t] = j
	if !m.chance(m.o.Async.Stuck) {
		m.later.plan(m.now.Add(m.within(m.o.Async.Queue)), func() { j.outcomes, j.ended = m.rows(b, caps, kind), m.now })
	}
	return channel.Receipt{Outcomes: b.Outcomes(channel.Outcome{State: channel.Accepted}), Ticket: t}, nil
}

// poll reports a job.
func (m *Market) poll(t channel.Ticket) (outcomes []channel.Outcome, done bool, err error) {
	j := m.jobs[t]
	if j == nil {
		return nil, false, fault.New(fault.NotFound, "there is no job with this ticket")
	}
	if j.ended.IsZero() {
		return nil, false, nil
	}
	if m.o.Async.Keep > 0 && m.now.Sub(j.ended) > m.o.Async.Keep {
		delete(m.jobs, t)
		return nil, false, fault.New(fault.NotFound, "the report of this job is no longer kept")
	}
	return j.outcomes, true, nil
}

// rows does a batch: the checks that concern the whole of it first, then row by row.
func (m *Market) rows(b channel.Batch, caps channel.BatchCaps, kind farside.FaultKind) []channel.Outcome {
	out := make([]channel.Outcome, len(b.Writes))
	bad := 0
	for i, w := range b.Writes {
		code := m.refuse(b, w)
		switch {
		case code == "" && i == 0 && kind == farside.FaultPartial:
			code = channel.CodeInvalid
		case code == "" && i == 0 && kind == FaultHeld:
			out[i] = channel.Outcome{Ref: w.Ref, State: channel.HeldBack, Text: "the channel looks at this change first"}
			continue
		}
		if code != "" {
			out[i] = channel.Outcome{Ref: w.Ref, State: channel.Rejected, Code: code, Text: reason(code)}
			bad++
		}
	}
	if m.o.DuplicateKills && twice(b) || caps.AllOrNothing && bad > 0 {
		for i := range out {
			if out[i].State == "" {
				out[i] = channel.Outcome{Ref: b.Writes[i].Ref, State: channel.Rejected, Code: channel.CodeBatch, Text: reason(channel.CodeBatch)}
			}
		}
		return out
	}
	if caps.WholeGroup {
		m.endOthers(b)
	}
	for i, w := range b.Writes {
		if out[i].State == "" {
			out[i] = m.apply(b.Field, w, caps)
		}
	}
	return out
}

// reason is the text of a code for a person.
func reason(code string) string {
	switch code {
	case channel.CodeNotFound:
		return "the channel does not know this listing"
	case channel.CodeChannelPool:
		return "the channel sells this listing from its own warehouse"
	case channel.CodeBatch:
		return "another row of the batch was refused"
	}
	return "the channel does not take this value"
}

// refuse says why one row cannot be done: "" when it can.
func (m *Market) refuse(b channel.Batch, w channel.Write) string {
	caps := m.o.Caps
	if b.Field == channel.Price {
		x := m.byKey[w.Listing.Key]
		switch {
		case x == nil || x.gone || caps.Price.ByGroup && x.group != b.Group:
			return channel.CodeNotFound
		case w.Price.Minor <= 0 || w.Price.Currency != x.price.Currency:
			return channel.CodeInvalid
		}
		return ""
	}
	c := m.byStock[w.Stock]
	x := owner(c, caps.Stock.ByGroup, b.Group)
	if x == nil {
		return channel.CodeNotFound
	}
	n := w.Quantity
	if caps.Stock.Mode == channel.Relative {
		n = c.n + w.Delta
	}
	switch {
	case x.pool == channel.ByChannel:
		return channel.CodeChannelPool
	case n < 0 && caps.Stock.Mode != channel.Relative, caps.Stock.Max > 0 && n > caps.Stock.Max:
		return channel.CodeInvalid
	case n == 0 && caps.Stock.Zero == channel.RefuseZero:
		return channel.CodeInvalid
	}
	return ""
}

// owner is a listing that still draws from c, of one group when writes go by group.
func owner(c *counter, byGroup bool, group string) *listing {
	if c == nil {
		return nil
	}
	for _, x := range c.listings {
		if !x.gone && (!byGroup || x.group == group) {
			return x
		}
	}
	return nil
}

// twice reports whether a batch names a key twice.
func twice(b channel.Batch) bool {
	type key struct {
		stock   channel.StockKey
		listing channel.ListingKey
	}
	seen := map[key]bool{}
	for _, w := range b.Writes {
		k := key{stock: w.Stock}
		if b.Field == channel.Price {
			k = key{listing: w.Listing.Key}
		}
		if seen[k] {
			return true
		}
		seen[k] = true
	}
	return false
}

// endOthers is what a full replace does to what it does not name: a listing of the group that is left out ends.
func (m *Market) endOthers(b channel.Batch) {
	named := map[*listing]bool{}
	for _, w := range b.Writes {
		if b.Field == channel.Price {
			named[m.byKey[w.Listing.Key]] = true
		} else if c := m.byStock[w.Stock]; c != nil {
			for _, x := range c.listings {
				named[x] = true
			}
		}
	}
	for _, x := range m.groups[b.Group] {
		if !named[x] && m.end(x.key) {
			m.stats.Ended++
		}
	}
}

// apply does one row that nothing forbids.
func (m *Market) apply(f channel.Field, w channel.Write, caps channel.BatchCaps) channel.Outcome {
	o := channel.Outcome{Ref: w.Ref, State: channel.Applied}
	var r *revisions
	c, x := m.byStock[w.Stock], m.byKey[w.Listing.Key]
	if r = revisionsOf(f, c, x); caps.Budget > 0 {
		if wait, ok := r.use(m.now, caps.Budget); !ok {
			m.stats.OverBudget++
			return channel.Outcome{Ref: w.Ref, State: channel.RetryAfter, After: wait, Text: "this listing had all changes of the day"}
		}
	}
	if f == channel.Price {
		m.stats.Writes++
		m.setPrice(x, w.Price, caps.Settle)
		return o
	}
	if m.known(c, w.Key) {
		m.stats.Repeats++
		return o
	}
	n := w.Quantity
	switch m.o.Caps.Stock.Mode {
	case channel.CompareAndSet:
		if c.n != w.Base {
			m.stats.Stale++
			return channel.Outcome{Ref: w.Ref, State: channel.Conflict, Current: new(c.n), Text: "the channel's number is another one"}
		}
	case channel.Relative:
		n = c.n + w.Delta
	case channel.Sequenced:
		if w.Sequence == c.fence && c.n == w.Quantity {
			return o
		}
		if w.Sequence <= c.fence {
			m.stats.Stale++
			return channel.Outcome{Ref: w.Ref, State: channel.Conflict, Current: new(c.n), Text: "a later change was taken already"}
		}
		c.fence = w.Sequence
	}
	m.stats.Writes++
	m.set(c, n, caps.Settle)
	return o
}

func revisionsOf(f channel.Field, c *counter, x *listing) *revisions {
	if f == channel.Price {
		return &x.revision
	}
	return &c.revision
}

// use counts one change of the day; ok is false when the day has had budget of them, and wait is how long it still lasts.
func (r *revisions) use(now time.Time, budget int) (wait time.Duration, ok bool) {
	day := now.Unix() / 86400
	if r.day != day {
		r.day, r.n = day, 0
	}
	if r.n >= budget {
		return time.Unix((day+1)*86400, 0).Sub(now), false
	}
	r.n++
	return 0, true
}

// memory is the idempotency keys of one counter, oldest first.
type memory struct {
	used  map[string]bool
	order []remembered
}

type remembered struct {
	key string
	at  time.Time
}

// known reports whether key was used on c within the window, and remembers it.
func (m *Market) known(c *counter, key string) bool {
	window := m.o.Caps.Stock.KeyWindow
	if window <= 0 || key == "" {
		return false
	}
	k := &c.keys
	for len(k.order) > 0 && m.now.Sub(k.order[0].at) > window {
		delete(k.used, k.order[0].key)
		k.order = k.order[1:]
	}
	if k.used[key] {
		return true
	}
	if k.used == nil {
		k.used = map[string]bool{}
	}
	k.used[key] = true
	k.order = append(k.order, remembered{key, m.now})
	return false
}
