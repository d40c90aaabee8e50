package wrap_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/channels/wrap"
	"carpediemstore.it/sync-connector/internal/fault"
)

// market is a model market whose list fails as told, and the count of the calls that reached it.
type market struct {
	*model.Channel
	clock *channeltest.Clock
	calls int
	kind  channeltest.FaultKind
}

func newMarket(t *testing.T) *market {
	t.Helper()
	m := &market{clock: channeltest.NewClock()}
	o := model.Absolute(model.Options{Now: m.clock.Now})
	o.Script = func(channel.Op, int64) channeltest.FaultKind {
		m.calls++
		return m.kind
	}
	inner, err := model.New(o)
	if err != nil {
		t.Fatalf("New() = %v", err)
	}
	m.Channel = inner.Channel(nil)
	return m
}

func (m *market) account(o wrap.Options) *wrap.Account {
	o.Now = m.clock.Now
	return wrap.New(m.Channel, channel.Capabilities{}, o)
}

func TestACircuitOpensAfterFailuresInARowAndProbesWithOneCall(t *testing.T) {
	m := newMarket(t)
	b := wrap.NewBreakers(wrap.BreakerOptions{Failures: 3, First: 2 * time.Second, Most: 5 * time.Second})
	a := m.account(wrap.Options{Breakers: b})
	list := func() error {
		_, err := a.List(t.Context(), "")
		return err
	}
	m.kind = channeltest.Fault500
	for i := range 3 {
		if err := list(); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("failure %d = %v, want unavailable", i, err)
		}
	}
	err := list()
	if !fault.Is(err, fault.RateLimited) || fault.AfterOf(err) != 2*time.Second || fault.SentOf(err) || m.calls != 3 {
		t.Errorf("call of an open circuit = %v after %v, %d calls reached the market, want rate-limited after 2s and 3 calls", err, fault.AfterOf(err), m.calls)
	}
	if _, err := a.Sales(t.Context(), ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("Sales() beside an open list = %v, want it tried: a circuit belongs to one operation", err)
	}
	for i, want := range []time.Duration{4 * time.Second, 5 * time.Second, 5 * time.Second} { // doubled, up to the most
		m.clock.Advance(5 * time.Second)
		if !b.Probing(channel.OpList) {
			t.Errorf("probe %d: Probing(list) = false, want true", i)
		}
		if err := list(); !fault.Is(err, fault.Unavailable) {
			t.Errorf("probe %d = %v, want it let through", i, err)
		}
		if err := list(); fault.AfterOf(err) != want {
			t.Errorf("after probe %d the circuit asks for %v, want %v", i, fault.AfterOf(err), want)
		}
	}
	m.clock.Advance(5 * time.Second)
	m.kind = channeltest.FaultNone
	if err := list(); err != nil {
		t.Errorf("probe of a healthy market = %v, want it to work", err)
	}
	if err := list(); err != nil || b.Probing(channel.OpList) {
		t.Errorf("call after a good probe = %v, probing %v, want a closed circuit", err, b.Probing(channel.OpList))
	}
	want := []wrap.Circuit{{Op: channel.OpList, State: "closed"}, {Op: channel.OpSales, State: "closed", Failures: 1}}
	if diff := cmp.Diff(want, b.Circuits()); diff != "" {
		t.Errorf("Circuits() (-want +got):\n%s", diff)
	}
}

func TestWhatSaysNothingOfHealthDoesNotOpenACircuit(t *testing.T) {
	for _, kind := range []channeltest.FaultKind{channeltest.Fault429, channeltest.FaultUnauth} {
		m := newMarket(t)
		m.kind = kind
		b := wrap.NewBreakers(wrap.BreakerOptions{Failures: 1})
		a := m.account(wrap.Options{Breakers: b})
		for range 4 {
			if _, err := a.List(t.Context(), ""); err == nil {
				t.Fatalf("List() under %q = nil, want an error", kind)
			}
		}
		if m.calls != 4 {
			t.Errorf("under %q %d of 4 calls reached the market, want all", kind, m.calls)
		}
	}
	m := newMarket(t)
	b := wrap.NewBreakers(wrap.BreakerOptions{Failures: 1})
	a := m.account(wrap.Options{Breakers: b})
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := a.List(ended, ""); !fault.Is(err, fault.Canceled) {
		t.Fatalf("List() with an ended context = %v, want canceled", err)
	}
	if _, err := a.List(t.Context(), ""); err != nil {
		t.Errorf("List() after a stopped call = %v, want it to work", err)
	}
}

func TestAProbeThatWasStoppedLeavesTheQuestionOpen(t *testing.T) {
	m := newMarket(t)
	b := wrap.NewBreakers(wrap.BreakerOptions{Failures: 1, First: time.Second})
	a := m.account(wrap.Options{Breakers: b})
	m.kind = channeltest.Fault500
	if _, err := a.List(t.Context(), ""); err == nil {
		t.Fatal("List() under 500 = nil, want an error")
	}
	m.clock.Advance(time.Second)
	ended, stop := context.WithCancel(t.Context())
	stop()
	if _, err := a.List(ended, ""); !fault.Is(err, fault.Canceled) {
		t.Fatalf("List() with an ended context = %v, want canceled", err)
	}
	m.kind = channeltest.FaultNone
	if _, err := a.List(t.Context(), ""); err != nil {
		t.Errorf("the next probe = %v, want it let through", err)
	}
}

// panicking is a market whose adapter has a defect.
type panicking struct{ *model.Channel }

func (panicking) List(context.Context, channel.Cursor) (channel.Page, error) {
	panic("index out of range: buyer Ottavia Canarini")
}

func (panicking) Submit(context.Context, channel.Batch) (channel.Receipt, error) {
	var nothing map[string]int
	nothing["x"] = 1
	return channel.Receipt{}, nil
}

func TestAPanicOfAnAdapterIsAFaultOfThatCall(t *testing.T) {
	m := newMarket(t)
	var told []channel.Op
	a := wrap.New(panicking{m.Channel}, channel.Capabilities{}, wrap.Options{Panicked: func(op channel.Op, stack []byte) {
		told = append(told, op)
		if !strings.Contains(string(stack), "List") && !strings.Contains(string(stack), "Submit") || strings.Contains(string(stack), "Ottavia") {
			t.Errorf("stack names neither method, or holds a value:\n%s", stack)
		}
	}})
	_, err := a.List(t.Context(), "")
	if !fault.Is(err, fault.Unavailable) || !fault.SentOf(err) || strings.Contains(err.Error(), "Ottavia") {
		t.Errorf("List() of a panicking adapter = %v (sent %v), want unavailable, sent, without the panic's words", err, fault.SentOf(err))
	}
	if _, err = a.Submit(t.Context(), channel.Batch{Field: channel.Price}); !fault.Is(err, fault.Unavailable) || !fault.SentOf(err) {
		t.Errorf("Submit() of a panicking adapter = %v, want unavailable and sent", err)
	}
	if _, err := a.Sales(t.Context(), ""); err != nil {
		t.Errorf("Sales() of the same adapter = %v, want it to work", err)
	}
	if diff := cmp.Diff([]channel.Op{channel.OpList, channel.OpPrice}, told); diff != "" {
		t.Errorf("Panicked was told (-want +got):\n%s", diff)
	}
}

func TestADeadlineEndsACallAndIsTheChannelsFault(t *testing.T) {
	var server *model.Server
	l := channeltest.Open(t, channeltest.Target{
		Driver: model.Driver(), Secrets: map[string]string{"token": "t"},
		New: func(t testing.TB, now func() time.Time) channeltest.Shop {
			m, err := model.New(model.Absolute(model.Options{Now: now}))
			if err != nil {
				t.Fatalf("New() = %v", err)
			}
			server = model.NewServer(m)
			return server
		},
	})
	server.Inject(channeltest.Fault{Kind: channeltest.FaultSlow})
	b := wrap.NewBreakers(wrap.BreakerOptions{Failures: 1})
	a := wrap.New(l.Channel, l.Caps, wrap.Options{
		Now: l.Clock.Now, Breakers: b, Deadlines: map[channel.Op]time.Duration{channel.OpList: 100 * time.Millisecond},
	})
	if _, err := a.List(t.Context(), ""); !fault.Is(err, fault.Unavailable) || !fault.SentOf(err) {
		t.Errorf("List() from a dripping market = %v, want unavailable and sent", err)
	}
	if _, err := a.List(t.Context(), ""); !fault.Is(err, fault.RateLimited) {
		t.Errorf("the next List() = %v, want an open circuit: a deadline is a failure", err)
	}
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := a.Sales(short, ""); err == nil || fault.Is(err, fault.RateLimited) {
		t.Errorf("Sales() stopped by the caller = %v, want an error of that call", err)
	}
	server.Inject(channeltest.Fault{})
	if _, err := a.Sales(t.Context(), ""); err != nil {
		t.Errorf("the next Sales() = %v, want it tried: the caller's deadline is not the channel's failure", err)
	}
}

func TestDeadlinesOfWritesLieWithinTheLongestLifeOfARequest(t *testing.T) {
	for longest, want := range map[time.Duration]time.Duration{
		0: 30 * time.Second, time.Second: 5 * time.Second, 20 * time.Second: 20 * time.Second, time.Hour: time.Minute,
	} {
		var caps channel.Capabilities
		caps.Stock.Longest = longest
		if got := wrap.Deadlines(caps)[channel.OpStock]; got != want {
			t.Errorf("Deadlines(Longest %v)[write-stock] = %v, want %v", longest, got, want)
		}
	}
}

// bare is an adapter with the required methods only.
type bare struct{ channel.Channel }

func TestOptionalMethodsSurviveAndMissingOnesSaySo(t *testing.T) {
	m := newMarket(t)
	full := m.account(wrap.Options{})
	if _, ok := wrap.As[channel.Prober](full); !ok {
		t.Error("As[Prober] of a market = false, want true")
	}
	if _, err := full.Sales(t.Context(), ""); err != nil {
		t.Errorf("Sales() = %v, want a page", err)
	}
	small := wrap.New(bare{m.Channel}, channel.Capabilities{}, wrap.Options{})
	if _, ok := wrap.As[channel.Prober](small); ok {
		t.Error("As[Prober] of a bare adapter = true, want false")
	}
	_, e1 := small.Sales(t.Context(), "")
	_, e2 := small.Read(t.Context(), channel.Keys{})
	_, _, e3 := small.Poll(t.Context(), "t")
	_, e4 := small.VerifyWebhook(nil, nil)
	_, e5 := small.Probe(t.Context())
	e6 := small.Revoke(t.Context())
	for i, err := range []error{e1, e2, e3, e4, e5, e6} {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("missing method %d = %v, want invalid", i+1, err)
		}
	}
}

func TestMeterSeesTurnedAwayCallsAndRecordDoesNot(t *testing.T) {
	m := newMarket(t)
	var measured []string
	var recorded []bool
	a := m.account(wrap.Options{
		Breakers: wrap.NewBreakers(wrap.BreakerOptions{Failures: 1}),
		Meter:    func(x wrap.Measure) { measured = append(measured, string(x.Op)+" "+x.Result) },
		Record:   func(x wrap.Trace) { recorded = append(recorded, x.Failed) },
	})
	var errs []error
	for _, kind := range []channeltest.FaultKind{channeltest.FaultNone, channeltest.FaultDropped, channeltest.FaultNone} {
		m.kind = kind
		_, err := a.List(t.Context(), "")
		errs = append(errs, err)
	}
	if errs[0] != nil {
		t.Fatalf("List() of a healthy market = %v", errs[0])
	}
	if diff := cmp.Diff([]string{"list ok", "list unavailable", "list rate-limited"}, measured); diff != "" {
		t.Errorf("metered (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, true}, recorded); diff != "" {
		t.Errorf("recorded failures (-want +got):\n%s", diff)
	}
}
