package store

import (
	"context"
	"database/sql"

	"carpediemstore.it/sync-connector/internal/ident"
)

// Suggestion is a guess about what a listing sells, for a person to confirm.
type Suggestion struct {
	Listing ident.Listing `json:"listing"`
	Item    ident.Item    `json:"item"`
	SKU     string        `json:"sku"` // of the item
	Title   string        `json:"title"`
	Pack    int64         `json:"pack"`
	Score   int64         `json:"score"` // 1 … 999
	Reason  string        `json:"reason"`
}

const (
	suggestHead = `INSERT INTO suggestions (tenant, account, listing, item, pack, score, reason) VALUES `
	suggestTail = `ON CONFLICT (tenant, account, listing, item) DO UPDATE SET pack = excluded.pack, score = excluded.score, reason = excluded.reason`
)

// Suggest replaces the suggestions for listings of an account.
func (t *Tx) Suggest(ctx context.Context, tenant ident.Tenant, account ident.Account, listings []ident.Listing, ss []Suggestion) error {
	if _, err := t.exec(ctx, dropSuggestionsText, tenant, account, list(listings)); err != nil {
		return err
	}
	return t.insert(ctx, suggestHead, 7, suggestTail, len(ss), func(i int, args []any) []any {
		return append(args, tenant, account, ss[i].Listing, ss[i].Item, ss[i].Pack, ss[i].Score, ss[i].Reason)
	})
}

// Suggestions returns the suggestions for listings of an account, best first.
func (t *Tx) Suggestions(ctx context.Context, tenant ident.Tenant, account ident.Account, listings []ident.Listing) (map[ident.Listing][]Suggestion, error) {
	out := map[ident.Listing][]Suggestion{}
	err := t.each(ctx, `
SELECT s.listing, s.item, i.sku, i.title, s.pack, s.score, s.reason FROM suggestions s JOIN items i ON i.tenant = s.tenant AND i.item = s.item
WHERE s.tenant = $1 AND s.account = $2 AND s.listing IN {ids $3} ORDER BY s.listing, s.score DESC, s.item`, func(rs *sql.Rows) error {
		var s Suggestion
		err := rs.Scan(&s.Listing, &s.Item, &s.SKU, &s.Title, &s.Pack, &s.Score, &s.Reason)
		out[s.Listing] = append(out[s.Listing], s)
		return err
	}, tenant, account, list(listings))
	return out, err
}
