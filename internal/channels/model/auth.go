package model

import (
	"context"
	"crypto/hmac"
	"net/http"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// session is the access this process holds. It is never stored: a new one costs one request.
type session struct {
	access  string
	expires time.Time // zero: does not expire
}

// early is how long before its end an access is no longer used.
const early = 10 * time.Second

// login gets an access when there is none that still lasts; fresh says that it is new.
func (c *client) login(ctx context.Context) (fresh bool, err error) {
	now := c.deps.Now()
	if c.session.access != "" && (c.session.expires.IsZero() || now.Add(early).Before(c.session.expires)) {
		return false, nil
	}
	token, err := c.deps.Secret(ctx, "token")
	if err != nil {
		return false, fault.Wrap("log in", err)
	}
	body, err := c.send(ctx, request{op: channel.OpAuth, method: http.MethodPost, path: "/v1/token"}, token.Reveal())
	if err != nil {
		return false, fault.Wrap("log in", err)
	}
	s, err := decodeToken(body, now)
	if err != nil {
		return false, fault.Wrap("log in", err)
	}
	c.session = s
	return true, nil
}

// VerifyWebhook checks the signature over the raw body and reads the hint.
func (r *remote) VerifyWebhook(h http.Header, body []byte) ([]channel.Hint, error) {
	s, err := r.client.deps.Secret(context.Background(), "webhook")
	if err != nil {
		return nil, fault.Wrap("verify webhook", err)
	}
	return verifyHook(s.Reveal(), h, body)
}

// verifyHook compares the signature in constant time before it looks into the body.
func verifyHook(secret string, h http.Header, body []byte) ([]channel.Hint, error) {
	if secret == "" || !hmac.Equal([]byte(h.Get(signatureHeader)), []byte(sign(secret, body))) {
		return nil, fault.New(fault.Unauthorized, "the webhook is not signed with this account's secret")
	}
	hint, err := decodeHook(body)
	if err != nil {
		return nil, err
	}
	return []channel.Hint{hint}, nil
}
