package limits

import (
	"encoding/json"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// State is one bucket, or one paused operation without a bucket, as it is stored and shown.
type State struct {
	Bucket string     `json:"bucket,omitempty"`
	Op     channel.Op `json:"op,omitempty"`
	// Free whole tokens of Most could be taken at the instant At. For people: Level is what is restored.
	Free int64 `json:"free"`
	Most int64 `json:"most"`
	// Level counts parts of a token; Unit parts are one.
	Level int64 `json:"level"`
	Unit  int64 `json:"unit"`
	// Rate is what the channel said; 0 when it never did.
	Rate int64        `json:"rate,omitempty"`
	At   ident.Micros `json:"at"`
	// Ends is the end of the window of a fixed bucket.
	Ends ident.Micros `json:"ends,omitzero"`
	// Blocked is the instant before which nothing may be sent.
	Blocked ident.Micros `json:"blocked,omitzero"`
}

// Snapshot returns the state of every bucket in the order of the limits, then of paused operations by name.
func (g *Gate) Snapshot() []State {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.states(g.now())
}

// Restore goes on from states, also those of another process. What does not belong to a bucket of today is ignored.
func (g *Gate) Restore(states []State) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.restore(states, g.now())
}

// Text returns Snapshot as JSON.
func (g *Gate) Text() string {
	b, err := json.Marshal(g.Snapshot())
	if err != nil {
		return "[]" // numbers and names: cannot happen
	}
	return string(b)
}

// Parse restores what Text gave.
func (g *Gate) Parse(text string) error {
	var states []State
	if err := json.Unmarshal([]byte(text), &states); err != nil {
		return fault.New(fault.Invalid, "stored limits cannot be read: they start anew")
	}
	g.Restore(states)
	return nil
}

func (g *Gate) states(now ident.Micros) []State {
	out := make([]State, 0, len(g.buckets)+len(g.pauses))
	for _, b := range g.buckets {
		b.settle(now)
		s := State{
			Bucket: b.limit.Name, Free: max(0, b.level) / b.unit, Most: b.capacity() / b.unit,
			Level: b.level, Unit: b.unit, At: now, Ends: b.ends,
		}
		if b.rate != b.limit.Rate {
			s.Rate = b.rate
		}
		if b.blocked > now {
			s.Blocked, s.Free = b.blocked, 0
		}
		out = append(out, s)
	}
	n := len(out)
	for op, end := range g.pauses {
		if end > now {
			out = append(out, State{Op: op, At: now, Blocked: end})
		}
	}
	slices.SortFunc(out[n:], func(a, b State) int { return strings.Compare(string(a.Op), string(b.Op)) })
	return out
}

func (g *Gate) restore(states []State, now ident.Micros) {
	for _, s := range states {
		if s.Bucket == "" && s.Op != "" && s.Blocked > now {
			g.pause(s.Op, min(s.Blocked, now.Add(longestBlock)), now)
			continue
		}
		for _, b := range g.buckets {
			if b.limit.Name == s.Bucket {
				b.restore(s, now)
			}
		}
	}
}

// restore takes s over. A clock that stood back meanwhile gives nothing away: time since then counts as none.
func (b *bucket) restore(s State, now ident.Micros) {
	if s.Unit <= 0 {
		return
	}
	if s.Rate > 0 {
		b.setRate(s.Rate)
	}
	level := s.Level
	if s.Unit != b.unit {
		// The limit's period changed: whole tokens only.
		tokens := min(max(-most/b.unit, level/s.Unit), most/b.unit)
		level = tokens * b.unit
	}
	b.level = min(max(0, level), b.capacity())
	b.at = min(max(0, s.At), now)
	b.blocked = min(max(0, s.Blocked), now.Add(longestBlock))
	if b.limit.Fixed && s.Ends > 0 {
		per := ident.Micros(b.limit.Per.Microseconds())
		b.ends = s.Ends
		if b.ends > now+per {
			b.ends = now + (s.Ends-now)%per
		}
	}
	b.settle(now)
}
