package woocommerce

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// mostBody is the most of one answer that is taken in. A full batch of 100 whole products is about half a megabyte.
const mostBody = 32 << 20

// client is the only way to the shop.
type client struct {
	deps channel.Deps
	set  settings
}

// request is one call. Body is nil for a read.
type request struct {
	op    channel.Op
	route string // "/wc/v3/products"
	query url.Values
	body  []byte
	open  bool // needs no key
}

// answer is a well-formed JSON answer.
type answer struct {
	body  []byte
	total *int64 // X-WP-Total; nil when the shop did not say
	date  int64  // the shop's own clock, Unix seconds; 0 when it did not say
}

// do makes one request, after the gate let it pass. An error carries the fault's kind, and Sent once a connection to
// the shop was there.
func (c *client) do(ctx context.Context, q request) (answer, error) {
	if err := c.deps.Gate.Take(ctx, q.op, 1); err != nil {
		return answer{}, unsent(err)
	}
	var sent atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	r, err := c.build(ctx, q)
	if err != nil {
		return answer{}, unsent(err)
	}
	resp, err := c.deps.Client.Do(r)
	if err != nil {
		return answer{}, broken(ctx, err, sent.Load())
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		head, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10)) // enough for an error object; a cut one is no object
		return answer{}, c.refused(q.op, resp, head)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, mostBody+1))
	switch {
	case err != nil:
		return answer{}, broken(ctx, err, true)
	case len(body) > mostBody:
		return answer{}, unavailable("the shop's answer is larger than %d MiB and was not used", mostBody>>20)
	}
	if q.body == nil && stale(resp.Header) {
		return answer{}, unavailable("a cache answered with an old copy; exclude wp-json from the shop's page cache and CDN")
	}
	doc, ok := document(body)
	if !ok {
		return answer{}, unavailable("%s", notJSON(body))
	}
	return answer{body: doc, total: total(resp.Header), date: date(resp.Header)}, nil
}

func (c *client) build(ctx context.Context, q request) (*http.Request, error) {
	u := *c.set.base
	query := url.Values{}
	for name, values := range q.query {
		query[name] = values
	}
	if c.set.restRoute {
		u.Path += "/"
		query.Set("rest_route", q.route)
	} else {
		u.Path += "/wp-json" + q.route
	}
	method, body := http.MethodGet, io.Reader(nil)
	if q.body != nil {
		method, body = http.MethodPost, bytes.NewReader(q.body)
	} else {
		query.Set("_", nonce()) // page caches key on the whole address
	}
	u.RawQuery = query.Encode()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), body)
	if err != nil {
		return nil, fault.New(fault.Internal, "the request cannot be made")
	}
	r.Header.Set("Accept", "application/json")
	r.Header.Set("User-Agent", "carpediem-sync-connector")
	if q.body != nil {
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Header.Set("Cache-Control", "no-cache")
	}
	if q.open {
		return r, nil
	}
	return r, c.authorize(ctx, r, query)
}

// document returns the JSON document of an answer. Warnings that PHP printed before it are cut off; the first thing that
// looks like a document must be one to the very end, so a truncated answer can never pass for a smaller one.
func document(body []byte) ([]byte, bool) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	if len(body) == 0 {
		return nil, false
	}
	if body[0] != '{' && body[0] != '[' {
		at := -1
		for _, start := range []string{`{"`, `[{`, `[]`} {
			if i := bytes.Index(body, []byte(start)); i >= 0 && (at < 0 || i < at) {
				at = i
			}
		}
		if at < 0 {
			return nil, false
		}
		body = body[at:]
	}
	return body, valid(body)
}

// stale reports whether a cache says that it answered from its store.
func stale(h http.Header) bool {
	age, err := strconv.ParseInt(h.Get("Age"), 10, 64)
	return err == nil && age > 0
}

func total(h http.Header) *int64 {
	n, err := strconv.ParseInt(h.Get("X-WP-Total"), 10, 64)
	if err != nil || n < 0 {
		return nil
	}
	return &n
}

func date(h http.Header) int64 {
	t, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return t.Unix()
}

// unsent keeps err, and says that no byte left.
func unsent(err error) error {
	if !fault.SentOf(err) {
		return err
	}
	e := fault.New(fault.KindOf(err), "%w", err)
	e.After = fault.AfterOf(err)
	return e
}

// broken classifies a request that got no answer.
func broken(ctx context.Context, err error, sent bool) error {
	kind, text := fault.Unavailable, "the shop cannot be reached"
	switch {
	case ctx.Err() != nil:
		kind, text = fault.Canceled, "the call was stopped before the shop had answered"
	case errors.Is(err, io.ErrUnexpectedEOF):
		text = "the shop's answer broke off"
	case sent:
		text = "the connection to the shop broke before it had answered"
	}
	e := fault.New(kind, "%s", text)
	e.Sent = sent
	return e
}

// unavailable is a fault of a request that was sent and whose answer is of no use.
func unavailable(format string, args ...any) error {
	e := fault.New(fault.Unavailable, format, args...)
	e.Sent = true
	return e
}
