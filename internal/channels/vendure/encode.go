package vendure

import (
	"encoding/json"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// pageSize is how many rows a list asks for. The store's default limit is 1,000; owners set lower ones, rarely below 100.
const pageSize = 100

// The documents. They are everything this package can ask a store; a test validates each against the official schema
// and compares the fields they name with testdata/fields.txt.
const (
	docLogin = `mutation Login($username: String!, $password: String!) {
  login(username: $username, password: $password) { __typename ... on ErrorResult { errorCode } }
}`
	docAlive = `query Alive { activeChannel { code } }`
	docSite  = `query Site {
  activeChannel { token defaultCurrencyCode availableCurrencyCodes pricesIncludeTax }
  globalSettings { trackInventory outOfStockThreshold serverConfig { moneyStrategyPrecision } }
  stockLocations(options: { take: 100 }) { items { id name } totalItems }
}`

	variantFields = `{
    items {
      id sku name enabled trackInventory outOfStockThreshold useGlobalOutOfStockThreshold
      prices { currencyCode price }
      stockLevels { stockLocationId stockOnHand stockAllocated }
      product { id enabled }
    }
    totalItems
  }`
	docVariants = `query Variants($skip: Int!) {
  productVariants(options: { take: 100, skip: $skip, sort: { id: ASC } }) ` + variantFields + `
}`
	docChosen = `query Chosen($ids: [String!]!) {
  productVariants(options: { take: 100, filter: { id: { in: $ids } } }) ` + variantFields + `
}`

	docSetStock = `mutation SetStock($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id trackInventory stockLevels { stockLocationId stockOnHand } }
}`
	docSetPrice = `mutation SetPrice($input: [UpdateProductVariantInput!]!) {
  updateProductVariants(input: $input) { id prices { currencyCode price } }
}`

	orderFields = `{
    items {
      id type orderPlacedAt updatedAt
      lines { id quantity productVariant { id } }
      fulfillments { state lines { orderLineId quantity } }
      history(options: { take: 1, filter: { type: { notEq: "ORDER_NOTE" } } }) { totalItems }
    }
  }`
	docNewest = `query Newest {
  placed: orders(options: { take: 1, sort: { orderPlacedAt: DESC }, filter: { orderPlacedAt: { isNull: false } } }) { items { orderPlacedAt } }
  changed: orders(options: { take: 1, sort: { updatedAt: DESC } }) { items { updatedAt } }
}`
	docOpen = `query Open($after: DateTime!, $skip: Int!) {
  orders(options: { take: 100, skip: $skip, sort: { orderPlacedAt: ASC }, filter: { orderPlacedAt: { after: $after }, state: { notIn: ["Delivered", "Cancelled"] } } }) ` + orderFields + `
}`
	docPlaced = `query Placed($after: DateTime!, $skip: Int!) {
  orders(options: { take: 100, skip: $skip, sort: { orderPlacedAt: ASC }, filter: { orderPlacedAt: { after: $after } } }) ` + orderFields + `
}`
	docChanged = `query Changed($after: DateTime!, $skip: Int!) {
  orders(options: { take: 100, skip: $skip, sort: { updatedAt: ASC }, filter: { updatedAt: { after: $after }, orderPlacedAt: { isNull: false } } }) ` + orderFields + `
}`
	docAgain = `query Again($ids: [String!]!) {
  orders(options: { take: 100, filter: { id: { in: $ids } } }) ` + orderFields + `
}`

	docMayRead   = `query MayRead { productVariants(options: { take: 1 }) { totalItems } }`
	docMayLocate = `query MayLocate { stockLocations(options: { take: 1 }) { totalItems } }`
	docMaySell   = `query MaySell { orders(options: { take: 1 }) { totalItems } }`
	// An empty input changes nothing, but the store checks the right first.
	docMayWrite = `mutation MayWrite { updateProductVariants(input: []) { id } }`
)

// documents lists every document, for the tests that hold them against the schema and the approved fields.
func documents() []string {
	return []string{
		docLogin, docAlive, docSite, docVariants, docChosen, docSetStock, docSetPrice, docNewest, docOpen, docPlaced, docChanged, docAgain,
		docMayRead, docMayLocate, docMaySell, docMayWrite,
	}
}

// request is the body of every call.
type request struct {
	Query     string `json:"query"`
	Variables any    `json:"variables,omitempty"`
}

func (r request) encode() ([]byte, error) { return json.Marshal(r) }

// Variables of the documents.
type (
	skipVars struct {
		Skip int `json:"skip"`
	}
	idVars struct {
		IDs []string `json:"ids"`
	}
	afterVars struct {
		After string `json:"after"`
		Skip  int    `json:"skip"`
	}
	inputVars struct {
		Input []variantInput `json:"input"`
	}
)

// variantInput changes one variant. Only what is written is named: an unnamed member stays as it is.
type variantInput struct {
	ID          string       `json:"id"`
	StockLevels []levelInput `json:"stockLevels,omitempty"`
	Prices      []priceInput `json:"prices,omitempty"`
}

type levelInput struct {
	StockLocationID string `json:"stockLocationId"`
	StockOnHand     int64  `json:"stockOnHand"`
}

type priceInput struct {
	CurrencyCode string `json:"currencyCode"`
	Price        int64  `json:"price"`
}

// stockInput makes one input a variant: several locations of a variant travel in one row, because the store's answer
// holds each variant once.
func stockInput(ws []channel.Write) []variantInput {
	var out []variantInput
	at := map[string]int{}
	for _, w := range ws {
		i, ok := at[w.Stock.Key]
		if !ok {
			i = len(out)
			at[w.Stock.Key] = i
			out = append(out, variantInput{ID: w.Stock.Key})
		}
		out[i].StockLevels = append(out[i].StockLevels, levelInput{StockLocationID: w.Stock.Location, StockOnHand: w.Quantity})
	}
	return out
}

// stamp renders a time in milliseconds since 1970 as the API takes it.
func stamp(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z") }
