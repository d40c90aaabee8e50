package outbound

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
)

// The causes of our own deadlines.
var (
	errWhole = errors.New("the exchange took too long")
	errIdle  = errors.New("the body stopped coming")
)

// trip sends the requests of one account.
type trip struct {
	guard *Guard
	hosts map[string]*counts
}

// RoundTrip implements http.RoundTripper.
func (t *trip) RoundTrip(req *http.Request) (*http.Response, error) {
	c, err := t.check(req)
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	c.requests.Add(1)

	x := &exchange{deadlines: t.guard.config.Deadlines, host: req.URL.Host, caller: req.Context()}
	x.ctx, x.stop = context.WithCancelCause(x.caller)
	x.whole = time.AfterFunc(x.deadlines.Whole, func() { x.stop(errWhole) })

	resp, err := t.guard.transport.RoundTrip(x.prepare(req))
	if err != nil {
		err = x.fault(err)
		x.end()
		return nil, err
	}
	if most := t.guard.config.MaxBody; resp.ContentLength > most && req.Method != http.MethodHead {
		_ = resp.Body.Close()
		x.end()
		return nil, tooLarge(x.host, most)
	}
	resp.Body = newBody(x, resp.Body, t.guard.config.MaxBody)
	return resp, nil
}

// check refuses a request that must not leave.
func (t *trip) check(req *http.Request) (*counts, error) {
	g, u := t.guard, req.URL
	if u == nil || u.Host == "" {
		return nil, fault.New(fault.Invalid, "a request without a host")
	}
	switch {
	case u.Scheme != "https" && !(u.Scheme == "http" && g.config.AllowPlain):
		g.egress.block("scheme not allowed")
		return nil, fault.New(fault.Invalid, "%s:// is not allowed, only https:// is", u.Scheme)
	case u.User != nil:
		g.egress.block("user name in the address")
		return nil, fault.New(fault.Invalid, "the address of %s holds a user name or password", u.Host)
	case req.Host != "" && req.Host != u.Host:
		g.egress.block("host header differs")
		return nil, fault.New(fault.Invalid, "the host header does not name %s", u.Host)
	}
	c := t.find(u.Scheme, u.Host)
	if c == nil {
		g.egress.block("host not listed")
		return nil, fault.New(fault.Invalid, "%s is not among this account's addresses", u.Host)
	}
	return c, nil
}

// exchange is one request with its deadlines and what is known of it.
type exchange struct {
	deadlines Deadlines
	host      string
	caller    context.Context
	ctx       context.Context // the caller's, ended by our deadlines as well
	stop      context.CancelCauseFunc
	whole     *time.Timer
	// left is set once a connection was handed to the request: from then on bytes may have left.
	left atomic.Bool
}

// prepare returns req under the exchange's context.
func (x *exchange) prepare(req *http.Request) *http.Request {
	out := req.WithContext(httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { x.left.Store(true) },
	}))
	if req.Header["Idempotency-Key"] != nil || req.Header["X-Idempotency-Key"] != nil {
		// net/http would send such a request a second time by itself, even after it may have arrived. Whether to repeat
		// a write is decided elsewhere; without GetBody it cannot.
		out.GetBody = nil
	}
	return out
}

// end releases what the exchange holds.
func (x *exchange) end() {
	x.whole.Stop()
	x.stop(nil)
}
