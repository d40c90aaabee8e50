package model

import (
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/fault"
)

// Inject makes the next matching calls fail: in process and over HTTP alike. Inject(Fault{}) ends all planted faults.
func (m *Market) Inject(f farside.Fault) {
	defer m.enter()()
	if f == (farside.Fault{}) {
		m.injects = nil
		return
	}
	m.injects = append(m.injects, f)
}

// Deny takes back (or gives) the right to do op; the empty op is the whole authorisation.
func (m *Market) Deny(op channel.Op, denied bool) {
	defer m.enter()()
	m.denied[op] = denied
	if op == "" {
		m.access.renew()
	}
}

// mishap draws what goes wrong with the present call of op.
func (m *Market) mishap(op channel.Op) farside.FaultKind {
	m.calls[op]++
	for i := range m.injects {
		f := &m.injects[i]
		if f.Op != "" && f.Op != op {
			continue
		}
		kind := f.Kind
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				m.injects = slices.Delete(m.injects, i, i+1)
			}
		}
		return kind
	}
	if m.o.Script != nil {
		if kind := m.o.Script(op, m.calls[op]); kind != farside.FaultNone {
			return kind
		}
	}
	for _, c := range m.o.Faults {
		if (c.Op == "" || c.Op == op) && m.chance(c.PerMille) {
			return c.Kind
		}
	}
	return farside.FaultNone
}

// closed reports whether maintenance is on.
func (m *Market) closed() bool {
	w := m.o.Closed
	return w.Every > 0 && m.now.UnixNano()%int64(w.Every) < int64(w.For)
}

// admit says why a call of op is turned away before it is looked at: credentials, rights, maintenance, quotas.
func (m *Market) admit(op channel.Op, weight int64) error {
	switch {
	case m.denied[""]:
		return fault.New(fault.Unauthorized, "the channel refuses the credentials of this account; connect it again")
	case m.denied[op]:
		return fault.New(fault.Forbidden, "the account lacks the right to %s; connect it again with that right", op)
	case m.closed():
		return fault.New(fault.Unavailable, "the channel is closed for maintenance")
	}
	if !m.o.Quota.Enforce {
		return nil
	}
	if wait := take(m.buckets, op, weight, m.now); wait > 0 {
		m.stats.Throttled++
		err := fault.New(fault.RateLimited, "the channel asks for a pause of %v", wait)
		err.After = wait
		return err
	}
	return nil
}

// weight is what a call with n rows costs.
func (m *Market) weight(n int) int64 { return 1 + m.o.Quota.RowCost*int64(n) }

// faultKinds lists what can go wrong by chance in a swarm, in process.
func faultKinds() []farside.FaultKind {
	return []farside.FaultKind{
		farside.Fault429, farside.Fault500, farside.FaultHTML, farside.FaultTruncated, farside.FaultLost,
		farside.FaultDropped, farside.FaultIgnored, farside.FaultShortList, farside.FaultDuplicate,
		farside.FaultWrongType, farside.FaultPartial, FaultRefused, FaultLate, FaultMissing, FaultReordered, FaultHeld,
	}
}
