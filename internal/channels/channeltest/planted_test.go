package channeltest_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// The contract is only worth what it catches. Each bug is planted into the adapter of the model market, whose sound form
// passes, and the part of the contract named with it must fail. A failing part fails its test binary, so each bug runs in
// a process of its own.

const (
	plantedEnv = "CHANNELTEST_PLANTED"
	token      = "tok-a81f-secret"
	hookSecret = "whsec-a81f-secret"
)

// sound is everything the adapter of the model market is.
type sound interface {
	channel.Channel
	channel.Seller
	channel.Reader
	channel.Poller
	channel.Hooked
	channel.Prober
}

// bug is one way to be wrong.
type bug struct {
	part   string // of the contract, as the test names it
	preset func(model.Options) model.Options
	// deps spoils what the adapter is opened with, plant the opened adapter; either may be nil.
	deps  func(*channel.Deps)
	plant func(sound) channel.Channel
}

func bugs() map[string]bug {
	all := map[string]bug{}
	for _, more := range []map[string]bug{readBugs(), writeBugs(), salesBugs(), manners()} {
		maps.Copy(all, more)
	}
	return all
}

// lister changes pages of the catalogue.
type lister struct {
	sound
	page func(from channel.Cursor, p *channel.Page)
}

func (x lister) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	p, err := x.sound.List(ctx, from)
	if err == nil {
		x.page(from, &p)
	}
	return p, err
}

// finder changes answers to reads of keys.
type finder struct {
	sound
	answer func(p *channel.Page)
}

func (x finder) Read(ctx context.Context, k channel.Keys) (channel.Page, error) {
	p, err := x.sound.Read(ctx, k)
	x.answer(&p)
	return p, err
}

func onPage(f func(channel.Cursor, *channel.Page)) func(sound) channel.Channel {
	return func(s sound) channel.Channel { return lister{s, f} }
}

func readBugs() map[string]bug {
	return map[string]bug{
		"a row of each page is lost": {part: "list", plant: onPage(func(_ channel.Cursor, p *channel.Page) {
			if len(p.Listings) > 1 {
				p.Listings = p.Listings[1:]
			}
		})},
		"an empty shop is an error": {part: "list", plant: onPage(func(_ channel.Cursor, p *channel.Page) {
			if len(p.Listings) == 0 {
				p.Findings = append(p.Findings, channel.Finding{Code: "empty"})
			}
		})},
		"the total is forgotten":     {part: "list", plant: onPage(func(_ channel.Cursor, p *channel.Page) { p.Total = nil })},
		"the total counts the page":  {part: "list", plant: onPage(func(_ channel.Cursor, p *channel.Page) { p.Total = new(int64(len(p.Listings))) })},
		"prices are rounded to euro": {part: "list", plant: onPage(func(_ channel.Cursor, p *channel.Page) { cents(p) })},
		"SKUs are folded": {part: "list", plant: onPage(func(_ channel.Cursor, p *channel.Page) {
			for i := range p.Listings {
				p.Listings[i].SKU = strings.ToUpper(p.Listings[i].SKU)
			}
		})},
		"the list ends after one page": {part: "list", plant: onPage(func(_ channel.Cursor, p *channel.Page) { p.Next = "" })},
		"what cannot be read is zero": {part: "bad rows", plant: onPage(func(_ channel.Cursor, p *channel.Page) {
			for _, f := range p.Findings {
				if f.Field == channel.Stock {
					p.Counts = append(p.Counts, channel.Count{StockKey: f.Stock})
				}
			}
		})},
		"bad rows are swallowed": {part: "bad rows", plant: onPage(func(_ channel.Cursor, p *channel.Page) { p.Findings = nil })},
		"a repeated row comes twice": {part: "bad rows", plant: onPage(func(_ channel.Cursor, p *channel.Page) {
			if len(p.Findings) > 0 {
				p.Listings = append(p.Listings, p.Listings[0])
			}
		})},
		"what is gone is zero": {part: "read", plant: func(s sound) channel.Channel {
			return finder{s, func(p *channel.Page) {
				for _, k := range p.GoneStock {
					p.Counts = append(p.Counts, channel.Count{StockKey: k})
				}
				p.GoneStock = nil
			}}
		}},
		"reads are answered from memory": {part: "read", plant: func(s sound) channel.Channel {
			memory := map[channel.StockKey]channel.Count{}
			return finder{s, func(p *channel.Page) {
				for i, n := range p.Counts {
					if old, ok := memory[n.StockKey]; ok {
						p.Counts[i] = old
					}
					memory[n.StockKey] = p.Counts[i]
				}
			}}
		}},
		"the list's place is kept in memory": {part: "restart", plant: func(s sound) channel.Channel {
			return &forgetful{sound: s}
		}},
	}
}

func cents(p *channel.Page) {
	for i, x := range p.Listings {
		if x.Price != nil {
			p.Listings[i].Price = new(money.Of(x.Price.Minor/100*100, x.Price.Currency))
		}
	}
}

// forgetful gives out "next" as its cursor and remembers what it means.
type forgetful struct {
	sound
	next channel.Cursor
}

func (x *forgetful) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	if from != "" {
		from = x.next
	}
	p, err := x.sound.List(ctx, from)
	if x.next = p.Next; p.Next != "" {
		p.Next = channel.Cursor(fmt.Sprintf("next-%d", len(p.Next)+len(x.next)))
	}
	return p, err
}

// manners are bugs of behaviour: limits, contexts, secrets, memory.
func manners() map[string]bug {
	return map[string]bug{
		"the gate is not asked": {part: "gate", deps: func(d *channel.Deps) { d.Gate = channeltest.NewGate() }},
		"a goroutine is left behind": {part: "", plant: onPage(func(channel.Cursor, *channel.Page) {
			go func() { select {} }()
		})},
		"a stop is ignored":       {part: "cancel", plant: func(s sound) channel.Channel { return deaf{s} }},
		"an answer is read whole": {part: "faults of reads", deps: func(d *channel.Deps) { d.Client.Transport = greedy{d.Client.Transport} }},
		"errors hold the token":   {part: "faults of reads", plant: loud(": token " + token)},
		"errors hold an address":  {part: "faults of reads", plant: loud(`: Get "http://127.0.0.1/v1/orders?since=1"`)},
		"errors hold a body":      {part: "faults of reads", plant: loud(`: {"error":"x"}`)},
		"findings name the buyer": {part: "privacy", plant: onPage(func(_ channel.Cursor, p *channel.Page) {
			p.Findings = append(p.Findings, channel.Finding{Text: model.Canary()[0]})
		})},
		"signatures are not looked at": {part: "webhooks", plant: func(s sound) channel.Channel { return gullible{s} }},
		"429 has no time": {part: "faults of reads", plant: func(s sound) channel.Channel {
			return refit{s, func(err error) error {
				if fault.Is(err, fault.RateLimited) {
					return fault.New(fault.RateLimited, "too many")
				}
				return err
			}}
		}},
		"everything is unavailable": {part: "faults of reads", plant: func(s sound) channel.Channel {
			return refit{s, func(err error) error { return fault.New(fault.Unavailable, "not now") }}
		}},
	}
}

// refit changes the errors of lists.
type refit struct {
	sound
	change func(error) error
}

func (x refit) List(ctx context.Context, from channel.Cursor) (channel.Page, error) {
	p, err := x.sound.List(ctx, from)
	if err != nil {
		err = x.change(err)
	}
	return p, err
}

func loud(more string) func(sound) channel.Channel {
	return func(s sound) channel.Channel {
		return refit{s, func(err error) error {
			e := fault.New(fault.KindOf(err), "%s%s", err.Error(), more)
			e.After, e.Sent = fault.AfterOf(err), fault.SentOf(err)
			return e
		}}
	}
}

// deaf goes on after its caller has stopped.
type deaf struct{ sound }

func (x deaf) List(_ context.Context, from channel.Cursor) (channel.Page, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Second)
	defer cancel()
	return x.sound.List(ctx, from)
}

// greedy takes an answer into memory before anybody can limit it.
type greedy struct{ http.RoundTripper }

func (g greedy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := g.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		body = append(body, ' ')
	}
	answer.Body = io.NopCloser(strings.NewReader(string(body)))
	return answer, nil
}

// gullible believes every webhook.
type gullible struct{ sound }

func (gullible) VerifyWebhook(http.Header, []byte) ([]channel.Hint, error) {
	return []channel.Hint{{Topic: "orders", ID: "1", Sales: true}}, nil
}

// TestTheContractCatchesEveryPlantedBug runs each bug against the part of the contract that must catch it.
func TestTheContractCatchesEveryPlantedBug(t *testing.T) {
	all := bugs()
	names := slices.Sorted(maps.Keys(all))
	for _, name := range append([]string{"none"}, names...) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pattern := "^TestWithABug$"
			if part := all[name].part; part != "" {
				pattern += "/^" + strings.ReplaceAll(part, " ", "_") + "$"
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+pattern, "-test.timeout=2m")
			cmd.Env = append(os.Environ(), plantedEnv+"="+name)
			out, err := cmd.CombinedOutput()
			switch failed := strings.Contains(string(out), "--- FAIL: TestWithABug"); {
			case name == "none" && err != nil:
				t.Errorf("the sound adapter fails the contract:\n%s", out)
			case name != "none" && (err == nil || !failed):
				t.Errorf("the contract does not notice (%v):\n%s", err, out)
			}
		})
	}
}

// TestWithABug is the process in which one bug is planted; without one there is nothing to do.
func TestWithABug(t *testing.T) {
	name := os.Getenv(plantedEnv)
	if name == "" {
		return
	}
	b := bugs()[name]
	if b.preset == nil {
		b.preset = model.Absolute
	}
	driver := model.Driver()
	open := driver.Open
	driver.Open = func(d channel.Deps) (channel.Channel, error) {
		if b.deps != nil {
			b.deps(&d)
		}
		c, err := open(d)
		if err != nil || b.plant == nil {
			return c, err
		}
		return b.plant(c.(sound)), nil
	}
	channeltest.Run(t, channeltest.Target{
		Driver: driver,
		New: func(t testing.TB, now func() time.Time) channeltest.Shop {
			o := b.preset(model.Options{Name: "p", Now: now})
			o.Token.Secret, o.Hooks.Secret = token, hookSecret
			m, err := model.New(o)
			if err != nil {
				t.Fatalf("New() = %v", err)
			}
			return model.NewServer(m)
		},
		Secrets: map[string]string{"token": token, "webhook": hookSecret},
		Canary:  model.Canary(),
	})
}
