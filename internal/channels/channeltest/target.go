package channeltest

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/secret"
)

// Target is one adapter and its fake, as the contract needs them.
type Target struct {
	Driver channel.Driver
	// New makes an empty shop whose clock is now.
	New func(t testing.TB, now func() time.Time) Shop
	// Settings of the account beyond its addresses. Every Address setting gets the listener's URL unless it is named
	// here; "{url}" inside a value stands for that URL.
	Settings map[string]string
	// Secrets are the credentials the fake accepts. The contract proves that none of them is ever shown.
	Secrets map[string]string
	// Canary is the buyer data the fake puts into every order. Required of a channel with an order feed.
	Canary []string
	// Catalogue is how many products the paging test puts on sale; 0 means 1,203.
	Catalogue int
	// Lacks names the faults this fake cannot show because its channel cannot, each with the reason.
	Lacks map[FaultKind]string
	// NoTotal is the reason why the channel's list states no total; "" when it does.
	NoTotal string
}

// Link is one shop on a loopback listener and the channel opened against it.
type Link struct {
	Channel channel.Channel
	Caps    channel.Capabilities
	Shop    Shop
	Gate    *Gate
	Clock   *Clock
	URL     string

	client   *http.Client
	server   *http.Server
	requests atomic.Int64
	served   atomic.Int64 // bytes of answers
	ungated  atomic.Int64 // requests that arrived before their take
}

// mostServed is where an endless answer is cut by the contract, so that a fake need not care.
const mostServed = 256 << 20

// Open puts a new shop of target on a free loopback port and opens the driver against it. Everything is closed when t ends.
func Open(t testing.TB, target Target) *Link {
	t.Helper()
	l := &Link{Gate: NewGate(), Clock: NewClock()}
	l.Shop = target.New(t, l.Clock.Now)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen on loopback: %v", err)
	}
	l.URL = "http://" + ln.Addr().String()
	l.server = &http.Server{Handler: http.HandlerFunc(l.serve), ReadHeaderTimeout: time.Minute}
	done := make(chan error, 1)
	go func() { done <- l.server.Serve(ln) }()
	// No kept connections: net/http repeats a GET by itself when a kept connection was cut, which would hide a request
	// from the gate.
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := l.server.Close(); err != nil {
			t.Errorf("close the listener: %v", err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
	})
	l.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	l.Reopen(t, target)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if l.Caps, err = l.Channel.Capabilities(ctx); err != nil {
		t.Fatalf("Capabilities() = %v, want capabilities", err)
	}
	return l
}

// Reopen opens the driver once more on the same shop, as after a restart: whatever the old channel kept in memory is
// gone, and cursors must do without it.
func (l *Link) Reopen(t testing.TB, target Target) {
	t.Helper()
	settings, err := target.Driver.Check(target.settings(l.URL))
	if err != nil {
		t.Fatalf("settings: %v", err)
	}
	l.Channel, err = target.Driver.Open(channel.Deps{
		Settings: settings, Secret: target.secret, Client: l.client, Gate: l.Gate, Now: l.Clock.Now,
	})
	if err != nil {
		t.Fatalf("Open(%s) = %v, want a channel", target.Driver.Kind, err)
	}
}

// patience is how long a call against a healthy shop may take before the test gives up.
const patience = 30 * time.Second

func (target Target) settings(url string) map[string]string {
	out := map[string]string{}
	for _, s := range target.Driver.Settings {
		if s.Address {
			out[s.Name] = url
		}
	}
	for name, value := range target.Settings {
		out[name] = strings.ReplaceAll(value, "{url}", url)
	}
	return out
}

func (target Target) secret(_ context.Context, name string) (secret.Text, error) {
	s, ok := target.Secrets[name]
	if !ok {
		return secret.Text{}, fault.New(fault.NotFound, "this account has no credential %q", name)
	}
	return secret.New(s), nil
}

// Requests is how many HTTP requests have arrived.
func (l *Link) Requests() int { return int(l.requests.Load()) }

func (l *Link) serve(w http.ResponseWriter, r *http.Request) {
	if n := l.requests.Add(1); int(n) > len(l.Gate.Granted()) {
		l.ungated.Add(1)
	}
	l.Shop.ServeHTTP(&meter{ResponseWriter: w, served: &l.served}, r)
}

// meter counts what a shop answers and cuts an endless answer.
type meter struct {
	http.ResponseWriter
	served *atomic.Int64
	mine   int64
}

func (m *meter) Write(p []byte) (int, error) {
	if m.mine > mostServed {
		return 0, errors.New("the answer has no end")
	}
	n, err := m.ResponseWriter.Write(p)
	m.mine += int64(n)
	m.served.Add(int64(n))
	return n, err
}

// Unwrap lets http.ResponseController reach the connection, which faults that cut it need.
func (m *meter) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// Hijack hands the connection over, for faults that cut it.
func (m *meter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(m.ResponseWriter).Hijack()
}

// Flush passes a flush on, for faults that drip.
func (m *meter) Flush() { _ = http.NewResponseController(m.ResponseWriter).Flush() }
