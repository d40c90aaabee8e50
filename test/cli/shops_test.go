package cli_test

import (
	"net/http/httptest"
	"os"
	"slices"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/farside"
	medusa "carpediemstore.it/sync-connector/internal/channels/medusa/fake"
	"carpediemstore.it/sync-connector/internal/channels/model"
	vendure "carpediemstore.it/sync-connector/internal/channels/vendure/fake"
	woocommerce "carpediemstore.it/sync-connector/internal/channels/woocommerce/fake"
	"carpediemstore.it/sync-connector/internal/money"
)

// shop is a shop that a script opened.
type shop struct {
	farside.Shop
	server *httptest.Server
}

// The credentials of every shop.
const (
	userName = "connector"
	password = "a password with spaces"
	apiKey   = "sk_of_the_test"
	keyHalf  = "ck_of_the_test"
	secHalf  = "cs_of_the_test"
)

// openShop is shop KIND NAME.
func openShop(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "shop KIND NAME")
	files := map[string]string{"key": apiKey}
	path := ""
	var s farside.Shop
	switch args[0] {
	case "medusa":
		s = medusa.New(medusa.Options{Key: apiKey, TaxIncluded: new(true)})
	case "vendure":
		s = vendure.New(vendure.Options{Username: userName, Password: password})
		files, path = map[string]string{"user": userName, "password": password}, "/admin-api"
	case "woocommerce":
		s = woocommerce.New(woocommerce.Options{Key: keyHalf, Secret: secHalf})
		files = map[string]string{"key": keyHalf, "secret": secHalf}
	case "model":
		o := model.Absolute(model.Options{Name: args[1]})
		o.Token.Secret = apiKey
		m, err := model.New(o)
		ts.Check(err)
		s = modelShop{m, model.NewServer(m)}
	default:
		ts.Fatalf("there is no kind %q", args[0])
	}
	server := httptest.NewServer(s)
	worldOf(ts).shops[args[1]] = shop{s, server}
	ts.Setenv(args[1]+"_URL", server.URL+path)
	for name, text := range files {
		ts.Check(os.WriteFile(ts.MkAbs(args[1]+"."+name), []byte(text+"\n"), 0o600))
	}
}

// modelShop is a market behind its own server.
type modelShop struct {
	*model.Market
	*model.Server
}

func shopOf(ts *testscript.TestScript, name string) shop {
	s, ok := worldOf(ts).shops[name]
	if !ok {
		ts.Fatalf("there is no shop %q", name)
	}
	return s
}

func whole(ts *testscript.TestScript, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	ts.Check(err)
	return n
}

func euros(ts *testscript.TestScript, text string) money.Amount {
	a, err := money.ParseAmount(text, "EUR")
	ts.Check(err)
	return a
}

// addGoods is goods NAME SKU STOCK PRICE [GTIN].
func addGoods(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 4 || len(args) == 5, "goods NAME SKU STOCK PRICE [GTIN]")
	p := farside.Product{SKU: args[1], Title: "product " + args[1], Group: args[1], Stock: whole(ts, args[2]), Price: euros(ts, args[3])}
	if len(args) == 5 {
		p.GTIN = args[4]
	}
	shopOf(ts, args[0]).Add(p)
}

// buy is buy NAME SKU UNITS.
func buy(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, len(args) == 3, "buy NAME SKU UNITS")
	s := shopOf(ts, args[0])
	id, ok := s.Buy(farside.Item{SKU: args[1], Quantity: whole(ts, args[2])})
	if ok == neg {
		ts.Fatalf("buying %s of %s at %s went through: %v", args[2], args[1], args[0], ok)
	}
	if ok {
		s.Pay(id)
	}
}

// listing returns the only listing of a SKU.
func (s shop) listing(ts *testscript.TestScript, sku string) (channel.ListingKey, farside.Truth) {
	t := s.Truth()
	var found []channel.ListingKey
	for k, x := range t.SKUs {
		if x == sku {
			found = append(found, k)
		}
	}
	slices.Sort(found)
	if len(found) != 1 {
		ts.Fatalf("%d listings sell %s: %v", len(found), sku, found)
	}
	return found[0], t
}

// ownerEdit is owner NAME stock|price SKU VALUE.
func ownerEdit(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 4 && (args[1] == "stock" || args[1] == "price"), "owner NAME stock|price SKU VALUE")
	s := shopOf(ts, args[0])
	key, truth := s.listing(ts, args[2])
	if args[1] == "price" {
		s.SetPrice(key, euros(ts, args[3]))
		return
	}
	counters := truth.Stocks[key]
	if len(counters) == 0 {
		ts.Fatalf("%s keeps no stock of %s", args[0], args[2])
	}
	s.SetStock(counters[0], whole(ts, args[3]))
}

// shows is shows NAME SKU STOCK PRICE.
func shows(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, len(args) == 4, "shows NAME SKU STOCK PRICE")
	key, truth := shopOf(ts, args[0]).listing(ts, args[1])
	same := (args[2] == "-" || truth.Sellable[args[1]] == whole(ts, args[2])) && (args[3] == "-" || truth.Prices[key] == euros(ts, args[3]))
	if same == neg {
		ts.Fatalf("%s offers %d of %s at %v", args[0], truth.Sellable[args[1]], args[1], truth.Prices[key])
	}
}

// breaks is breaks NAME FAULT.
func breaks(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "breaks NAME FAULT")
	f := farside.Fault{Kind: farside.FaultKind(args[1])}
	if args[1] == "none" {
		f = farside.Fault{}
	}
	shopOf(ts, args[0]).Inject(f)
}
