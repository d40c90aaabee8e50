package fake

import (
	"io"
	"net/http"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// Traps are the faults of this channel; the zero Traps is a healthy shop.
type Traps struct {
	// Warnings prints a PHP warning before each document.
	Warnings bool
	// Age answers reads as a cache that says how old its copy is; Copies as one that does not say and that looks at no
	// query value but the shop's own.
	Age    int
	Copies bool
	// StripsHeader is a host that drops the Authorization header.
	StripsHeader bool
	// Redirect, Firewall and Maintenance answer before WordPress does.
	Redirect, Firewall, Maintenance bool
	// Unauthorized refuses every key.
	Unauthorized bool
	// KeepsManage is a plugin that does not let manage_stock be changed; OddPrices and OddStock are plugins that set their
	// own price and add to each number.
	KeepsManage bool
	OddPrices   string
	OddStock    int64
	// IgnoresOffset serves the first page for ever, Unsorted lists in an order of its own.
	IgnoresOffset, Unsorted bool
	// Hidden are products that are counted but not shown.
	Hidden []int64
	// NoTotals leaves X-WP-Total out.
	NoTotals bool
	// BatchRows disturbs the rows of a batch's answer.
	BatchRows Rows
	// NeverLowers is a plugin that keeps orders from moving stock.
	NeverLowers bool
	// Statuses are order statuses that a plugin added.
	Statuses []string
}

// Rows says what happens to the rows of a batch's answer.
type Rows int

// The disturbances.
const (
	RowsAsAsked Rows = iota
	RowsReversed
	RowsMissing
	RowsTwice
)

// Trap sets the traps.
func (s *Server) Trap(t Traps) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.traps = t
}

// Inject plants a fault; Inject(Fault{}) clears all.
func (s *Server) Inject(f farside.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Kind == farside.FaultNone {
		s.faults = nil
		return
	}
	s.faults = append(s.faults, f)
}

// fault returns the fault that meets c.
func (s *Server) fault(c call) farside.FaultKind {
	for i := range s.faults {
		f := &s.faults[i]
		if f.Op != "" && f.Op != c.op || f.Times < 0 {
			continue
		}
		if f.Times > 0 {
			if f.Times--; f.Times == 0 {
				f.Times = -1 // used up
			}
		}
		return f.Kind
	}
	return farside.FaultNone
}

// before plays the faults that happen before anything is done; it reports whether the call is over.
func (s *Server) before(w http.ResponseWriter, r *http.Request, f farside.FaultKind) bool {
	s.mu.Lock()
	t := s.traps
	s.mu.Unlock()
	var a answer
	switch {
	case t.Redirect:
		w.Header().Set("Location", "https://www.shop.example/")
		a = page(http.StatusMovedPermanently, "Moved")
	case t.Firewall:
		a = page(http.StatusForbidden, "Access denied")
	case t.Maintenance:
		w.Header().Set("Retry-After", s.opt.Now().UTC().Add(90*time.Second).Format(http.TimeFormat))
		a = page(http.StatusServiceUnavailable, "Briefly unavailable for scheduled maintenance")
	case f == farside.Fault429:
		w.Header().Set("Retry-After", "1")
		a = page(http.StatusTooManyRequests, "Too many requests")
	case f == farside.Fault500:
		a = refuse(500, "internal_server_error", "There has been a critical error on this website.")
	case f == farside.FaultHTML:
		a = page(http.StatusBadGateway, "Bad gateway")
	case f == farside.FaultHTML200:
		a = page(http.StatusOK, "Log in")
	case f == farside.FaultUnauth:
		a = refuse(401, "woocommerce_rest_authentication_error", "Consumer secret is invalid.")
	case f == farside.FaultEmpty:
		w.WriteHeader(http.StatusOK)
		return true
	case f == farside.FaultDropped:
		drop(w)
		return true
	case f == farside.FaultHuge:
		endless(w)
		return true
	case f == farside.FaultSlow:
		drip(w, r)
		return true
	default:
		return false
	}
	s.send(w, a, farside.FaultNone)
	return true
}

// send writes an answer, with what a fault does to it.
func (s *Server) send(w http.ResponseWriter, a answer, f farside.FaultKind) {
	s.mu.Lock()
	t := s.traps
	s.bend(&a, f)
	header, body := s.render(a, t)
	s.mu.Unlock()
	switch f {
	case farside.FaultLost:
		drop(w)
		return
	case farside.FaultTruncated:
		w.Header().Set("Content-Length", decimal(int64(len(body))))
		body = body[:len(body)/2]
	}
	for name, values := range header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
}

// bend changes the rows of a list.
func (s *Server) bend(a *answer, f farside.FaultKind) {
	rows, ok := a.body.([]any)
	if !ok || len(rows) == 0 || !a.list {
		return
	}
	switch f {
	case farside.FaultShortList:
		a.body = append(append([]any{}, rows[:len(rows)/2]...), rows[len(rows)/2+1:]...)
	case farside.FaultDuplicate:
		a.body = append([]any{rows[0]}, rows...)
	case farside.FaultWrongType:
		s.odd++
		row, _ := rows[0].(object)
		bent := object{}
		for name, v := range row {
			bent[name] = v
		}
		for _, name := range []string{"stock_quantity", "regular_price"} {
			if _, there := bent[name]; !there {
				continue
			}
			switch s.odd % 4 {
			case 0:
				bent[name] = "lots"
			case 1:
				bent[name] = nil
			case 2:
				bent[name] = fraction{}
			default:
				delete(bent, name)
			}
		}
		a.body = append([]any{bent}, rows[1:]...)
	}
}

// fraction renders as 7.5.
type fraction struct{}

// MarshalJSON writes the number.
func (fraction) MarshalJSON() ([]byte, error) { return []byte("7.5"), nil }

// copied is an answer a page cache kept.
type copied struct {
	header http.Header
	body   []byte
}

// copyKey is how a badly set cache tells addresses apart: it drops the query values it does not know.
func copyKey(c call) string {
	key := c.route
	for _, name := range []string{"include", "offset", "status", "modified_after", "per_page", "_fields"} {
		key += "&" + name + "=" + c.arg(name)
	}
	return key
}

// fromCopy answers from the cache; it reports whether it did.
func (s *Server) fromCopy(w http.ResponseWriter, c call) bool {
	s.mu.Lock()
	kept, there := s.copies[copyKey(c)]
	there = there && s.traps.Copies && c.method == http.MethodGet
	s.mu.Unlock()
	if !there {
		return false
	}
	for name, values := range kept.header {
		w.Header()[name] = values
	}
	_, _ = w.Write(kept.body)
	return true
}

// keepCopy puts an answer into the cache.
func (s *Server) keepCopy(c call, a answer) {
	if s.traps.Copies && c.method == http.MethodGet && a.status == http.StatusOK {
		header, body := s.render(a, s.traps)
		s.copies[copyKey(c)] = copied{header, body}
	}
}

// drop cuts the connection without an answer.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// endless answers until nobody takes it any more.
func endless(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	_, err := io.WriteString(w, `[{"id":1,"name":"`)
	for filler := strings.Repeat("x", 64<<10); err == nil; {
		_, err = io.WriteString(w, filler)
	}
}

// drip answers a byte now and then until the caller has gone.
func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := io.WriteString(w, " "); err != nil || http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}
