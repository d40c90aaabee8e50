package vendure

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/vendure/fake"
	"carpediemstore.it/sync-connector/internal/fault"
)

func TestALaxAnswerToAWriteIsUnknown(t *testing.T) {
	rows := map[string]variantRow{
		"1": {ID: "1", Tracks: "TRUE", StockLevels: []levelRow{{Place: "1", OnHand: []byte("6"), Allocated: []byte("0")}}},
		"2": {ID: "2", Tracks: "TRUE", StockLevels: []levelRow{{Place: "1", OnHand: []byte("7"), Allocated: []byte("0")}}},
	}
	b := channel.Batch{Writes: []channel.Write{stockWrite(11, "1", 7), stockWrite(12, "2", 7), stockWrite(13, "3", 7)}}
	got := map[int64]channel.State{}
	for _, o := range (site{tracks: true}).stockOutcomes(b, rows) {
		got[o.Ref] = o.State
	}
	want := map[int64]channel.State{11: channel.Unknown, 12: channel.Applied, 13: channel.Unknown}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes by ref: another number, the number, no row (-want +got):\n%s", diff)
	}
}

func TestADatabaseErrorIsUnknownForOneRowAndBisectedForMany(t *testing.T) {
	one := channel.Batch{Writes: []channel.Write{stockWrite(1, "1", 7)}}
	two := channel.Batch{Writes: []channel.Write{stockWrite(1, "1", 7), stockWrite(2, "2", 7)}}
	for _, c := range []struct {
		code  string
		batch channel.Batch
		state channel.State
		text  string
	}{
		{"", one, channel.Unknown, ""},
		{"", two, channel.Rejected, channel.CodeBatch},
		{"INTERNAL_SERVER_ERROR", two, channel.Rejected, channel.CodeBatch},
		{"USER_INPUT_ERROR", one, channel.Rejected, channel.CodeInvalid},
		{"ENTITY_NOT_FOUND", one, channel.Rejected, channel.CodeNotFound},
	} {
		r, err := answered(c.batch, refused(c.code))
		if err != nil {
			t.Errorf("%q = %v, want outcomes", c.code, err)
			continue
		}
		for _, o := range r.Outcomes {
			if o.State != c.state || o.Code != c.text {
				t.Errorf("%q for %d rows = %q %q, want %q %q", c.code, len(c.batch.Writes), o.State, o.Code, c.state, c.text)
			}
		}
	}
	if _, err := answered(two, unsent(refused(""))); !fault.Is(err, fault.Unavailable) || fault.SentOf(err) {
		t.Errorf("a database error of the login before a write = %v, want unavailable and not sent", err)
	}
	if _, err := answered(two, beside(refused(""))); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a database error of a login in between = %v, want unavailable", err)
	}
	if _, err := answered(one, refused("GRAPHQL_VALIDATION_FAILED")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a store of another version = %v, want invalid for the account", err)
	}
}

func TestWhatStandsBeforeTheStoreAnswersInStatuses(t *testing.T) {
	for status, want := range map[int]fault.Kind{
		301: fault.Invalid, 302: fault.Invalid, 401: fault.Unauthorized, 403: fault.Forbidden, 404: fault.Invalid,
		429: fault.RateLimited, 500: fault.Unavailable, 502: fault.Unavailable, 503: fault.Unavailable, 418: fault.Unavailable,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://elsewhere.example/?secret=1")
			w.Header().Set("Retry-After", "40")
			w.WriteHeader(status)
		}))
		s := opened(t, server, channeltest.NewClock(), nil, login)
		_, err := s.Capabilities(t.Context())
		if !fault.Is(err, want) || strings.Contains(err.Error(), "elsewhere.example") {
			t.Errorf("status %d = %v (kind %v), want %v without the address", status, err, fault.KindOf(err), want)
		}
		if status == 429 && fault.AfterOf(err) != 40*time.Second {
			t.Errorf("status 429 with Retry-After 40 = wait %v, want 40s", fault.AfterOf(err))
		}
		server.Close()
	}
}

func TestALoginWithoutATokenSaysWhatToChange(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":{"login":{"__typename":"CurrentUser"}}}`))
	}))
	defer server.Close()
	s := opened(t, server, channeltest.NewClock(), nil, login)
	if _, err := s.Capabilities(t.Context()); !fault.Is(err, fault.Unauthorized) || !strings.Contains(err.Error(), "tokenMethod") {
		t.Errorf("a store that only sets cookies = %v (kind %v), want unauthorized and the setting", err, fault.KindOf(err))
	}
}

func TestASessionThatEndedIsRenewedOnceAndTheWriteHappens(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	if _, err := b.List(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	b.far.EndSessions()
	before := b.far.Requests()
	r, err := b.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{stockWrite(1, "1", 7)}})
	if err != nil || r.Outcomes[0].State != channel.Applied {
		t.Errorf("Submit() with an ended session = %+v, %v, want applied", r, err)
	}
	// The refused write, the question whether the session lives, the login, the write.
	if n := b.far.Requests() - before; n != 4 {
		t.Errorf("renewing took %d requests, want 4", n)
	}
}

func TestALackingRightIsNotTakenForAnEndedSession(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	b.far.Deny("UpdateCatalog")
	b.far.Deny("ReadOrder")
	_, err := b.Submit(t.Context(), channel.Batch{Field: channel.Stock, Writes: []channel.Write{stockWrite(1, "1", 7)}})
	if !fault.Is(err, fault.Forbidden) || !fault.SentOf(err) {
		t.Errorf("Submit() without the right = %v (kind %v), want forbidden", err, fault.KindOf(err))
	}
	before := b.far.Requests()
	if _, err = b.Sales(t.Context(), ""); !fault.Is(err, fault.Forbidden) {
		t.Errorf("Sales() without the right = %v, want forbidden", err)
	}
	if n := b.far.Requests() - before; n != 2 {
		t.Errorf("a lacking right took %d requests, want 2: no new login", n)
	}
	g, err := b.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var missing []string
	for _, s := range g.Scopes {
		if !s.Granted {
			missing = append(missing, s.Name)
		}
	}
	if diff := cmp.Diff([]string{"UpdateCatalog", "ReadOrder"}, missing); diff != "" {
		t.Errorf("rights the probe misses (-want +got):\n%s", diff)
	}
	if n := b.far.Truth().Counts[channel.StockKey{Key: "1", Location: "1"}]; n != 1000 {
		t.Errorf("the probe left stock %d, want 1000", n)
	}
}

func TestBadCredentialsAreUnauthorized(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	for name, secrets := range map[string]map[string]string{
		"wrong password": {"username": "u", "password": "x"},
		"wrong key":      {"api_key": "x"},
		"nothing":        {},
		"half a login":   {"username": "u"},
	} {
		b.client.session = session{secret: sealed(secrets)}
		if _, err := b.Capabilities(t.Context()); !fault.Is(err, fault.Unauthorized) || strings.Contains(err.Error(), "password:") {
			t.Errorf("%s: Capabilities() = %v (kind %v), want unauthorized", name, err, fault.KindOf(err))
		}
	}
}

func TestAKeyThatWasReplacedIsReadAgain(t *testing.T) {
	b := newBench(t, 1, fake.Options{}, nil)
	secrets := map[string]string{"api_key": "old"}
	b.client.session = session{secret: sealed(secrets)}
	if _, err := b.Capabilities(t.Context()); !fault.Is(err, fault.Unauthorized) {
		t.Fatalf("Capabilities() with the old key = %v, want unauthorized", err)
	}
	secrets["api_key"] = "k"
	if _, err := b.Capabilities(t.Context()); err != nil {
		t.Errorf("Capabilities() with the new key = %v, want none", err)
	}
}
