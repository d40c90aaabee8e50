package vendure

import (
	"encoding/json"
	"fmt"
	"slices"

	"carpediemstore.it/sync-connector/internal/channel"
)

// stockWrites keeps the writes the store can take and answers the others at once, before anything leaves.
func (s site) stockWrites(b channel.Batch) (channel.Batch, []channel.Outcome) {
	fit := channel.Batch{Field: b.Field, Group: b.Group}
	var out []channel.Outcome
	for _, w := range b.Writes {
		switch {
		case !slices.Contains(s.places, w.Stock.Location):
			out = append(out, rejected(w, channel.CodeNotFound, "the account does not use this stock location"))
		case !goodID(w.Stock.Key):
			out = append(out, rejected(w, channel.CodeNotFound, "this is not the id of a variant"))
		case w.Quantity < 0 || w.Quantity > maxStock:
			out = append(out, rejected(w, channel.CodeInvalid, fmt.Sprintf("%d is no stock on hand of this store (0 to %d)", w.Quantity, maxStock)))
		default:
			fit.Writes = append(fit.Writes, w)
		}
	}
	return fit, out
}

// priceWrites is stockWrites for prices; inputs and writes are in the same order.
func (s site) priceWrites(b channel.Batch) (channel.Batch, []variantInput, []channel.Outcome) {
	fit := channel.Batch{Field: b.Field, Group: b.Group}
	var in []variantInput
	var out []channel.Outcome
	for _, w := range b.Writes {
		units, exact := s.units(w.Price)
		switch {
		case !goodID(string(w.Listing.Key)):
			out = append(out, rejected(w, channel.CodeNotFound, "this is not the id of a variant"))
		case w.Price.Currency != s.currency:
			out = append(out, rejected(w, channel.CodeInvalid, "the account keeps prices in "+string(s.currency)))
		case !exact:
			out = append(out, rejected(w, channel.CodeInvalid, fmt.Sprintf("the store keeps money with %d decimals and no price below zero", s.precision)))
		default:
			fit.Writes = append(fit.Writes, w)
			// The currency is always named: the short form means the channel's default, which its owner may change.
			in = append(in, variantInput{ID: string(w.Listing.Key), Prices: []priceInput{{string(s.currency), units}}})
		}
	}
	return fit, in, out
}

func rejected(w channel.Write, code, text string) channel.Outcome {
	return channel.Outcome{Ref: w.Ref, State: channel.Rejected, Code: code, Text: text}
}

// decodeWritten reads the variants a write answered with, by id. A row that cannot be read is missing.
func decodeWritten(data json.RawMessage) (map[string]variantRow, error) {
	var a struct {
		Rows []json.RawMessage `json:"updateProductVariants"`
	}
	if err := json.Unmarshal(data, &a); err != nil || a.Rows == nil {
		return nil, broken("the store's answer to a write cannot be read")
	}
	rows := map[string]variantRow{}
	for _, raw := range a.Rows {
		if r := decodeVariant(raw); r.bad == "" {
			rows[r.ID] = r
		}
	}
	return rows, nil
}

// stockOutcomes matches the answer to the writes by variant and location. A row the answer lacks, or shows with another
// number, is unknown: only a reading can tell.
func (s site) stockOutcomes(b channel.Batch, rows map[string]variantRow) []channel.Outcome {
	out := make([]channel.Outcome, 0, len(b.Writes))
	for _, w := range b.Writes {
		o := channel.Outcome{Ref: w.Ref, State: channel.Unknown, Text: "the store's answer does not show the number written"}
		if r, ok := rows[w.Stock.Key]; ok {
			c, code := count(w.Stock, r.StockLevels)
			switch {
			case !s.counts(r):
				o = rejected(w, channel.CodeNotManaged, "the shop does not track this variant's inventory")
			case code == "" && c.Quantity == w.Quantity:
				o = channel.Outcome{Ref: w.Ref, State: channel.Applied}
			}
		}
		out = append(out, o)
	}
	return out
}

// priceOutcomes is stockOutcomes for prices, compared in the store's own units.
func priceOutcomes(b channel.Batch, in []variantInput, rows map[string]variantRow) []channel.Outcome {
	out := make([]channel.Outcome, 0, len(b.Writes))
	for i, w := range b.Writes {
		o := channel.Outcome{Ref: w.Ref, State: channel.Unknown, Text: "the store's answer does not show the price written"}
		for _, p := range rows[in[i].ID].Prices {
			n, ok := whole(p.Price)
			if want := in[i].Prices[0]; ok && p.Currency == want.CurrencyCode && n == want.Price {
				o = channel.Outcome{Ref: w.Ref, State: channel.Applied}
			}
		}
		out = append(out, o)
	}
	return out
}
