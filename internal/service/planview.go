package service

import (
	"context"
	"encoding/json"
	"strconv"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/store"
)

// nameRows turns stored rows into rows for people: names instead of ids, amounts with their currency.
func (s *Service) nameRows(ctx context.Context, tx *store.Tx, who Caller, rows []store.PlanRow) ([]PlanRow, error) {
	accounts, err := accountNames(ctx, tx, who.Tenant)
	if err != nil {
		return nil, err
	}
	type group struct {
		account ident.Account
		field   channel.Field
	}
	targets := map[group][]int64{}
	for _, r := range rows {
		if r.Action == actionWrite {
			g := group{r.Account, r.Field}
			targets[g] = append(targets[g], r.Target)
		}
	}
	names := map[group]map[int64]store.Name{}
	for g, ts := range targets {
		if names[g], err = tx.Names(ctx, who.Tenant, g.account, g.field, ts); err != nil {
			return nil, err
		}
	}
	out := make([]PlanRow, len(rows))
	for i, r := range rows {
		v := PlanRow{No: r.No, Account: accounts[r.Account], Field: r.Field, Action: r.Action, Old: r.Old, New: r.New, State: r.State, Note: r.Note}
		if r.Action == actionWrite {
			n := names[group{r.Account, r.Field}][r.Target]
			v.SKU, v.Key = n.SKU, n.Key
			if r.Field == channel.Price {
				v.Old, v.New = amountText(r.Old, n.Currency), amountText(r.New, n.Currency)
			}
		} else {
			v.SKU = rowSKU(r)
		}
		out[i] = v
	}
	return out, nil
}

// amountText renders minor units as an amount; absent stays absent.
func amountText(minor, currency string) string {
	n, err := strconv.ParseInt(minor, 10, 64)
	if err != nil {
		return minor
	}
	return money.Of(n, money.Currency(currency)).String()
}

// rowSKU returns the SKU that a row about an item names.
func rowSKU(r store.PlanRow) string {
	var v struct {
		SKU string `json:"sku"`
	}
	if json.Unmarshal([]byte(r.New), &v) != nil || v.SKU == "" {
		_ = json.Unmarshal([]byte(r.Old), &v) // a row without a SKU shows none
	}
	return v.SKU
}
