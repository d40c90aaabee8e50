package model

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// client is the only part of the adapter that uses the network.
type client struct {
	base    string
	deps    channel.Deps
	session session
	rowCost int64
}

// request is one call of the API.
type request struct {
	op     channel.Op
	method string
	path   string
	query  url.Values
	body   []byte
	rows   int // rows that are charged
}

// maxAnswer is the longest answer that is read: a page of 1,000 listings has about 400 KiB.
const maxAnswer = 32 << 20

// call logs in when needed and sends q. An access that ran out meanwhile is renewed once: a request that was refused for
// its access has done nothing.
func (c *client) call(ctx context.Context, q request) ([]byte, error) {
	fresh, err := c.login(ctx)
	if err != nil {
		return nil, notSent(err)
	}
	body, err := c.send(ctx, q, c.session.access)
	if fresh || !fault.Is(err, fault.Unauthorized) {
		return body, err
	}
	c.session = session{}
	if _, err := c.login(ctx); err != nil {
		return nil, notSent(err)
	}
	return c.send(ctx, q, c.session.access)
}

// send makes one request with the given bearer and returns the body of a good answer.
func (c *client) send(ctx context.Context, q request, bearer string) ([]byte, error) {
	if err := c.deps.Gate.Take(ctx, q.op, 1+c.rowCost*int64(q.rows)); err != nil {
		return nil, err
	}
	sent := false
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent = true }})
	r, err := http.NewRequestWithContext(ctx, q.method, c.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the address of the market is not one")
	}
	r.URL.RawQuery = q.query.Encode()
	r.Header.Set("Authorization", "Bearer "+bearer)
	r.Header.Set("Accept", "application/json")
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	answer, err := c.deps.Client.Do(r)
	if err != nil {
		return nil, unanswered(ctx, err, sent)
	}
	defer answer.Body.Close() //nolint:errcheck // a body that was read is closed for its connection's sake only
	c.note(q.op, answer.Header)
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, unanswered(ctx, err, true)
	case len(body) > maxAnswer:
		return nil, lost("the market's answer has more than %d MiB; it was not read to its end", maxAnswer>>20)
	}
	return body, judge(answer, body)
}

// unanswered is the fault of a request that got no whole answer. The transport's words are not kept: they hold addresses.
func unanswered(ctx context.Context, err error, sent bool) error {
	out := fault.New(fault.Unavailable, "the market did not answer: the connection was cut")
	switch cause := context.Cause(ctx); {
	case errors.Is(err, context.DeadlineExceeded) || errors.Is(cause, context.DeadlineExceeded):
		out = fault.New(fault.Unavailable, "the market did not answer in time")
	case ctx.Err() != nil:
		out = fault.New(fault.Canceled, "stopped while waiting for the market")
	case !sent:
		out = fault.New(fault.Unavailable, "the market cannot be reached; is the address right and the market running?")
	}
	out.Sent = sent
	return out
}

// judge turns an answer that is not good into a fault.
func judge(r *http.Response, body []byte) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.StatusCode >= 300 && r.StatusCode < 400:
		return lost("the market sends us elsewhere (status %d); give the account its final address", r.StatusCode)
	case r.StatusCode >= 400:
		return refused(r)
	case r.StatusCode == http.StatusNoContent:
		return nil
	case len(body) == 0:
		return lost("the market answered nothing (status %d)", r.StatusCode)
	case err != nil || kind != "application/json":
		return lost("the market answered something that is not JSON (status %d); is the address right?", r.StatusCode)
	}
	return nil
}

// note passes on what the headers say of quotas.
func (c *client) note(op channel.Op, h http.Header) {
	n := channel.Note{Bucket: h.Get("RateLimit-Bucket"), Until: retryAfter(h)}
	if left, err := strconv.ParseInt(h.Get("RateLimit-Remaining"), 10, 64); err == nil && left >= 0 {
		n.Remaining = &left
	}
	if n.Remaining != nil || n.Until > 0 {
		c.deps.Gate.Correct(op, n)
	}
}

// retryAfter reads Retry-After in seconds; 0 when it is not there or not sensible.
func retryAfter(h http.Header) time.Duration {
	s, err := strconv.ParseInt(h.Get("Retry-After"), 10, 32)
	if err != nil || s < 0 || s > 7*86400 {
		return 0
	}
	return time.Duration(s) * time.Second
}
