package fake

import (
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// maxBody is the largest request taken.
const maxBody = 1 << 20

// problem is an error of the store: HTTP 200 unless status says otherwise.
type problem struct {
	code, message string
	status        int
}

func (p *problem) Error() string { return p.message }

// The errors the store answers with, in its own words.
func forbidden() *problem {
	return &problem{code: "FORBIDDEN", message: "You are not currently authorized to perform this action"}
}

func notFound(entity, id string) *problem {
	return &problem{code: "ENTITY_NOT_FOUND", message: "No " + entity + " with the id \"" + id + "\" could be found"}
}

// ServeHTTP answers POST …/admin-api.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil || !strings.HasSuffix(r.URL.Path, "/admin-api") || r.Method != http.MethodPost {
		http.Error(w, "<!DOCTYPE html><title>Not found</title>", http.StatusNotFound)
		return
	}
	var req struct {
		Query     string          `json:"query"`
		Variables json.RawMessage `json:"variables"`
	}
	vars := map[string]any{}
	if err = json.Unmarshal(text, &req); err == nil {
		vars, err = variables(req.Variables)
	}
	if err != nil {
		http.Error(w, "Bad Request", http.StatusBadRequest)
		return
	}
	w.Header().Set("Date", s.opt.Now().UTC().Format(http.TimeFormat))
	s.mu.Lock()
	s.seen++
	doc, err := parse(req.Query, vars)
	if err != nil {
		s.mu.Unlock()
		refuse(w, &problem{code: "GRAPHQL_PARSE_FAILED", message: "Syntax Error: " + err.Error(), status: http.StatusBadRequest}, "")
		return
	}
	kind := s.plant(doc)
	answer, p, header := s.execute(doc, r.Header, kind)
	s.mu.Unlock()
	if !interrupt(w, r, kind) {
		return
	}
	for k, v := range header {
		w.Header()[k] = v
	}
	if p != nil {
		refuse(w, p, doc.sel[0].name)
		return
	}
	out, err := json.Marshal(map[string]any{"data": answer})
	if err != nil {
		http.Error(w, "encode", http.StatusInternalServerError)
		return
	}
	if kind == farside.FaultTruncated {
		out = out[:len(out)/2]
	}
	send(w, http.StatusOK, out)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that went away is its own business
}

// refuse writes an error the way the store does: database errors have no extensions.
func refuse(w http.ResponseWriter, p *problem, path string) {
	e := map[string]any{"message": p.message, "locations": []any{map[string]any{"line": 1, "column": 1}}}
	if path != "" && p.code != "BAD_USER_INPUT" {
		e["path"] = []any{path}
	}
	if p.code != "" {
		e["extensions"] = map[string]any{"code": p.code}
	}
	body := map[string]any{"errors": []any{e}}
	if p.code != "BAD_USER_INPUT" && p.status == 0 {
		body["data"] = nil
	}
	status := http.StatusOK
	if p.status != 0 {
		status = p.status
	}
	out, err := json.Marshal(body)
	if err != nil {
		out = nil
	}
	send(w, status, out)
}

// plant returns the fault this document meets and counts it down.
func (s *Server) plant(doc document) farside.FaultKind {
	f := &s.fault
	if f.Kind == farside.FaultNone || f.Op != "" && f.Op != opOf(doc) {
		return farside.FaultNone
	}
	kind := f.Kind
	if f.Times > 0 {
		if f.Times--; f.Times == 0 {
			*f = farside.Fault{}
		}
	}
	return kind
}

// opOf names the kind of call a document is.
func opOf(doc document) channel.Op {
	f := doc.sel[0]
	switch f.name {
	case "orders":
		return channel.OpSales
	case "productVariants":
		if options, ok := f.args["options"].(map[string]any); ok && options["filter"] != nil {
			return channel.OpRead
		}
		return channel.OpList
	case "updateProductVariants":
		if input, ok := f.args["input"].([]any); ok && len(input) > 0 {
			if row, ok := input[0].(map[string]any); ok && row["stockLevels"] != nil {
				return channel.OpStock
			}
			return channel.OpPrice
		}
	case "activeChannel":
		if len(doc.sel) > 1 {
			return channel.OpList
		}
	}
	return channel.OpAuth
}

// interrupt shows the faults of the transport; false when nothing more is to be written.
func interrupt(w http.ResponseWriter, r *http.Request, kind farside.FaultKind) bool {
	switch kind {
	case farside.Fault429:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "Too Many Requests", http.StatusTooManyRequests)
	case farside.Fault500:
		send(w, http.StatusInternalServerError, []byte(`{"statusCode":500,"message":"Internal server error"}`))
	case farside.FaultHTML:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = io.WriteString(w, "<html><h1>502 Bad Gateway</h1></html>")
	case farside.FaultHTML200:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><title>Sign in</title></html>")
	case farside.FaultEmpty:
		w.WriteHeader(http.StatusOK)
	case farside.FaultLost, farside.FaultDropped:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
	case farside.FaultHuge:
		w.Header().Set("Content-Type", "application/json")
		chunk := []byte(strings.Repeat(" ", 1<<16))
		_, err := io.WriteString(w, `{"data":`)
		for err == nil && r.Context().Err() == nil {
			_, err = w.Write(chunk)
		}
	case farside.FaultSlow:
		drip(w, r)
	default:
		return true
	}
	return false
}

// drip sends one byte now and then until the client gives up.
func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
		if http.NewResponseController(w).Flush() != nil {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-tick.C:
		}
	}
}

// does reports whether a request under this fault is carried out.
func does(kind farside.FaultKind) bool {
	switch kind {
	case farside.FaultNone, farside.FaultTruncated, farside.FaultLost, farside.FaultIgnored, farside.FaultPartial,
		farside.FaultShortList, farside.FaultDuplicate, farside.FaultWrongType:
		return true
	}
	return false
}

// same compares secrets of equal use without telling where they differ.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
