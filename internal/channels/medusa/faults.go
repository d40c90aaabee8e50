package medusa

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// errNotSaid is about a number that the shop left out: absent is not zero.
var errNotSaid = errors.New("it was not said")

// badAnswer is about a whole answer that cannot be read. The request had left, so a write behind it is unknown.
func badAnswer(cause error) error {
	e := fault.New(fault.Unavailable, "the shop's answer cannot be read: %w", cause)
	e.Sent = true
	return e
}

// broken is about an exchange that ended without an answer. The error of net/http is left out: it holds the address.
func broken(ctx context.Context, sent bool) error {
	kind, text := fault.Unavailable, "the shop cannot be reached; check the address and that the shop is running"
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		kind, text = fault.Canceled, "the call was stopped"
	case sent:
		text = "the shop did not answer in full; what it did with the call is not known"
	}
	e := fault.New(kind, "%s", text)
	e.Sent = sent
	return e
}

// pause is how long to wait after "too many requests" when the answer does not say. Medusa itself has no limit; a proxy
// in front of it can have one.
const pause = 30 * time.Second

// trouble returns what an answer other than success means for the account; nil for a success, and nil for a refusal in
// the shop's own words, which the caller reads (see refusal).
func (a answer) trouble(now time.Time) error {
	var e *fault.Error
	switch {
	case a.status == http.StatusUnauthorized:
		e = fault.New(fault.Unauthorized, "the shop refuses the API key; make a secret API key in the shop's settings and connect again")
	case a.status == http.StatusForbidden:
		e = fault.New(fault.Forbidden, "the API key has no right to this call; its user needs the rights of an administrator")
	case a.status == http.StatusTooManyRequests:
		e = fault.New(fault.RateLimited, "the shop answers that there are too many requests")
		e.After = a.wait(now)
	case a.status >= 300 && a.status < 400:
		e = fault.New(fault.Invalid, "the shop sends this call on to another address; set url to the shop's own address")
	case a.status >= 500:
		e = fault.New(fault.Unavailable, "the shop answers with status %d", a.status)
	case !a.json():
		e = fault.New(fault.Unavailable, "the shop answers with a page instead of data (status %d); check that url is the address of Medusa's backend", a.status)
	default:
		return nil
	}
	e.Sent = true
	return e
}

// json reports whether the body can be an answer of the interface: an object, not a page of a proxy or of a login.
func (a answer) json() bool {
	return strings.HasPrefix(strings.TrimLeft(string(a.body[:min(len(a.body), 64)]), " \t\r\n"), "{")
}

// wait reads Retry-After: seconds or an instant.
func (a answer) wait(now time.Time) time.Duration {
	text := a.header.Get("Retry-After")
	if n, err := strconv.ParseInt(text, 10, 32); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(text); err == nil && t.After(now) {
		return t.Sub(now)
	}
	return pause
}

// refused is a read that the shop refused in its own words.
func (a answer) refused() error {
	e := fault.New(fault.Invalid, "the shop refuses the call (status %d)", a.status)
	e.Sent = true
	return e
}

// message returns the shop's own words. They name ids and fields of our request; they are compared, never shown.
func (a answer) message() string {
	var e struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(a.body, &e) != nil {
		return ""
	}
	return e.Message
}

// badRow finds the number of the row that a validation error is about.
var badRow = regexp.MustCompile(`'update, (\d+),`)

// blame gives every write of a refused call its outcome: those that the shop's words name are refused for good, the
// others only because of them. Without a name all are refused because of some row, and one alone is at fault.
func (a answer) blame(writes []channel.Write, named func(message string) []string, name func(channel.Write) string) []channel.Outcome {
	message := a.message()
	guilty := map[int]channel.Outcome{}
	names := named(message)
	for i, w := range writes {
		if slices.Contains(names, name(w)) {
			guilty[i] = channel.Outcome{State: channel.Rejected, Code: channel.CodeNotFound, Text: "the shop has no such thing: it was deleted, or is not kept at this location"}
		}
	}
	if m := badRow.FindStringSubmatch(message); m != nil && len(guilty) == 0 {
		if i, err := strconv.Atoi(m[1]); err == nil && i < len(writes) {
			guilty[i] = channel.Outcome{State: channel.Rejected, Code: channel.CodeInvalid, Text: "the shop refuses this value"}
		}
	}
	if len(guilty) == 0 && len(writes) == 1 {
		code, text := channel.CodeInvalid, "the shop refuses this value"
		if a.status == http.StatusNotFound {
			code, text = channel.CodeNotFound, "the shop has no such thing"
		}
		guilty[0] = channel.Outcome{State: channel.Rejected, Code: code, Text: text}
	}
	out := make([]channel.Outcome, len(writes))
	for i, w := range writes {
		o, ok := guilty[i]
		if !ok {
			o = channel.Outcome{State: channel.Rejected, Code: channel.CodeBatch, Text: "another row of the same call was refused"}
		}
		o.Ref = w.Ref
		out[i] = o
	}
	return out
}

// notStocked reads which counters a stock write missed: "Item A is not stocked at location B, Item …".
func notStocked(message string) []string {
	var out []string
	for part := range strings.SplitSeq(message, ", ") {
		if item, ok := strings.CutPrefix(part, "Item "); ok {
			out = append(out, item)
		}
	}
	return out
}

// nameOfCounter is how the shop names the counter of w in notStocked.
func nameOfCounter(w channel.Write) string {
	return w.Stock.Key + " is not stocked at location " + w.Stock.Location
}

// noVariants reads which variants a price write missed: "… non-existing variants with ids: a, b".
func noVariants(message string) []string {
	_, ids, ok := strings.Cut(message, "non-existing variants with ids: ")
	if !ok {
		return nil
	}
	return strings.Split(ids, ", ")
}

// nameOfVariant is how the shop names the variant of w in noVariants.
func nameOfVariant(w channel.Write) string { return string(w.Listing.Key) }
