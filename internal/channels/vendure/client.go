package vendure

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// maxAnswer is the largest answer taken in; a page of 100 rows has some tens of kilobytes.
const maxAnswer = 16 << 20

// client sends documents to one store. It is the only part of the package that uses the network.
type client struct {
	url     string
	channel string // channel token; "" for the store's default channel
	http    *http.Client
	gate    channel.Gate
	now     func() time.Time
	session session
	// today is the store's clock by its newest answer, in milliseconds since 1970; 0 when it does not say.
	today atomic.Int64
}

// ask sends one document with the account's credentials and returns the data member of the answer.
func (c *client) ask(ctx context.Context, op channel.Op, doc string, vars any) (json.RawMessage, error) {
	cred, err := c.session.credential(ctx, c)
	if err != nil {
		return nil, unsent(err)
	}
	data, err := c.post(ctx, op, request{doc, vars}, cred)
	if code, ok := codeOf(err); !ok || code != codeForbidden {
		return data, err
	}
	// FORBIDDEN means either that the session ended or that the role lacks a right.
	_, aliveErr := c.post(ctx, channel.OpAuth, request{Query: docAlive}, cred)
	if aliveErr == nil {
		return nil, err
	}
	if code, ok := codeOf(aliveErr); !ok || code != codeForbidden {
		return nil, beside(aliveErr)
	}
	if cred, err = c.session.renew(ctx, c, cred); err != nil {
		return nil, beside(err)
	}
	// The store checks the session before it looks at a request, so the first one did nothing (F14): not a retry.
	return c.post(ctx, op, request{doc, vars}, cred)
}

// post sends one request. The error's Sent is false only when no connection was ready for it.
func (c *client) post(ctx context.Context, op channel.Op, r request, cred credential) (json.RawMessage, error) {
	data, _, err := c.exchange(ctx, op, r, cred)
	return data, err
}

func (c *client) exchange(ctx context.Context, op channel.Op, r request, cred credential) (json.RawMessage, http.Header, error) {
	body, err := r.encode()
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "encode the request: %w", err)
	}
	if err := c.gate.Take(ctx, op, 1); err != nil {
		return nil, nil, unsent(err)
	}
	var sent atomic.Bool
	ctx2 := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { sent.Store(true) }})
	req, err := http.NewRequestWithContext(ctx2, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, nil, fault.New(fault.Invalid, "the setting url is not an address")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if c.channel != "" {
		req.Header.Set("vendure-token", c.channel)
	}
	cred.sign(req.Header)
	res, err := c.http.Do(req)
	if err != nil {
		return nil, nil, carried(ctx, err, sent.Load())
	}
	defer res.Body.Close()
	c.today.Store(0)
	if t, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		c.today.Store(t.UnixMilli() + 999) // the header counts whole seconds
	}
	after := retryAfter(res.Header, c.now())
	if after > 0 || res.StatusCode == http.StatusTooManyRequests {
		if after <= 0 {
			after = retryDefault
		}
		c.gate.Correct(op, channel.Note{Until: after})
	}
	if err := refusedStatus(res.StatusCode, after); err != nil {
		return nil, nil, err
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, nil, carried(ctx, err, true)
	}
	if len(text) > maxAnswer {
		return nil, nil, broken("the answer is larger than %d MiB", maxAnswer>>20)
	}
	data, err := decodeAnswer(text)
	return data, res.Header, err
}
