package model

import (
	"container/heap"
	"time"
)

// agenda is what the market will do later, by time and then by the order it was planned in.
type agenda struct {
	acts   acts
	serial int64
}

type act struct {
	at     time.Time
	serial int64
	do     func()
}

// plan remembers do for at.
func (a *agenda) plan(at time.Time, do func()) {
	a.serial++
	heap.Push(&a.acts, act{at, a.serial, do})
}

// pop takes out the next act due by now.
func (a *agenda) pop(now time.Time) (act, bool) {
	if len(a.acts) == 0 || a.acts[0].at.After(now) {
		return act{}, false
	}
	return heap.Pop(&a.acts).(act), true
}

type acts []act

func (s acts) Len() int { return len(s) }

func (s acts) Less(i, j int) bool {
	if s[i].at.Equal(s[j].at) {
		return s[i].serial < s[j].serial
	}
	return s[i].at.Before(s[j].at)
}

func (s acts) Swap(i, j int) { s[i], s[j] = s[j], s[i] }

func (s *acts) Push(x any) { *s = append(*s, x.(act)) }

func (s *acts) Pop() any {
	last := len(*s) - 1
	x := (*s)[last]
	(*s)[last] = act{}
	*s = (*s)[:last]
	return x
}

// rival plans the other tool's next write.
func (m *Market) rival(when time.Time) {
	m.later.plan(when, func() {
		if len(m.counters) > 0 {
			m.set(m.counters[m.o.Rand.IntN(len(m.counters))], m.o.Rival.Value, 0)
		}
		m.rival(when.Add(m.o.Rival.Every))
	})
}
