package medusa

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/secret"
)

// mostBytes is the largest answer taken in.
const mostBytes = 32 << 20

// client is the only thing here that touches the network.
type client struct {
	base   string // without a trailing slash
	http   *http.Client
	gate   channel.Gate
	secret func(context.Context, string) (secret.Text, error)
	now    func() time.Time
}

// answer is one HTTP answer, taken in whole.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// date is the shop's own clock when it answered; zero when the answer does not say.
func (a answer) date() time.Time {
	t, err := http.ParseTime(a.header.Get("Date"))
	if err != nil {
		return time.Time{}
	}
	return t
}

// ask asks for path with query and returns a success.
func (c *client) ask(ctx context.Context, op channel.Op, path string, query url.Values) (answer, error) {
	a, err := c.do(ctx, op, http.MethodGet, path, query, nil)
	if err == nil && a.status != http.StatusOK {
		err = a.refused()
	}
	return a, err
}

// get is ask for callers that need the body only.
func (c *client) get(ctx context.Context, op channel.Op, path string, query url.Values) ([]byte, error) {
	a, err := c.ask(ctx, op, path, query)
	return a.body, err
}

// do makes one request: the gate first, then the key, then the network. It returns successes and refusals in the shop's
// own words; everything else is an error that says whether the request had left. It never asks twice.
func (c *client) do(ctx context.Context, op channel.Op, method, path string, query url.Values, body []byte) (answer, error) {
	if err := c.gate.Take(ctx, op, 1); err != nil {
		return answer{}, err
	}
	var sent atomic.Bool
	trace := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	r, err := http.NewRequestWithContext(trace, method, c.base+path+tail(query), bytes.NewReader(body))
	if err != nil {
		return answer{}, fault.New(fault.Invalid, "the address of this account cannot be used")
	}
	r.Header.Set("Accept", "application/json")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if err := c.sign(ctx, r); err != nil {
		return answer{}, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return answer{}, broken(ctx, sent.Load())
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header}
	if a.body, err = io.ReadAll(io.LimitReader(resp.Body, mostBytes+1)); err != nil {
		return answer{}, broken(ctx, true)
	}
	if len(a.body) > mostBytes {
		e := fault.New(fault.TooLarge, "the shop's answer is larger than %d MiB", mostBytes>>20)
		e.Sent = true
		return answer{}, e
	}
	err = a.trouble(c.now())
	if fault.Is(err, fault.RateLimited) {
		c.gate.Correct(op, channel.Note{Until: fault.AfterOf(err)})
	}
	return a, err
}

func tail(query url.Values) string {
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}
