package channel

import (
	"context"
	"net/http"
	"time"

	"carpediemstore.it/sync-connector/internal/secret"
)

// Channel is one open account. Methods are called by one driver at a time; they honour ctx and leave no goroutine.
//
// Errors carry a fault kind: Unauthorized, Forbidden (credentials), RateLimited with After (from Gate or the channel),
// Unavailable (5xx, HTML, truncated or oversized answers, refused connections), Invalid (our request was wrong).
type Channel interface {
	// Capabilities says what this account can do. It may ask the channel (locations, currency) and is called once after
	// Open and again after a reconnect.
	Capabilities(ctx context.Context) (Capabilities, error)
	// List reads one page of the catalogue; "" starts.
	List(ctx context.Context, from Cursor) (Page, error)
	// Submit sends one batch. An error means that nothing is known of any write of the batch, unless fault.SentOf(err) is
	// false: then nothing left. It never retries.
	Submit(ctx context.Context, b Batch) (Receipt, error)
}

// Seller is a channel with an order feed.
type Seller interface {
	// Sales reads one page of the order feed. "" starts with every line that is still open, however old: gross channels
	// need them for the wire value.
	Sales(ctx context.Context, from Cursor) (SalesPage, error)
}

// Reader is a channel that can read chosen keys. The answer holds each key once, in Counts/Listings or in Gone.
type Reader interface {
	Read(ctx context.Context, keys Keys) (Page, error)
}

// Poller is a channel whose writes answer with a ticket. done is false while the job runs; outcomes carry our refs.
type Poller interface {
	Poll(ctx context.Context, t Ticket) (outcomes []Outcome, done bool, err error)
}

// Hooked is a channel that sends webhooks. VerifyWebhook checks the signature over the raw body before parsing.
type Hooked interface {
	VerifyWebhook(h http.Header, body []byte) ([]Hint, error)
}

// Prober is a channel that can test what was granted without writing.
type Prober interface {
	Probe(ctx context.Context) (Grant, error)
}

// Revoker is a channel whose credentials can be given back.
type Revoker interface {
	Revoke(ctx context.Context) error
}

// Grant is what an account's credentials allow, in words for a person.
type Grant struct {
	Identity string    `json:"identity"` // shop name or address as the channel states it
	Scopes   []Scope   `json:"scopes"`
	Expires  time.Time `json:"expires,omitzero"` // zero: does not expire
}

// Scope is one right with the reason we ask for it.
type Scope struct {
	Name    string `json:"name"`
	Reason  string `json:"reason"`
	Granted bool   `json:"granted"`
}

// Driver is one kind of channel: what it needs to be connected, and how it is opened. channels/all lists them.
type Driver struct {
	Kind     Kind
	Title    string
	Settings []Setting
	Secrets  []Setting
	Open     func(Deps) (Channel, error)
}

// Setting is one thing an account must or may be told.
type Setting struct {
	Name     string
	Help     string
	Default  string
	Required bool
	// Address marks a base URL: its host joins the account's egress allow-list.
	Address bool
}

// Deps is what an adapter gets. It opens no connection and reads no clock but through these.
type Deps struct {
	Settings map[string]string
	// Secret returns a sealed credential of this account by name.
	Secret func(ctx context.Context, name string) (secret.Text, error)
	// Client reaches the hosts of this account's addresses only; no redirects, answers capped, per-phase deadlines.
	Client *http.Client
	Gate   Gate
	Now    func() time.Time
}

// Gate is asked before each request and told what the answer said about limits.
type Gate interface {
	// Take takes weight from every bucket of op, or returns a RateLimited fault with After and takes nothing. It never
	// waits: scheduling is the driver's work.
	Take(ctx context.Context, op Op, weight int64) error
	// Correct adjusts buckets from what a response said.
	Correct(op Op, n Note)
}

// Note is what a response said of a limit; nil fields were not said.
type Note struct {
	Bucket    string // "" for every bucket of the operation
	Remaining *int64
	Rate      *int64        // new rate per the bucket's period
	Until     time.Duration // nothing before this much time has passed (Retry-After, reset)
}

type toZero struct{}

// ToZero marks a call as a write to zero: a share of every limit is kept for these (I15).
func ToZero(ctx context.Context) context.Context { return context.WithValue(ctx, toZero{}, true) }

// IsToZero reports whether ctx was marked by ToZero.
func IsToZero(ctx context.Context) bool { return ctx.Value(toZero{}) != nil }
