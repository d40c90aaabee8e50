package shop

import (
	"context"
	"fmt"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

// Shop is a running foreign store. Its methods may be called from several goroutines, except those that start, stop,
// snapshot, restore or close it.
type Shop interface {
	// Kind is the store's name in lower case: "medusa" or "vendure".
	Kind() string
	// URL is the store's root, http://127.0.0.1:port without a slash at the end. It stays the same over Stop and Start.
	URL() string

	// Seed creates products with stock and prices.
	Seed(ctx context.Context, products []Product) error
	// PlaceOrder buys lines through the store's checkout and pays.
	PlaceOrder(ctx context.Context, lines []OrderLine) (Receipt, error)
	// Ship fulfils and ships everything of an order.
	Ship(ctx context.Context, orderID string) error
	// Cancel cancels an order that is not shipped.
	Cancel(ctx context.Context, orderID string) error
	// SetStock sets the stock on hand of one SKU, as a person in the store's admin pages would.
	SetStock(ctx context.Context, sku string, onHand int64) error
	// SetPrice sets the EUR price of one SKU in cents and leaves prices in other currencies as they are.
	SetPrice(ctx context.Context, sku string, cents int64) error
	// Truth reads the state of every SKU from the store.
	Truth(ctx context.Context) (map[string]State, error)
	// Orders reads every placed order, oldest first.
	Orders(ctx context.Context) ([]Order, error)

	// Stop ends the store's process; the data stay. It may be called on a stopped store.
	Stop() error
	// Start serves the same data again after Stop, at the same URL and with the same credentials.
	Start(ctx context.Context) error
	// Snapshot keeps the present data under name, on the same database server. The store restarts.
	Snapshot(ctx context.Context, name string) error
	// Restore brings back the data of a snapshot. The store restarts.
	Restore(ctx context.Context, name string) error
	// Close stops the store and removes its database, unless Options.Database named one, and its files.
	Close() error
}

// Both stores are Shops.
var (
	_ Shop = (*Medusa)(nil)
	_ Shop = (*Vendure)(nil)
)

// Options of a store; the zero value is a fresh store on a database server of its own.
type Options struct {
	// Server holds the store's database. Nil is the server of CARPEDIEM_TEST_POSTGRES or, without one, a new server.
	Server *pg.Server
	// Database names the database to use and to keep at Close: an existing one is opened, a missing one is created.
	Database string
	// From names a snapshot on Server to begin with, instead of an empty store.
	From string
	// Dir keeps the store's files and its log, KIND.log; empty is a temporary folder.
	Dir string
	// Canary is the buyer of every order; the zero Buyer is a made-up one.
	Canary Buyer
	// NetPrices makes a new Vendure keep prices without tax. By default they include 22 %, as shops in the EU keep them;
	// a variant's "price" is then not the number that was stored.
	NetPrices bool
}

// Buyer is who buys: words that must never leave the store.
type Buyer struct {
	First, Last, Street, City, PostCode, Mail, Phone, GiftNote string
}

// Product is something the shop sells, in one or more variants.
type Product struct {
	Title    string
	Variants []Variant
}

// Variant is what is bought. Title tells variants of one product apart ("S"); GTIN may be empty (Vendure has no place
// for it). Stock is on hand; Cents is the price in EUR, DollarCents another price in USD, 0 for none.
type Variant struct {
	SKU, Title, GTIN   string
	Stock              int64
	Cents, DollarCents int64
}

// OrderLine is a number of units of one SKU.
type OrderLine struct {
	SKU      string
	Quantity int64
}

// Receipt is the store's answer to an order. Without Accepted the store had too little stock: ID is empty and Reason is
// in the store's words.
type Receipt struct {
	ID       string
	Accepted bool
	Reason   string
}

// State is what the store holds about one SKU: units on hand, of these reserved for open orders, and the stored price in
// minor units. Currency is EUR, or empty when the SKU has no EUR price; Others holds further prices by currency.
type State struct {
	OnHand, Reserved int64
	PriceMinor       int64
	Currency         string
	Others           map[string]int64
}

// Phase is how far an order is, the same word for both stores.
type Phase string

// The phases of a placed order.
const (
	Open      Phase = "open" // paid, nothing or not everything shipped
	Shipped   Phase = "shipped"
	Cancelled Phase = "cancelled"
)

// Order is a placed order: its lines as ordered, by SKU, its phase and the store's own word for it.
type Order struct {
	ID    string
	Phase Phase
	State string
	Lines []OrderLine
}

// Goods returns products with n SKUs, CD-00001 and on, the same for every run: of each 20 SKUs two belong to a product
// with two variants and three to one with three. Stock, price and GTIN differ from SKU to SKU; every third SKU also has
// a price in USD.
func Goods(n int) []Product {
	var out []Product
	for sku := 1; sku <= n; {
		variants := 1
		switch sku % 20 {
		case 1:
			variants = 2
		case 3:
			variants = 3
		}
		p := Product{Title: fmt.Sprintf("Article %05d", sku)}
		for i := 0; i < variants && sku <= n; i++ {
			v := Variant{
				SKU: fmt.Sprintf("CD-%05d", sku), GTIN: gtin(sku), Stock: int64(10 + sku*7%90), Cents: int64(499 + sku*137%9500),
			}
			if variants > 1 {
				v.Title = []string{"S", "M", "L"}[i]
			}
			if sku%3 == 0 {
				v.DollarCents = v.Cents + 150
			}
			p.Variants = append(p.Variants, v)
			sku++
		}
		out = append(out, p)
	}
	return out
}

// gtin returns a valid GTIN-13 of the range for use inside one company.
func gtin(n int) string {
	body := fmt.Sprintf("20%010d", n)
	sum := 0
	for i, c := range body {
		sum += int(c-'0') * (1 + 2*(i%2))
	}
	return fmt.Sprintf("%s%d", body, (10-sum%10)%10)
}

// orMadeUp returns b, or a made-up buyer when b is zero.
func (b Buyer) orMadeUp() Buyer {
	if b != (Buyer{}) {
		return b
	}
	return Buyer{
		First: "Ottavia", Last: "Canarini", Street: "Vicolo del Canarino 7", City: "Lucca", PostCode: "55100",
		Mail: "ottavia.canarini@example.com", Phone: "+39 055 555 0142", GiftNote: "Buon compleanno, zia Canarina!",
	}
}

// price notes one stored price; two prices in one currency would make the truth ambiguous.
func (s *State) price(currency string, minor int64) error {
	if _, twice := s.Others[currency]; twice || s.Currency == currency {
		return fault.New(fault.Internal, "there are two prices in %s", currency)
	}
	if currency == "EUR" {
		s.Currency, s.PriceMinor = currency, minor
		return nil
	}
	if s.Others == nil {
		s.Others = map[string]int64{}
	}
	s.Others[currency] = minor
	return nil
}

func bySKU(a, b OrderLine) int { return strings.Compare(a.SKU, b.SKU) }
