package model

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/farside"
	"carpediemstore.it/sync-connector/internal/fault"
)

// before reports whether a fault keeps the request from being looked at.
func before(kind farside.FaultKind) bool {
	switch kind {
	case farside.Fault429, farside.Fault500, farside.FaultHTML, farside.FaultHTML200, farside.FaultDropped,
		farside.FaultHuge, farside.FaultEmpty, farside.FaultUnauth, farside.FaultSlow, FaultRefused:
		return true
	}
	return false
}

// spoil breaks rows of a list.
func (l *wireList) spoil(kind farside.FaultKind) {
	n := len(l.Listings)
	if n == 0 {
		return
	}
	switch kind {
	case farside.FaultShortList:
		l.Listings = append(l.Listings[:n/2:n/2], l.Listings[n/2+1:]...)
	case farside.FaultDuplicate:
		l.Listings = append(l.Listings, l.Listings[0])
	case farside.FaultWrongType:
		for i := range l.Listings {
			if wrong, ok := wrongs(i); ok {
				l.Listings[i].Price = wrong
				for j := range l.Listings[i].Stock {
					l.Listings[i].Stock[j].Quantity = wrong
				}
			}
		}
	}
}

// spoil breaks rows of a read.
func (r *wireRead) spoil(kind farside.FaultKind) {
	if kind != farside.FaultWrongType {
		return
	}
	for i := range r.Stock {
		if wrong, ok := wrongs(i); ok {
			r.Stock[i].Quantity = wrong
		}
	}
	for i := range r.Prices {
		if wrong, ok := wrongs(i); ok {
			r.Prices[i].Price = wrong
		}
	}
}

// wrongs is what stands where a number belongs in row i: text, a fraction, an exponent, an object, nothing. A fifth of
// the rows and more stay whole.
func wrongs(i int) (any, bool) {
	switch i % 12 {
	case 0:
		return "many", true
	case 3:
		return json.RawMessage("7.5"), true
	case 5:
		return json.RawMessage("1e400"), true
	case 7:
		return nil, true
	case 9:
		return map[string]int{"amount": 3}, true
	}
	return nil, false
}

// send writes the answer, or what a fault makes of it. It is called outside the market's lock.
func (s *Server) send(w http.ResponseWriter, r *http.Request, kind farside.FaultKind, a answer) {
	switch kind {
	case farside.Fault429:
		limited := fault.New(fault.RateLimited, "too many requests")
		limited.After = time.Second
		a = answer{err: limited}
	case farside.Fault500:
		a = answer{err: fault.New(fault.Internal, "the channel has a defect")}
	case farside.FaultUnauth:
		a = answer{err: fault.New(fault.Unauthorized, "the access is not valid")}
	case farside.FaultHTML, farside.FaultHTML200:
		html(w, kind)
		return
	case farside.FaultDropped, farside.FaultLost, FaultLate, FaultRefused:
		panic(http.ErrAbortHandler) // net/http's way to cut the connection
	case farside.FaultEmpty:
		w.WriteHeader(http.StatusOK)
		return
	case farside.FaultHuge:
		endless(w)
		return
	case farside.FaultSlow:
		drip(w, r)
		return
	}
	body, status := a.encode(w)
	if kind == farside.FaultTruncated && len(body) > 1 {
		body = body[:len(body)/2]
	}
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		return // the caller is gone
	}
}

// encode renders the answer and sets its headers.
func (a answer) encode(w http.ResponseWriter) ([]byte, int) {
	status, body := a.status, a.body
	if a.err != nil {
		status, body = a.statusOf(w), map[string]string{"error": a.err.Error(), "kind": fault.KindOf(a.err).String()}
	}
	if status == 0 {
		status = http.StatusOK
	}
	if body == nil {
		return nil, status
	}
	w.Header().Set("Content-Type", "application/json")
	b, err := json.Marshal(body)
	if err != nil {
		return []byte(`{"error":"the answer cannot be written"}`), http.StatusInternalServerError
	}
	return b, status
}

// statusOf is the status of a refusal.
func (a answer) statusOf(w http.ResponseWriter) int {
	if after := fault.AfterOf(a.err); after > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10))
	}
	switch fault.KindOf(a.err) {
	case fault.Unauthorized:
		return http.StatusUnauthorized
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict:
		return http.StatusConflict
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.TooLarge:
		return http.StatusRequestEntityTooLarge
	case fault.RateLimited:
		return http.StatusTooManyRequests
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// html is what a gateway or a login wall says instead of the channel.
func html(w http.ResponseWriter, kind farside.FaultKind) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	text := "<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>please sign in</form></body></html>"
	if kind == farside.FaultHTML {
		text = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>bad gateway</body></html>"
		w.WriteHeader(http.StatusBadGateway)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		return
	}
}

// endless answers until nobody listens.
func endless(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	chunk := []byte(`{"listings":[` + strings.Repeat(" ", 64<<10))
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
		chunk = chunk[len(chunk)-(64<<10):]
	}
}

// drip answers one byte at a time until nobody listens.
func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	flush := http.NewResponseController(w)
	for {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		if err := flush.Flush(); err != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}
