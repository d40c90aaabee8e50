package flow

import (
	"encoding/json"
	"slices"
	"strconv"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/policy"
)

// A decision is stored for every target that changes, so its record is most of what the database holds. In most records
// most steps change nothing and say one of a few sentences: those are stored as the number of the sentence. Nothing is
// left out; reading a record gives back what was written.

// pace is a step of either kind of result; one that was not reached has only a note.
type pace struct {
	in, out, note string
	reached       bool
}

// way is the steps of a result in the order of their names. A step that was reached and changes nothing is its note; one
// that changes something is [out, note], and [in, out, note] when it does not go on from the one before; a step that was
// not reached is {"not": note}. Notes that are often said are numbers.
type way []pace

// said lists notes that are often said. It belongs to the form of the records: new ones come at the end.
func said() []string {
	return []string{
		"no rule", "not reached", "0 reserved for open orders", "0 held for sales whose order was not seen yet",
		"no channel is selling it unseen", "one of the item is one piece", "orders of this channel are read",
		"there is something to offer", "zero is written", "both prices hold the same VAT", "neither price holds VAT",
		"to the minor unit", "no ceiling is configured; the limit on rises of 50 % stands in",
		"no median of 30 days is known: not compared",
	}
}

// append writes the way as JSON.
func (w way) append(b []byte) []byte {
	last := ""
	for i, p := range w {
		sep := byte(',')
		if i == 0 {
			sep = '['
		}
		b = append(b, sep)
		switch {
		case !p.reached:
			b = append(appendNote(append(b, `{"not":`...), p.note), '}')
			continue
		case p.in == p.out && p.in == last && i > 0:
			b = appendNote(b, p.note)
			continue
		case p.in == last && i > 0:
			b = append(b, '[')
		default:
			b = append(appendText(append(b, '['), p.in), ',')
		}
		b = append(appendNote(append(appendText(b, p.out), ','), p.note), ']')
		last = p.out
	}
	return append(b, ']')
}

// appendNote writes a note, or the number of one that is often said.
func appendNote(b []byte, note string) []byte {
	if n := slices.Index(said(), note); n >= 0 {
		return strconv.AppendInt(b, int64(n), 10)
	}
	return appendText(b, note)
}

// appendText writes a JSON text. Nearly all of ours are plain.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, err := json.Marshal(s)
			if err != nil {
				panic(err) // texts always encode
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// object writes one JSON object field by field; fields with nothing to say are left out.
type object struct {
	b   []byte
	err error
}

func (o *object) key(name string) {
	sep := byte(',')
	if len(o.b) == 0 {
		sep = '{'
	}
	o.b = append(append(append(append(o.b, sep, '"'), name...), '"'), ':')
}

func (o *object) text(name, s string) {
	if s != "" {
		o.key(name)
		o.b = appendText(o.b, s)
	}
}

func (o *object) number(name string, n int64) {
	if n != 0 {
		o.key(name)
		o.b = strconv.AppendInt(o.b, n, 10)
	}
}

func (o *object) any(name string, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		o.err = err
		return
	}
	o.key(name)
	o.b = append(o.b, text...)
}

func (o *object) way(w way) {
	o.key("way")
	o.b = w.append(o.b)
}

func (o *object) end() ([]byte, error) {
	if o.err != nil {
		return nil, fault.Wrap("encode a decision", o.err)
	}
	return append(o.b, '}'), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (w *way) UnmarshalJSON(data []byte) error {
	var rows []json.RawMessage
	if err := json.Unmarshal(data, &rows); err != nil {
		return err
	}
	*w = make(way, 0, len(rows))
	last := ""
	for _, row := range rows {
		p := pace{in: last, out: last, reached: true}
		switch row[0] {
		case '[':
			var parts []json.RawMessage
			if err := json.Unmarshal(row, &parts); err != nil {
				return err
			}
			if len(parts) < 2 || len(parts) > 3 {
				return fault.New(fault.Invalid, "a step has %d parts", len(parts))
			}
			if len(parts) == 3 {
				if err := json.Unmarshal(parts[0], &p.in); err != nil {
					return err
				}
				parts = parts[1:]
			}
			if err := json.Unmarshal(parts[0], &p.out); err != nil {
				return err
			}
			row = parts[1]
			last = p.out
		case '{':
			var not struct{ Not json.RawMessage }
			if err := json.Unmarshal(row, &not); err != nil {
				return err
			}
			p, row = pace{}, not.Not
		}
		if err := p.read(row); err != nil {
			return err
		}
		*w = append(*w, p)
	}
	return nil
}

// read reads the note of a step: a text, or the number of one that is often said.
func (p *pace) read(note json.RawMessage) error {
	if len(note) > 0 && note[0] == '"' {
		return json.Unmarshal(note, &p.note)
	}
	var n int
	if err := json.Unmarshal(note, &n); err != nil {
		return err
	}
	often := said()
	if n < 0 || n >= len(often) {
		return fault.New(fault.Invalid, "there is no note %d", n)
	}
	p.note = often[n]
	return nil
}

// storedStock is a StockRecord as it is read.
type storedStock struct {
	Code     string
	Rules    []ident.Rule
	Input    policy.Input
	State    policy.State
	Quantity int64
	Reason   policy.Reason
	DownOnly int64      `json:"down_only"`
	Item     ident.Item // of the steps that are counted in its units
	Way      way
	Steps    []policy.Step // where they are not those of policy.Order
	Untaken  int64
	Wire     *int64
}

// MarshalJSON implements json.Marshaler.
func (r StockRecord) MarshalJSON() ([]byte, error) {
	o := object{b: make([]byte, 0, 512)}
	o.text("code", r.Code)
	if len(r.Rules) > 0 {
		o.any("rules", r.Rules)
	}
	o.any("input", &r.Input)
	o.text("state", string(r.Result.State))
	o.number("quantity", r.Result.Quantity)
	o.text("reason", string(r.Result.Reason))
	o.number("down_only", flag(r.Result.DownOnly))
	item := r.Result.Limit()
	o.number("item", int64(item))
	if w := stockWay(r.Result.Steps, item); w != nil {
		o.way(w)
	} else {
		o.any("steps", r.Result.Steps)
	}
	o.number("untaken", r.Untaken)
	if r.Wire != nil {
		o.key("wire")
		o.b = strconv.AppendInt(o.b, *r.Wire, 10)
	}
	return o.end()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// stockWay is the way of steps; nil when they are not those of policy.Order.
func stockWay(steps []policy.Step, item ident.Item) way {
	names := policy.Order()
	if len(steps) != len(names) {
		return nil
	}
	w := make(way, len(steps))
	for i, x := range steps {
		if names[i] == policy.StepPieces {
			item = 0
		}
		if x.Name != names[i] || x.Item != item || !x.Reached && (x.In != 0 || x.Out != 0) {
			return nil
		}
		if w[i] = (pace{note: x.Note, reached: x.Reached}); x.Reached {
			w[i].in, w[i].out = strconv.FormatInt(x.In, 10), strconv.FormatInt(x.Out, 10)
		}
	}
	return w
}

// steps makes the steps of the way.
func (s storedStock) steps() ([]policy.Step, error) {
	names, item := policy.Order(), s.Item
	if len(s.Way) != len(names) {
		return s.Steps, nil
	}
	out := make([]policy.Step, len(names))
	for i, p := range s.Way {
		if names[i] == policy.StepPieces {
			item = 0
		}
		out[i] = policy.Step{Name: names[i], Item: item, Reached: p.reached, Note: p.note}
		if !p.reached {
			continue
		}
		var err error
		if out[i].In, err = strconv.ParseInt(p.in, 10, 64); err != nil {
			return nil, err
		}
		if out[i].Out, err = strconv.ParseInt(p.out, 10, 64); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (r *StockRecord) UnmarshalJSON(data []byte) error {
	var s storedStock
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	steps, err := s.steps()
	*r = StockRecord{
		Code: s.Code, Rules: s.Rules, Input: s.Input, Untaken: s.Untaken, Wire: s.Wire,
		Result: policy.Result{State: s.State, Quantity: s.Quantity, Reason: s.Reason, DownOnly: s.DownOnly != 0, Steps: steps},
	}
	return err
}
