package woocommerce

import (
	"encoding/json"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// mostQuantity is the largest number written.
const mostQuantity int64 = money.MaxQuantity

// stockRow and priceRow are rows of a batch. Batch rows skip the shop's own type checks, so the types here are the only
// ones: a quantity is always there and an integer, a price is always text with the currency's digits.
type stockRow struct {
	ID       int64 `json:"id"`
	Manage   bool  `json:"manage_stock"`
	Quantity int64 `json:"stock_quantity"`
}

type priceRow struct {
	ID    int64  `json:"id"`
	Price string `json:"regular_price"`
}

// encode writes the body of a batch.
func encode(f channel.Field, rows []row) ([]byte, error) {
	var update []any
	for _, x := range rows {
		if f == channel.Stock {
			update = append(update, stockRow{ID: x.at.id, Manage: true, Quantity: x.write.Quantity})
			continue
		}
		text := x.write.Price.Text()
		if !plainPrice.MatchString(text) {
			return nil, fault.New(fault.Internal, "the price %q is not plain decimal text", text)
		}
		update = append(update, priceRow{ID: x.at.id, Price: text})
	}
	body, err := json.Marshal(map[string][]any{"update": update})
	if err != nil {
		return nil, fault.New(fault.Internal, "the batch cannot be written: %w", err)
	}
	return body, nil
}
