package servicetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/vault"
)

// Token is the credential that every market accepts.
const Token = "canary-token-4711"

// World is an installation with its markets.
type World struct {
	DB      *store.DB
	Service *service.Service
	Who     service.Caller
	Master  string // path of the master key

	tb      testing.TB
	loop    *flow.Loop
	mu      sync.Mutex
	now     ident.Micros
	due     map[ident.Account]ident.Micros
	markets map[string]*model.Market
	// Acts are the audit leaves so far; AuditFault makes the next ones fail.
	Acts       []service.Act
	AuditFault error
}

// New returns an installation on db, with the default tenant and one price rule: book prices hold VAT.
func New(tb testing.TB, db *store.DB) *World {
	tb.Helper()
	w := &World{DB: db, tb: tb, now: ident.At(time.Date(2026, 11, 27, 3, 0, 0, 0, time.UTC)), markets: map[string]*model.Market{}}
	w.Master = filepath.Join(tb.TempDir(), "master.key")
	keys := store.Keys{DB: db}
	master, err := vault.OpenMaster(tb.Context(), w.Master, keys)
	if err != nil {
		tb.Fatal(err)
	}
	v := vault.New(master, keys, store.Uses{DB: db, Now: w.Now}, w.time)
	safe := vault.NewSafe(v, store.Records{DB: db, Now: w.Now})
	registry, err := channel.NewRegistry(channel.Driver{
		Kind: "model", Title: "Model market",
		Settings: []channel.Setting{{Name: "market", Help: "name of the market", Required: true}, {Name: "note", Help: "anything"}},
		Secrets:  []channel.Setting{{Name: "token", Help: "the account's token", Required: true}, {Name: "extra", Help: "another"}},
	})
	if err != nil {
		tb.Fatal(err)
	}
	w.Service, err = service.New(service.Deps{Store: db, Channels: registry, Open: w.open, Keys: v, Safe: safe, Now: w.Now, Audit: w.audit})
	if err != nil {
		tb.Fatal(err)
	}
	t, err := w.Service.Begin(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	w.Who = service.Caller{Tenant: t.ID, Name: "ann"}
	if _, err := w.Service.SetRule(tb.Context(), w.Who, service.RuleRequest{Field: service.RulePrice}, []byte(`{"version":1,"tax_book":"included"}`)); err != nil {
		tb.Fatal(err)
	}
	w.loop = flow.New(store.Port{DB: db}, channels{w}, w, w, flow.Options{})
	return w
}

// Now implements flow.Clock.
func (w *World) Now() ident.Micros {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *World) time() time.Time { return w.Now().Time() }

// Pass lets time go by without driving anything.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *World) audit(_ context.Context, _ *store.Tx, a service.Act) error {
	if w.AuditFault != nil {
		return w.AuditFault
	}
	w.Acts = append(w.Acts, a)
	return nil
}

// Market makes a market.
func (w *World) Market(name string, o model.Options) *model.Market {
	w.tb.Helper()
	o.Name, o.Now, o.Rand = name, w.time, rand.New(rand.NewPCG(7, 7))
	m, err := model.New(o)
	if err != nil {
		w.tb.Fatal(err)
	}
	w.markets[name] = m
	return m
}

// Product is a product of a market at 10.00 EUR.
func Product(sku string, stock int64) channeltest.Product {
	return channeltest.Product{SKU: sku, Title: "thing " + sku, Stock: stock, Price: money.Of(1000, "EUR")}
}

// open is the service's way to a channel: the token has to be right.
func (w *World) open(ctx context.Context, a flow.Account, _ channel.Driver, secrets service.Secrets) (channel.Channel, error) {
	t, err := secrets(ctx, "token")
	if err != nil {
		return nil, err
	}
	if t.Reveal() != Token {
		return nil, fault.New(fault.Unauthorized, "the channel refuses the token")
	}
	return w.channel(a)
}

func (w *World) channel(a flow.Account) (*model.Channel, error) {
	m := w.markets[a.Settings["market"]]
	if m == nil {
		return nil, fault.New(fault.Unavailable, "there is no market %s", a.Settings["market"])
	}
	return m.Channel(channeltest.NewGate()), nil
}

// channels is the loop's way to channels.
type channels struct{ w *World }

// Open implements flow.Channels.
func (c channels) Open(ctx context.Context, a flow.Account) (channel.Channel, channel.Capabilities, error) {
	ch, err := c.w.channel(a)
	if err != nil {
		return nil, channel.Capabilities{}, err
	}
	caps, err := ch.Capabilities(ctx)
	return ch, caps, err
}

// Hasher implements flow.Channels.
func (channels) Forget(ident.Tenant, ident.Account) {}

func (channels) Hasher(context.Context, ident.Tenant) (func(...string) string, error) {
	return func(parts ...string) string { return fmt.Sprint(parts) }, nil
}

// Connect connects a market under its own name.
func (w *World) Connect(name string) service.Connected {
	w.tb.Helper()
	c, err := w.Service.Connect(w.tb.Context(), w.Who, service.NewAccount{
		Kind: "model", Name: name, Settings: map[string]string{"market": name}, Secrets: map[string]secret.Text{"token": secret.New(Token)},
	})
	if err != nil {
		w.tb.Fatal(err)
	}
	return c
}

// Run lets time go by and drives every account when it is due, at most once a second.
func (w *World) Run(d time.Duration) {
	w.tb.Helper()
	w.mu.Lock()
	w.due = map[ident.Account]ident.Micros{}
	w.mu.Unlock()
	for end := w.Now().Add(d); w.Now() < end; {
		accounts, err := w.Service.Accounts(w.tb.Context(), w.Who)
		if err != nil {
			w.tb.Fatal(err)
		}
		for _, a := range accounts {
			if w.dueAt(a.ID) <= w.Now() {
				w.drive(a.ID)
			}
		}
		first := end
		for _, a := range accounts { // one may have woken another
			first = min(first, w.dueAt(a.ID))
		}
		w.Pass(max(first.Sub(w.Now()), time.Second))
	}
}

func (w *World) dueAt(a ident.Account) ident.Micros {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.due[a]
}

// Wake implements flow.Waker.
func (w *World) Wake(_ ident.Tenant, accounts ...ident.Account) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range accounts {
		w.due[a] = w.now
	}
}

func (w *World) drive(a ident.Account) {
	w.tb.Helper()
	f := flow.Fence{Tenant: w.Who.Tenant, Account: a, Owner: "test"}
	if err := w.DB.Write(w.tb.Context(), func(tx *store.Tx) error { return tx.Lease(w.tb.Context(), &f) }); err != nil {
		w.tb.Fatal(err)
	}
	next, err := w.loop.Drive(w.tb.Context(), f)
	if err != nil {
		w.tb.Fatalf("drive account %d: %v", a, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.due[a] = next
}
