package woocommerce

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// refusal is an answer other than 200, as far as a batch needs to know it. It is the cause inside the fault.
type refusal struct {
	status int
	code   string // the shop's own, "" when the answer was not an error object
}

func (r refusal) Error() string {
	if r.code == "" {
		return fmt.Sprintf("status %d", r.status)
	}
	return fmt.Sprintf("status %d, %s", r.status, r.code)
}

// refused turns an answer other than 200 into a fault. The kind is decided by status and code; the shop's message is
// translated and may quote what was sent, so it is never read.
func (c *client) refused(op channel.Op, resp *http.Response, body []byte) error {
	code, json := errorCode(body)
	why := refusal{status: resp.StatusCode, code: code}
	after := retryAfter(resp.Header)
	e := func(k fault.Kind, format string, args ...any) error {
		f := fault.New(k, format, args...)
		f.Sent, f.After, f.Err = true, after, why
		return f
	}
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable:
		if after == 0 {
			after = rest
		}
		c.deps.Gate.Correct(op, channel.Note{Until: after})
		if s == http.StatusTooManyRequests {
			return e(fault.RateLimited, "the shop's host asks to slow down")
		}
		return e(fault.Unavailable, "the shop is in maintenance or overloaded (%v)", why)
	case s == http.StatusUnauthorized && json:
		return e(fault.Unauthorized, "the shop refuses the consumer key (%v); is it revoked, or does the host strip the Authorization header (query_auth)?", why)
	case s == http.StatusUnauthorized:
		return e(fault.Unauthorized, "the host in front of the shop asks for a password of its own")
	case s == http.StatusForbidden && json:
		return e(fault.Forbidden, "the consumer key lacks a right (%v)", why)
	case s >= 300 && s < 400:
		return e(fault.Invalid, "the shop redirects to another address; give its canonical address (https, with or without www)")
	case s == http.StatusNotFound && json && code != "rest_no_route":
		return e(fault.NotFound, "the shop does not know what was asked for (%v)", why)
	case s == http.StatusNotFound:
		return e(fault.Invalid, "there is no REST interface wc/v3 at this address (%v); check the address, and set rest_route for a shop without pretty permalinks", why)
	case s == http.StatusRequestEntityTooLarge:
		return e(fault.TooLarge, "the batch is larger than the shop takes (%v)", why)
	case s >= 400 && s < 500 && json:
		return e(fault.Invalid, "the shop refuses the request (%v)", why)
	}
	return e(fault.Unavailable, "the shop or its host answers with an error (%v)", why)
}

// errorCode returns the code of an error object, and whether body is one.
func errorCode(body []byte) (string, bool) {
	doc, ok := document(body)
	if !ok {
		return "", false
	}
	m, err := object(doc, "code")
	if err != nil {
		return "", false
	}
	code, err := m.text("code")
	if err != nil || !isCode(code) {
		return "", err == nil && code != ""
	}
	return code, true
}

// isCode reports whether s has the form of the shop's error codes, so that nothing else gets into a message.
func isCode(s string) bool {
	if s == "" || len(s) > 80 {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
}

// retryAfter reads the header as seconds or as a date, which is compared with the same answer's Date (I21).
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.ParseInt(text, 10, 32); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	t, err := http.ParseTime(text)
	now := date(h)
	if err != nil || now == 0 || t.Unix() <= now {
		return 0
	}
	return time.Duration(t.Unix()-now) * time.Second
}

// notJSON says what came instead of JSON, for a person.
func notJSON(body []byte) string {
	head := bytes.ToLower(bytes.TrimSpace(body[:min(len(body), 512)]))
	switch {
	case len(head) == 0:
		return "the shop answered with nothing"
	case bytes.HasPrefix(head, []byte("<!doctype")), bytes.HasPrefix(head, []byte("<html")):
		return "the shop answered with a web page instead of data: a firewall, a login page or a maintenance page is in front of wp-json"
	}
	return "the shop's answer is not complete JSON"
}

// rowCodes maps the codes of refused batch rows to ours; the rest goes by status.
var rowCodes = [...]struct{ theirs, ours string }{
	{"woocommerce_rest_product_invalid_id", channel.CodeNotFound},
	{"woocommerce_rest_product_variation_invalid_id", channel.CodeNotFound},
	{"woocommerce_rest_product_variation_invalid_parent", channel.CodeNotFound},
	{"woocommerce_rest_invalid_product_id", channel.CodeNotFound}, // it is a variation now, or another parent's
	{"woocommerce_rest_cannot_edit", channel.CodeForbidden},
}

// rowOutcome says what a refused row amounts to.
func rowOutcome(code string, status int64) channel.Outcome {
	for _, c := range rowCodes {
		if c.theirs == code {
			return channel.Outcome{State: channel.Rejected, Code: c.ours, Text: "the shop refuses this row: " + code}
		}
	}
	text := "the shop refuses this row: " + code
	switch {
	case status >= 500 || status == 0:
		return channel.Outcome{State: channel.Unknown, Text: text}
	case status == http.StatusTooManyRequests:
		return channel.Outcome{State: channel.RetryAfter, After: rest, Text: text}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return channel.Outcome{State: channel.Rejected, Code: channel.CodeForbidden, Text: text}
	case status == http.StatusNotFound:
		return channel.Outcome{State: channel.Rejected, Code: channel.CodeNotFound, Text: text}
	}
	return channel.Outcome{State: channel.Rejected, Code: channel.CodeInvalid, Text: text}
}
