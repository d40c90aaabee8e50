package medusa_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/medusa"
	"carpediemstore.it/sync-connector/internal/channels/medusa/fake"
	"carpediemstore.it/sync-connector/internal/money"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with the golden file name, or rewrites the file.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatalf("write %s: %v", path, err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got); run with -update after checking it:\n%s", path, diff)
	}
}

type recording struct {
	Location  string     `json:"location"`
	Exchanges []exchange `json:"exchanges"`
}

func readRecording(t *testing.T) recording {
	t.Helper()
	b, err := os.ReadFile(recorded)
	if err != nil {
		t.Fatalf("read %s: %v", recorded, err)
	}
	var r recording
	if err := json.Unmarshal(b, &r); err != nil || len(r.Exchanges) == 0 {
		t.Fatalf("%s holds %d exchanges, %v", recorded, len(r.Exchanges), err)
	}
	return r
}

// replayer answers the requests of the recording in their order, and only those.
type replayer struct {
	t    *testing.T
	mu   sync.Mutex
	left []exchange
}

func (p *replayer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var body bytes.Buffer
	_, _ = body.ReadFrom(r.Body)
	if len(p.left) == 0 {
		p.t.Errorf("%s %s comes after the end of the recording", r.Method, r.URL.RequestURI())
		w.WriteHeader(http.StatusTeapot)
		return
	}
	x := p.left[0]
	p.left = p.left[1:]
	if x.Method != r.Method || x.Path != r.URL.RequestURI() || !sameBody(x.Body, body.Bytes()) {
		p.t.Errorf("request = %s %s %s\n   want %s %s %s", r.Method, r.URL.RequestURI(), body.Bytes(), x.Method, x.Path, x.Body)
	}
	w.Header().Set("Date", x.Date)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if x.Page != "" {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	w.WriteHeader(x.Status)
	_, _ = w.Write(append(x.Answer, x.Page...))
}

// sameBody compares bodies as JSON; what is not JSON is kept as a text in the recording.
func sameBody(want, got []byte) bool {
	var a, b any
	if len(want) == 0 || json.Unmarshal(got, &b) != nil {
		var text string
		_ = json.Unmarshal(want, &text)
		return text == string(got)
	}
	return json.Unmarshal(want, &a) == nil && cmp.Equal(a, b)
}

func TestTheAdapterReadsWhatARealShopAnswered(t *testing.T) {
	rec := readRecording(t)
	p := &replayer{t: t, left: rec.Exchanges}
	server := httptest.NewServer(p)
	defer server.Close()
	s := (&stage{base: server.URL, key: "sk_any", location: rec.Location, client: server.Client()}).play(t)
	if len(p.left) != 0 {
		t.Errorf("%d recorded requests were not made, the first is %s %s", len(p.left), p.left[0].Method, p.left[0].Path)
	}
	j, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		t.Fatalf("write what was seen: %v", err)
	}
	golden(t, "saw.golden.json", append(j, '\n'))
	if strings.Contains(string(j), "free text") {
		t.Error("free text of a buyer came through")
	}
}

// The lines of the recorded orders must explain what the recorded counters did: PLAIN-1 was 50 and is 46.
func TestTheRecordedLinesExplainTheRecordedCounters(t *testing.T) {
	rec := readRecording(t)
	server := httptest.NewServer(&replayer{t: t, left: rec.Exchanges})
	defer server.Close()
	s := (&stage{base: server.URL, key: "sk_any", location: rec.Location, client: server.Client()}).play(t)
	taken := map[channel.StockKey]int64{}
	for _, l := range s.Polled.Lines {
		for _, x := range s.Before.Listings {
			if x.Key == l.Listing {
				for _, d := range x.Stock {
					taken[d.StockKey] += l.Taken * d.Units
				}
			}
		}
	}
	for _, now := range s.Chosen.Counts {
		for _, before := range s.Before.Counts {
			if before.StockKey == now.StockKey && before.Quantity-now.Quantity != taken[now.StockKey] {
				t.Errorf("counter %v went from %d to %d, the lines took %d", now.StockKey, before.Quantity, now.Quantity, taken[now.StockKey])
			}
		}
	}
	if len(s.Chosen.Counts) != 1 || s.Chosen.Counts[0].Quantity != 46 {
		t.Errorf("counts after the orders = %+v, want one of 46", s.Chosen.Counts)
	}
}

// setScene fills a fake shop with the goods of the scenario.
func setScene(s *fake.Server) (act func(string)) {
	eur := func(n int64) money.Amount { return money.Of(n, "EUR") }
	s.Add(
		channeltest.Product{SKU: "PLAIN-1", GTIN: "4006381333931", Title: "Plain", Group: "plain", Stock: 50, Price: eur(1234)},
		channeltest.Product{SKU: "PLAIN-2", Title: "Plain", Group: "plain", Stock: 50, Price: eur(500)},
		channeltest.Product{SKU: "RULES", Title: "Ruled", Stock: 50, Price: eur(2000)},
	)
	s.Kit(channeltest.Product{SKU: "KIT", Title: "Kit", Price: eur(3000)}, map[string]int64{"PLAIN-1": 2, "PLAIN-2": 1})
	s.Add(channeltest.Product{SKU: "LOOSE", Title: "Loose", Price: eur(900)}, channeltest.Product{SKU: "DRAFT", Title: "Draft", Stock: 50, Price: eur(900)})
	s.Unmanage("LOOSE")
	s.Unpublish("DRAFT")
	s.AddPrice("RULES", "usd", "15", "", nil)
	s.AddPrice("RULES", "eur", "18.5", "", map[string]string{"region_id": "reg_1"})
	s.AddPrice("RULES", "eur", "17", "10", nil)
	var a, b, c string
	return func(step string) {
		if strings.HasPrefix(step, "order A") {
			a, _ = s.Buy(channeltest.Item{SKU: "PLAIN-1", Quantity: 3}, channeltest.Item{SKU: "PLAIN-2", Quantity: 2})
			b, _ = s.Buy(channeltest.Item{SKU: "KIT", Quantity: 2})
			c, _ = s.Buy(channeltest.Item{SKU: "PLAIN-2", Quantity: 1})
			return
		}
		s.Fulfil(a, "PLAIN-1", 2)
		s.Edit(a, "PLAIN-2", 0)
		s.Ship(b)
		s.Return(b, "KIT", 1, false)
		s.Return(b, "KIT", 1, true)
		s.Cancel(c)
	}
}

func TestTheFakeAnswersInTheShapeOfTheRecordedShop(t *testing.T) {
	rec := readRecording(t)
	included := true
	s := fake.New(fake.Options{Locations: 2, TaxIncluded: &included})
	act := setScene(s)
	server := httptest.NewServer(s)
	defer server.Close()
	r := &recorder{next: server.Client().Transport}
	g := &stage{base: server.URL, key: "sk_fake", location: s.Locations()[0], client: &http.Client{Transport: r}, act: act}
	g.play(t)
	if len(r.all) != len(rec.Exchanges) {
		t.Fatalf("the scenario made %d requests of the fake, %d of the real shop", len(r.all), len(rec.Exchanges))
	}
	for i, want := range rec.Exchanges {
		got := r.all[i]
		if line(got) != line(want) {
			t.Errorf("exchange %d = %s, want %s", i, line(got), line(want))
			continue
		}
		for _, d := range differ("", shape(t, want.Answer), shape(t, got.Answer)) {
			t.Errorf("exchange %d, %s: %s", i, line(want), d)
		}
		if want.Page != got.Page {
			t.Errorf("exchange %d = page %q, want %q", i, got.Page, want.Page)
		}
		if want.Status >= 400 {
			compareErrors(t, i, want, got)
		}
	}
}

// compareErrors compares refusals word for word, ids aside.
func compareErrors(t *testing.T, i int, want, got exchange) {
	t.Helper()
	var a, b map[string]any
	_ = json.Unmarshal([]byte(anonymous(string(want.Answer))), &a)
	_ = json.Unmarshal([]byte(anonymous(string(got.Answer))), &b)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("exchange %d, %s: refusal (-want +got):\n%s", i, line(want), diff)
	}
}

var ids = regexp.MustCompile(`\b(sloc|iitem|variant|prod|order|ordli|price|reg)_01[0-9A-Z]+`)

// anonymous takes the random part of ids away.
func anonymous(s string) string { return ids.ReplaceAllString(s, "$1") }

// line is what must be equal of an exchange: method, path, names of the query, status.
func line(x exchange) string {
	u, err := url.Parse(x.Path)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s %s %v %d", x.Method, anonymous(u.Path), slices.Sorted(maps.Keys(u.Query())), x.Status)
}

// shape is a JSON value without its content: a type's name, or the shapes of its members; elements of a list are merged.
func shape(t *testing.T, raw []byte) any {
	t.Helper()
	if len(raw) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("answer is not JSON: %v", err)
	}
	return shapeOf(v)
}

func shapeOf(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, x := range v {
			out[name] = shapeOf(x)
		}
		return out
	case []any:
		merged := map[string]any{}
		for _, x := range v {
			m, is := shapeOf(x).(map[string]any)
			if !is {
				return []any{shapeOf(x)}
			}
			for name, s := range m {
				if merged[name] == nil {
					merged[name] = s
				}
			}
		}
		return []any{merged}
	case nil:
		return nil
	}
	return fmt.Sprintf("%T", v)
}

// free are objects whose members are data, not form.
var free = []string{".metadata", ".line_item_metadata", ".rules", ".variant_option_values"}

// differ lists where two shapes differ. Null agrees with everything.
func differ(path string, want, got any) []string {
	for _, f := range free {
		if strings.HasSuffix(path, f) {
			return nil
		}
	}
	if want == nil || got == nil {
		return nil
	}
	switch w := want.(type) {
	case map[string]any:
		g, is := got.(map[string]any)
		if !is {
			return []string{fmt.Sprintf("%s is %v, want an object", path, got)}
		}
		var out []string
		for _, name := range slices.Sorted(maps.Keys(w)) {
			if _, there := g[name]; !there {
				out = append(out, fmt.Sprintf("%s.%s is missing", path, name))
				continue
			}
			out = append(out, differ(path+"."+name, w[name], g[name])...)
		}
		for _, name := range slices.Sorted(maps.Keys(g)) {
			if _, there := w[name]; !there {
				out = append(out, fmt.Sprintf("%s.%s is not in the real answer", path, name))
			}
		}
		return out
	case []any:
		g, is := got.([]any)
		if !is {
			return []string{fmt.Sprintf("%s is %v, want a list", path, got)}
		}
		if len(w) > 0 && len(g) > 0 {
			return differ(path+"[]", w[0], g[0])
		}
		return nil
	}
	if want != got {
		return []string{fmt.Sprintf("%s is %v, want %v", path, got, want)}
	}
	return nil
}

func TestNoBuyerMemberIsAskedFor(t *testing.T) {
	asked := medusa.Asked()
	j, err := json.MarshalIndent(asked, "", "\t")
	if err != nil {
		t.Fatalf("write the members: %v", err)
	}
	golden(t, "asked.golden.json", append(j, '\n'))
	for call, members := range asked {
		for _, m := range members {
			for _, no := range []string{"*", "email", "address", "customer", "name", "metadata", "payment", "phone"} {
				if strings.Contains(m, no) && (call != "stores" || m != "name") {
					t.Errorf("the call for %s asks for %q", call, m)
				}
			}
		}
	}
}
