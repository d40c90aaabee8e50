package outbound

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
)

func TestF26_BodiesOverTheLimitEnd(t *testing.T) {
	const limit = 1 << 20
	zeros := make([]byte, 64<<10)
	handlers := map[string]http.HandlerFunc{
		"stated length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(limit+1))
			_, _ = w.Write(zeros)
		},
		"one byte more": func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(make([]byte, limit+1))
		},
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			for {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
		},
		"compressed bomb": func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "gzip" {
				t.Errorf("Accept-Encoding = %q, want gzip", r.Header.Get("Accept-Encoding"))
			}
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			for range 1000 {
				_, _ = z.Write(zeros)
			}
			_ = z.Close()
		},
	}
	c := Loopback()
	c.MaxBody = limit
	for name, h := range handlers {
		url, host := serve(t, h)
		_, body, err := get(t, newGuard(t, c).Client(host), url)
		wantFault(t, name, err, fault.TooLarge, true)
		if len(body) > limit {
			t.Errorf("%s: %d bytes were read, want at most %d", name, len(body), limit)
		}
	}
	url, host := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, limit)) })
	if _, body, err := get(t, newGuard(t, c).Client(host), url); err != nil || len(body) != limit {
		t.Errorf("body at the limit = %d bytes, %v, want %d", len(body), err, limit)
	}
	head := func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", fmt.Sprint(limit+1)) }
	url, host = serve(t, head)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := Do(newGuard(t, c).Client(host), req)
	if err != nil {
		t.Fatalf("HEAD of a large thing = %v, want its headers", err)
	}
	resp.Body.Close()
}

func TestF26_HeadersWithoutEndAreCut(t *testing.T) {
	host := listen(t, func(c net.Conn) {
		asked(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(c, "X-Filler: "+strings.Repeat("x", 1000)+"\r\n"); err != nil {
				return
			}
		}
	})
	_, _, err := get(t, newGuard(t, Loopback()).Client(host), "http://"+host)
	wantFault(t, "endless headers", err, fault.Unavailable, true)
}

func TestConnectionsAreReused(t *testing.T) {
	tests := []struct {
		name string
		body string
		read func(io.Reader)
	}{
		{"read to the end", "hello", func(r io.Reader) { _, _ = io.ReadAll(r) }},
		{"read in part", `{"a":1}` + strings.Repeat(" ", 5000), func(r io.Reader) { _, _ = r.Read(make([]byte, 7)) }},
		{"not read", "hello", func(io.Reader) {}},
		{"empty", "", func(io.Reader) {}},
	}
	for _, tt := range tests {
		url, host := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tt.body) })
		g := newGuard(t, Loopback())
		for range 20 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := Do(g.Client(host), req)
			if err != nil {
				t.Fatalf("%s: %v", tt.name, err)
			}
			tt.read(resp.Body)
			resp.Body.Close()
			resp.Body.Close()
			if _, err := resp.Body.Read(make([]byte, 1)); err == nil {
				t.Errorf("%s: Read after Close succeeds, want an error", tt.name)
			}
		}
		if r := g.Egress(); len(r) != 1 || r[0].Dials != 1 || r[0].Requests != 20 || r[0].Host != host {
			t.Errorf("%s: Egress = %+v, want 20 requests over 1 dial to %s", tt.name, r, host)
		}
	}
}

func TestCloseDoesNotWaitForTheRest(t *testing.T) {
	host := listen(t, func(c net.Conn) {
		asked(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
		_, _ = io.Copy(io.Discard, c)
	})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := Do(newGuard(t, Loopback()).Client(host), req)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	resp.Body.Close()
	if d := time.Since(start); d > 10*drainTime {
		t.Errorf("Close took %v, want about %v", d, drainTime)
	}
}
