package fake

import (
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// Inject plants a failure; the empty Fault takes all away.
func (s *Server) Inject(f farside.Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f == (farside.Fault{}) {
		s.faults = nil
		return
	}
	s.faults = append(s.faults, f)
}

// planted takes the fault that meets the next call of op.
func (s *Server) planted(op channel.Op) farside.FaultKind {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Op != "" && f.Op != op {
			continue
		}
		if f.Times == 1 {
			s.faults = slices.Delete(s.faults, i, i+1)
		} else if f.Times > 1 {
			s.faults[i].Times--
		}
		return f.Kind
	}
	return farside.FaultNone
}

// mostBody is what the shop takes in a batch call.
const mostBody = 2 << 20

const loginPage = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>Sign in</title></head><body><form>Sign in</form></body></html>\n"

// ServeHTTP answers one request, with the planted fault if there is one.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	s.mu.Unlock()
	w.Header().Set("Date", s.now().Format(http.TimeFormat))
	body, err := io.ReadAll(io.LimitReader(r.Body, mostBody+1))
	if err != nil {
		panic(http.ErrAbortHandler) // the caller left
	}
	rt, args, found := match(r.Method, r.URL.Path)
	kind := s.planted(opOf(rt, r))
	if found && s.fail(w, r, kind) {
		return
	}
	rp := reply{status: 404, html: "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot " + r.Method + " " + r.URL.Path + "</pre>\n</body>\n</html>\n"}
	switch no := s.allowed(r); {
	case no != nil:
		rp = *no
	case len(body) > mostBody:
		rp = reply{status: 413, body: map[string]any{"message": "request entity too large", "type": "unknown_error"}}
	case found:
		rp = s.answer(rt, args, r, body, kind)
	}
	switch kind {
	case farside.FaultTruncated:
		b := rp.bytes()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		w.WriteHeader(rp.status)
		_, _ = w.Write(b[:len(b)/2])
		panic(http.ErrAbortHandler)
	case farside.FaultLost:
		panic(http.ErrAbortHandler)
	}
	rp.write(w)
}

// fail answers faults in which the shop itself does nothing, and reports whether it did.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, kind farside.FaultKind) bool {
	switch kind {
	case farside.Fault429:
		w.Header().Set("Retry-After", "1")
		reply{status: 429, body: message("Too many requests")}.write(w)
	case farside.Fault500:
		unknown().write(w)
	case farside.FaultHTML:
		reply{status: 502, html: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n"}.write(w)
	case farside.FaultHTML200:
		reply{status: 200, html: loginPage}.write(w)
	case farside.FaultUnauth:
		reply{status: 401, body: message("Unauthorized")}.write(w)
	case farside.FaultEmpty:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(http.StatusOK)
	case farside.FaultDropped:
		panic(http.ErrAbortHandler)
	case farside.FaultHuge:
		endless(w, r)
	case farside.FaultSlow:
		drip(w, r)
	default:
		return false
	}
	return true
}

func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err := w.Write([]byte("{\"count\":"))
	for rest := []byte(strings.Repeat("9", 64<<10)); err == nil && r.Context().Err() == nil; {
		_, err = w.Write(rest)
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}
