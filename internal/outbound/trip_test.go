package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"carpediemstore.it/sync-connector/internal/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen accepts connections and gives each to f; it hangs up when the test ends.
func listen(t *testing.T, f func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	wait.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, c)
			mu.Unlock()
			wait.Go(func() { f(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range open {
			c.Close()
		}
		mu.Unlock()
		wait.Wait()
	})
	return l.Addr().String()
}

// asked waits for a request, so that what follows is its answer.
func asked(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }

// TestF5_EachPhaseHasItsDeadline stops the other side in each phase.
func TestF5_EachPhaseHasItsDeadline(t *testing.T) {
	silent := listen(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	halfHeader := listen(t, func(c net.Conn) {
		asked(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le")
		_, _ = io.Copy(io.Discard, c)
	})
	halfBody := listen(t, func(c net.Conn) {
		asked(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
		_, _ = io.Copy(io.Discard, c)
	})
	drip := listen(t, func(c net.Conn) {
		asked(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(c, "."); err != nil {
				return
			}
		}
	})
	dripHeader := listen(t, func(c net.Conn) {
		asked(c)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := io.WriteString(c, "X-A: b\r\n"); err != nil {
				return
			}
		}
	})
	const d = 80 * time.Millisecond
	tests := []struct {
		name  string
		url   string
		short func(*Config) // the phase that ends soon; all others have time
		want  string
		sent  bool
	}{
		{"lookup", "http://hangs.example", func(c *Config) { c.Resolver, c.Deadlines.Dial = names(hang(t)), d }, "no connection to hangs.example within 80ms", false},
		{"handshake", "https://" + silent, func(c *Config) { c.Deadlines.TLS = d }, "no TLS handshake with " + silent + " within 80ms", false},
		{"header", "http://" + silent, func(c *Config) { c.Deadlines.Header = d }, "no answer from " + silent + " within 80ms", true},
		{"half a header", "http://" + halfHeader, func(c *Config) { c.Deadlines.Header = d }, "no answer from " + halfHeader + " within 80ms", true},
		{"headers without end", "http://" + dripHeader, func(c *Config) { c.Deadlines.Header = d }, "no answer from " + dripHeader + " within 80ms", true},
		{"half a body", "http://" + halfBody, func(c *Config) { c.Deadlines.Idle = d }, "stopped coming", true},
		{"slow drip", "http://" + drip, func(c *Config) { c.Deadlines.Whole = 4 * d }, "took more than 320ms", true},
		{"everything", "http://" + silent, func(c *Config) { c.Deadlines.Whole = d }, "no answer from " + silent + " within 80ms", true},
	}
	for _, tt := range tests {
		c := Loopback()
		tt.short(&c)
		_, _, err := get(t, newGuard(t, c).Client("hangs.example", silent, halfHeader, halfBody, drip, dripHeader), tt.url)
		wantFault(t, tt.name, err, fault.Unavailable, tt.sent)
		if err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

// hang is a name server that never answers.
func hang(t *testing.T) func(string) []string {
	return func(string) []string {
		<-t.Context().Done()
		return nil
	}
}

func TestF3_NothingSentIsKnown(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	g := newGuard(t, Loopback())
	_, _, err = get(t, g.Client(closed), "http://"+closed)
	wantFault(t, "refused connection", err, fault.Unavailable, false)

	c := Loopback()
	c.Resolver = names(func(string) []string { return nil })
	_, _, err = get(t, newGuard(t, c).Client("none.example"), "https://none.example")
	wantFault(t, "no such host", err, fault.Unavailable, false)
	if err != nil && err.Error() != "there is no host named none.example" {
		t.Errorf("error = %v, want to hear that there is no such host", err)
	}
}

// TestF4_CutAnswersMayHaveHappened cuts the connection at every byte of an answer.
func TestF4_CutAnswersMayHaveHappened(t *testing.T) {
	answer := "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
	for n := range len(answer) {
		host := listen(t, func(c net.Conn) {
			defer c.Close()
			if _, err := c.Read(make([]byte, 4096)); err == nil {
				_, _ = io.WriteString(c, answer[:n])
			}
		})
		_, body, err := get(t, newGuard(t, Loopback()).Client(host), "http://"+host)
		wantFault(t, fmt.Sprintf("answer cut after %d bytes (body %q)", n, body), err, fault.Unavailable, true)
	}
}

func TestAWriteIsSentOnce(t *testing.T) {
	var got atomic.Int64
	host := listen(t, func(c net.Conn) {
		defer c.Close()
		buffer := make([]byte, 4096)
		for first := true; ; first = false {
			if _, err := c.Read(buffer); err != nil {
				return
			}
			got.Add(1)
			if !first {
				return // hang up on the second request of a connection without an answer
			}
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	for _, header := range []string{"", "Idempotency-Key", "X-Idempotency-Key"} {
		got.Store(0)
		client := newGuard(t, Loopback()).Client(host)
		post := func() error {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+host, strings.NewReader("write"))
			if err != nil {
				t.Fatal(err)
			}
			if header != "" {
				req.Header.Set(header, "key-1")
			}
			resp, err := Do(client, req)
			if err == nil {
				resp.Body.Close()
			}
			return err
		}
		if err := post(); err != nil {
			t.Fatalf("first write = %v", err)
		}
		wantFault(t, "write on a connection that is cut", post(), fault.Unavailable, true)
		if got.Load() != 2 {
			t.Errorf("header %q: the server saw %d requests, want 2", header, got.Load())
		}
	}
}

func TestCallersEnd(t *testing.T) {
	arrived := make(chan struct{}, 1)
	_, host := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
		}
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	client := newGuard(t, Loopback()).Client(host)
	do := func(ctx context.Context, path string) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+host+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := Do(client, req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return err
	}
	for _, path := range []string{"/header", "/body"} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-arrived; cancel() }()
		wantFault(t, path+" canceled", do(ctx, path), fault.Canceled, true)

		ctx, cancel = context.WithTimeout(t.Context(), 80*time.Millisecond)
		wantFault(t, path+" out of time", do(ctx, path), fault.Unavailable, true)
		cancel()
		<-arrived
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantFault(t, "canceled before", do(ctx, "/header"), fault.Canceled, false)
}

// TestF26_BodiesOverTheLimitEnd is case 20: known length, unknown length, without end, compressed.
// TestC28_ErrorsHoldNoURL puts a canary into everything that http puts into its errors.
func TestC28_ErrorsHoldNoURL(t *testing.T) {
	const canary = "canary-token"
	hostile := listen(t, func(c net.Conn) {
		defer c.Close()
		asked(c)
		_, _ = io.WriteString(c, canary+" is no status line\r\n\r\n")
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	l.Close()
	g := newGuard(t, Loopback())
	for _, host := range []string{hostile, closed, "not.listed.example"} {
		_, _, err := get(t, g.Client(hostile, closed), "http://"+host+"/p?token="+canary)
		if _, ok := errors.AsType[*fault.Error](err); !ok || strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "token=") {
			t.Errorf("%s: error = %v, want a fault without the query", host, err)
		}
	}
}

func TestManyAtOnce(t *testing.T) {
	url, host := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	g := newGuard(t, Loopback())
	client := g.Client(host)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for range 50 {
				if _, body, err := get(t, client, url); err != nil || string(body) != "hello" {
					t.Errorf("request = %q, %v, want hello", body, err)
				}
			}
		})
	}
	wait.Wait()
	if r := g.Egress(); r[0].Requests != 800 || r[0].Dials > 64 {
		t.Errorf("Egress = %+v, want 800 requests over few dials", r)
	}
}

func BenchmarkGet(b *testing.B) {
	url, host := serve(b, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	g := newGuard(b, Loopback())
	for name, client := range map[string]*http.Client{"guard": g.Client(host), "plain": {Transport: &http.Transport{MaxIdleConnsPerHost: 64}}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if _, _, err := get(b, client, url); err != nil {
						b.Error(err)
					}
				}
			})
			client.CloseIdleConnections()
		})
	}
}
