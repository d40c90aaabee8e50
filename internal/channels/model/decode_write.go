package model

import (
	"encoding/json"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// result is one row of the answer to a batch.
type result struct {
	Ref     *int64          `json:"ref"`
	State   string          `json:"state"`
	Code    string          `json:"code"`
	Text    string          `json:"text"`
	Current json.RawMessage `json:"current"`
	WaitMS  int64           `json:"wait_ms"`
}

// decodeReceipt reads the answer to b: outcomes by our refs, or a ticket. A row for a write that was not sent is
// ignored; two rows for one write that differ make it unknown.
func decodeReceipt(body []byte, b channel.Batch) (channel.Receipt, error) {
	var w struct {
		Results *[]json.RawMessage `json:"results"`
		Ticket  string             `json:"ticket"`
	}
	if err := document(body, &w); err != nil {
		return channel.Receipt{}, err
	}
	switch {
	case w.Ticket != "" && len(w.Ticket) <= 256:
		return channel.Receipt{
			Ticket: channel.Ticket(w.Ticket), Outcomes: b.Outcomes(channel.Outcome{State: channel.Accepted}),
		}, nil
	case w.Results == nil:
		return channel.Receipt{}, lost("the market's answer to a batch is not one")
	}
	answered := outcomes(*w.Results)
	var r channel.Receipt
	for _, x := range b.Writes {
		o, ok := answered[x.Ref]
		if !ok {
			o = channel.Outcome{Ref: x.Ref, State: channel.Unknown, Text: "the market did not answer for this row"}
		}
		r.Outcomes = append(r.Outcomes, o)
	}
	return r, nil
}

// decodeJob reads the state of a job.
func decodeJob(body []byte) (os []channel.Outcome, done bool, err error) {
	var w struct {
		Done    *bool             `json:"done"`
		Results []json.RawMessage `json:"results"`
	}
	if err := document(body, &w); err != nil {
		return nil, false, err
	}
	if w.Done == nil {
		return nil, false, lost("the market does not say whether the job is done")
	}
	if !*w.Done {
		return nil, false, nil
	}
	answered := outcomes(w.Results)
	for _, raw := range w.Results { // in the market's order, each once
		var x result
		if strict(raw, &x) != nil || x.Ref == nil {
			continue
		}
		if o, ok := answered[*x.Ref]; ok {
			os = append(os, o)
			delete(answered, *x.Ref)
		}
	}
	return os, true, nil
}

// outcomes reads rows by ref.
func outcomes(rows []json.RawMessage) map[int64]channel.Outcome {
	out := make(map[int64]channel.Outcome, len(rows))
	for _, raw := range rows {
		var x result
		if strict(raw, &x) != nil || x.Ref == nil {
			continue // no ref can be trusted: its write stays unanswered, so unknown
		}
		o := x.outcome()
		if old, twice := out[o.Ref]; twice && (old.State != o.State || old.Code != o.Code) {
			o = channel.Outcome{Ref: o.Ref, State: channel.Unknown, Text: "the market answered twice and differently for this row"}
		}
		out[o.Ref] = o
	}
	return out
}

// outcome turns a row into our words; a state that is not known is unknown.
func (x result) outcome() channel.Outcome {
	o := channel.Outcome{Ref: *x.Ref, Code: shortened(x.Code), Text: shortened(x.Text), State: channel.State(x.State)}
	switch o.State {
	case channel.Applied, channel.HeldBack:
	case channel.Rejected:
		if o.Code == "" {
			o.Code = channel.CodeInvalid
		}
	case channel.RetryAfter:
		if o.After = time.Duration(x.WaitMS) * time.Millisecond; x.WaitMS <= 0 || x.WaitMS > 7*86_400_000 {
			o.After = pause
		}
	case channel.Conflict:
		if n, err := integer(x.Current); err == nil {
			o.Current = &n
		}
	default:
		o.State, o.Text = channel.Unknown, "the market gave an answer that is not known"
	}
	return o
}
