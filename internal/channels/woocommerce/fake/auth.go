package fake

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // one of the two methods the shop knows
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

// authenticate is nil when the call carries the shop's key.
func (s *Server) authenticate(c call) *answer {
	if s.traps.Unauthorized {
		a := refuse(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid.")
		return &a
	}
	if c.r.TLS == nil {
		return s.checkOAuth(c)
	}
	key, secret := c.arg("consumer_key"), c.arg("consumer_secret") // query values win
	if key == "" && !s.traps.StripsHeader {
		key, secret, _ = c.r.BasicAuth()
	}
	return s.checkKey(c, key, secret)
}

func (s *Server) checkKey(c call, key, secret string) *answer {
	if key == "" || key != s.opt.Key {
		a := unknownUser(c)
		return &a
	}
	if subtle.ConstantTimeCompare([]byte(secret), []byte(s.opt.Secret)) != 1 {
		a := refuse(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid.")
		return &a
	}
	return nil
}

// unknownUser is what the permission check of a route says to nobody: it does not tell that a key was wrong.
func unknownUser(c call) answer {
	code, message := "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."
	if len(c.parts) > 0 && c.parts[len(c.parts)-1] == "batch" {
		code, message = "woocommerce_rest_cannot_batch", "Sorry, you are not allowed to batch manipulate this resource."
	} else if c.method != http.MethodGet {
		code, message = "woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."
	}
	return refuse(401, code, message)
}

// checkOAuth checks a one-legged OAuth 1.0a signature over method, address and parameters.
func (s *Server) checkOAuth(c call) *answer {
	fail := func(message string) *answer {
		a := refuse(401, "woocommerce_rest_authentication_error", message)
		return &a
	}
	key := c.arg("oauth_consumer_key")
	if key == "" { // Basic is not accepted on plain http, and the shop does not say why
		a := unknownUser(c)
		return &a
	}
	for _, name := range []string{"oauth_timestamp", "oauth_nonce", "oauth_signature", "oauth_signature_method"} {
		if c.arg(name) == "" {
			return fail("Missing OAuth parameter " + name)
		}
	}
	if key != s.opt.Key {
		return fail("Consumer key is invalid.")
	}
	var digest func() hash.Hash
	switch c.arg("oauth_signature_method") {
	case "HMAC-SHA1":
		digest = sha1.New
	case "HMAC-SHA256":
		digest = sha256.New
	default:
		return fail("Invalid signature - signature method is invalid.")
	}
	mac := hmac.New(digest, []byte(s.opt.Secret+"&"))
	mac.Write([]byte(baseString(c)))
	got, err := base64.StdEncoding.DecodeString(c.arg("oauth_signature"))
	if err != nil || !hmac.Equal(got, mac.Sum(nil)) {
		return fail("Invalid signature - provided signature does not match.")
	}
	stamp, err := strconv.ParseInt(c.arg("oauth_timestamp"), 10, 64)
	if err != nil || s.opt.Now().Sub(time.Unix(stamp, 0)).Abs() > 15*time.Minute {
		return fail("Invalid timestamp.")
	}
	if s.nonces[c.arg("oauth_nonce")] {
		return fail("Invalid nonce - nonce has already been used.")
	}
	s.nonces[c.arg("oauth_nonce")] = true
	return nil
}

// baseString is built from what arrived, in the shop's own way: encode all, sort by encoded name, join.
func baseString(c call) string {
	var names []string
	encoded := map[string][]string{}
	for name, values := range c.query {
		if name == "oauth_signature" {
			continue
		}
		n := rfc3986(name)
		names = append(names, n)
		for _, v := range values {
			encoded[n] = append(encoded[n], rfc3986(v))
		}
	}
	sort.Strings(names)
	var all []string
	for _, n := range names {
		sort.Strings(encoded[n])
		for _, v := range encoded[n] {
			all = append(all, n+"%3D"+strings.ReplaceAll(v, "%", "%25"))
		}
	}
	address := "http://" + c.r.Host + c.r.URL.EscapedPath()
	return c.method + "&" + rfc3986(address) + "&" + strings.Join(all, "%26")
}

func rfc3986(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// may refuses a call whose user lacks a right.
func (s *Server) may(granted bool, code, message string) *answer {
	if granted {
		return nil
	}
	a := refuse(403, code, message)
	return &a
}
