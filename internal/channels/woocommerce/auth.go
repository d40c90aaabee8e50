package woocommerce

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// The names of the credentials.
const (
	secretKey     = "consumer_key"
	secretSecret  = "consumer_secret"
	secretWebhook = "webhook_secret"
)

// authorize adds the account's keys to a request with query q and sets its address: as a header on https, in the query
// where the host strips that header, and signed (OAuth 1.0a, one-legged) on plain http, where the shop refuses both.
func (c *client) authorize(ctx context.Context, r *http.Request, q url.Values) error {
	key, err := c.deps.Secret(ctx, secretKey)
	if err != nil {
		return fault.Wrap("consumer key", err)
	}
	sec, err := c.deps.Secret(ctx, secretSecret)
	if err != nil {
		return fault.Wrap("consumer secret", err)
	}
	switch {
	case r.URL.Scheme == "http":
		q.Set("oauth_consumer_key", key.Reveal())
		q.Set("oauth_timestamp", strconv.FormatInt(c.deps.Now().Unix(), 10))
		q.Set("oauth_nonce", nonce()) // a nonce works once, so every request is signed anew
		q.Set("oauth_signature_method", "HMAC-SHA256")
		q.Set("oauth_signature", sign(r.Method, r.URL, q, sec.Reveal()))
	case c.set.queryAuth:
		q.Set("consumer_key", key.Reveal())
		q.Set("consumer_secret", sec.Reveal())
	default:
		r.SetBasicAuth(key.Reveal(), sec.Reveal())
	}
	r.URL.RawQuery = q.Encode()
	return nil
}

// sign makes the OAuth 1.0a signature of a request to u (without its query) with parameters q. There is no token, so
// the signing key is the secret and a bare ampersand.
func sign(method string, u *url.URL, q url.Values, secret string) string {
	var pairs []string
	for name, values := range q {
		for _, v := range values {
			pairs = append(pairs, escape(name)+"="+escape(v))
		}
	}
	slices.Sort(pairs)
	base := method + "&" + escape(u.Scheme+"://"+u.Host+u.EscapedPath()) + "&" + escape(strings.Join(pairs, "&"))
	mac := hmac.New(sha256.New, []byte(secret+"&"))
	mac.Write([]byte(base))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// escape is RFC 3986 percent-encoding: nothing but letters, digits and -._~ stays.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// nonce returns 128 random bits in hex.
func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return hex.EncodeToString(b[:])
}

// checkSignature reports whether signature is the shop's own over body.
func (c *client) checkSignature(signature string, body []byte) error {
	sec, err := c.deps.Secret(context.Background(), secretWebhook)
	if err != nil || sec.Empty() {
		return fault.New(fault.Unauthorized, "this account has no webhook secret, so no webhook can be believed")
	}
	got, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(got) != sha256.Size {
		return fault.New(fault.Unauthorized, "the webhook has no valid signature")
	}
	mac := hmac.New(sha256.New, []byte(sec.Reveal()))
	mac.Write(body)
	if !hmac.Equal(got, mac.Sum(nil)) {
		return fault.New(fault.Unauthorized, "the webhook's signature does not match its body")
	}
	return nil
}
