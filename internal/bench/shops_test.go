package bench_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/channeltest"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/money"
)

// shopsEnv holds the shopPlan of the process of the marketplaces.
const shopsEnv = "CARPEDIEM_BENCH_SHOPS"

const token = "bench-token"

// shopPlan says what marketplaces there are.
type shopPlan struct {
	Preset   string
	Shops    int
	Products int // in each of them, the same ones
	Stock    int64
	Poll     time.Duration
	Page     int // of the catalogue
	Limits   bool
	// Rate, Burst and Row are the one limit of a market with Limits: calls a second, and what a row of a batch costs.
	Rate, Burst, Row int64
	MaxBatch         int
}

func sku(i int) string { return fmt.Sprintf("SKU-%07d", i) }

// shops is the process of the marketplaces as a scenario sees it.
type shops struct {
	URLs []string
	in   io.WriteCloser
	out  *bufio.Reader
	tb   testing.TB
}

// startShops starts the process and waits until its shops are open.
func startShops(tb testing.TB, p shopPlan) *shops {
	tb.Helper()
	text, err := json.Marshal(p)
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), shopsEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	s := &shops{tb: tb}
	if s.in, err = cmd.StdinPipe(); err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	s.out = bufio.NewReader(out)
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.in.Close()
		if err := cmd.Wait(); err != nil {
			tb.Error("the marketplaces ended badly:", err)
		}
	})
	s.answer(&s.URLs)
	return s
}

// ask has the shops do something and reads their answer.
func (s *shops) ask(command any, answer any) {
	s.tb.Helper()
	if err := json.NewEncoder(s.in).Encode(command); err != nil {
		s.tb.Fatal(err)
	}
	s.answer(answer)
}

func (s *shops) answer(to any) {
	s.tb.Helper()
	line, err := s.out.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, to)
	}
	if err != nil {
		s.tb.Fatal("the marketplaces do not answer:", err)
	}
}

// order is what a scenario asks the shops to do.
type order struct {
	Do   string // "buy", "report"
	Rate int    // orders a second, over all shops
	For  time.Duration
	Seed uint64
}

// street is all marketplaces of the process.
type street struct {
	plan    shopPlan
	markets []*model.Market
	watch   *watch
}

// serveShops is the process: it opens the shops, says where, and does what it is asked until its input ends.
func serveShops(plan string, in io.Reader, out io.Writer) error {
	var s street
	if err := json.Unmarshal([]byte(plan), &s.plan); err != nil {
		return err
	}
	s.watch = newWatch(s.plan.Shops)
	urls, err := s.open()
	if err != nil {
		return err
	}
	answers := json.NewEncoder(out)
	if err := answers.Encode(urls); err != nil {
		return err
	}
	commands := json.NewDecoder(in)
	for {
		var o order
		if err := commands.Decode(&o); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if o.Do == "buy" {
			s.buy(o)
		}
		if err := answers.Encode(s.report()); err != nil {
			return err
		}
	}
}

func (s *street) open() (urls []string, err error) {
	for n := range s.plan.Shops {
		o := s.options(n)
		m, err := model.New(o)
		if err != nil {
			return nil, err
		}
		goods := make([]channeltest.Product, 0, 1000)
		for i := range s.plan.Products {
			goods = append(goods, channeltest.Product{
				SKU: sku(i), GTIN: gtin(i), Title: fmt.Sprint("Tazza numero ", i), Group: fmt.Sprint("g", i), Stock: s.plan.Stock, Price: money.Of(1990, "EUR"),
			})
			if len(goods) == cap(goods) || i == s.plan.Products-1 {
				m.Add(goods...)
				goods = goods[:0]
			}
		}
		s.markets = append(s.markets, m)
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		server := &http.Server{Handler: model.NewServer(m), ReadHeaderTimeout: 10 * time.Second}
		go func() { _ = server.Serve(l) }() // ends with the process
		urls = append(urls, "http://"+l.Addr().String())
	}
	return urls, nil
}

// gtin makes a GTIN-13 with its check digit.
func gtin(i int) string {
	text := fmt.Sprintf("800%09d", i)
	sum := 0
	for k, c := range text {
		sum += int(c-'0') * (1 + 2*(k%2))
	}
	return text + string(rune('0'+(10-sum%10)%10))
}

// options are those of the n-th market.
func (s *street) options(n int) model.Options {
	o := model.Options{}
	for _, p := range model.Presets() {
		if p.Name == s.plan.Preset {
			o = p.Apply(o)
		}
	}
	o.Name, o.Rand = fmt.Sprintf("m%d", n), rand.New(rand.NewPCG(1, uint64(n)))
	o.Token.Secret = token
	o.Caps.Sales.Poll, o.Caps.Sales.Lag = s.plan.Poll, 0
	o.Caps.Read.Sweep = 24 * time.Hour
	o.List.Page = max(s.plan.Page, 1)
	if s.plan.MaxBatch > 0 {
		o.Caps.Stock.MaxBatch = s.plan.MaxBatch
	}
	o.Caps.Limits = nil
	if s.plan.Limits {
		o.Caps.Limits = s.limits()
		o.Quota = model.QuotaOptions{Enforce: true, RowCost: s.plan.Row}
	}
	o.OnServe = func(id, _ string, _ time.Time) { s.watch.servedBy(n, id) }
	o.OnWrite = func(x model.Seen) { s.watch.wrote(n, x) }
	return o
}

// limits is the one limit of a market with limits: so many calls a second.
func (s *street) limits() []channel.Limit {
	return []channel.Limit{{Name: "calls", Rate: s.plan.Rate, Per: time.Second, Burst: s.plan.Burst, Reserve: 20}}
}
