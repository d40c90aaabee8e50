package service

import (
	"context"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Suggested is what looking for suggestions found.
type Suggested struct {
	Account  string `json:"account"`
	Looked   int64  `json:"looked"`    // unbound listings that were looked at
	Found    int64  `json:"found"`     // of them, those with at least one suggestion
	MoreLeft bool   `json:"more_left"` // there are more than were looked at
}

const (
	// maxLooked bounds the listings of one run: their keys are in memory while all items pass by once.
	maxLooked = 20_000
	// tooCommon is when a word of a title says nothing: that many listings have it.
	tooCommon = 200
	// maxCompared bounds how many items one listing is compared with.
	maxCompared = 300
)

// SuggestBindings looks for items that unbound listings of an account may be, and stores the best with their reasons. It
// binds nothing. Every item is read once, whatever the number of listings.
func (s *Service) SuggestBindings(ctx context.Context, who Caller, ref string, progress func(done, all int64)) (out Suggested, err error) {
	a, err := s.account(ctx, who, ref)
	if err != nil {
		return out, err
	}
	out.Account = a.Name
	search, err := s.unbound(ctx, who, a.ID)
	if err != nil {
		return out, err
	}
	out.Looked, out.MoreLeft = int64(len(search.listings)), search.more
	if len(search.listings) == 0 {
		return out, nil
	}
	if err := s.passItems(ctx, who, search, progress); err != nil {
		return out, err
	}
	out.Found, err = s.storeSuggestions(ctx, who, a.ID, search)
	return out, err
}

// search is unbound listings with an index of what they may be found by.
type search struct {
	listings []found
	byKey    map[string][]int
	more     bool
}

// found is a listing with the items that share a key with it.
type found struct {
	id         ident.Listing
	face       catalog.Face
	candidates []catalog.Candidate
}

// unbound loads listings without an item, each under its keys.
func (s *Service) unbound(ctx context.Context, who Caller, a ident.Account) (*search, error) {
	x := &search{byKey: map[string][]int{}}
	for after := ident.Listing(0); ; {
		var page []store.Listing
		err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Listings(ctx, who.Tenant, store.ListingFilter{Account: a, State: store.UnboundOnes, After: after, Limit: batch})
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, l := range page {
			after = l.ID
			if l.Gone {
				continue
			}
			if len(x.listings) == maxLooked {
				x.more = true
				return x, nil
			}
			x.listings = append(x.listings, found{id: l.ID, face: catalog.Face{SKU: l.SKU, GTIN: l.GTIN, Title: l.Title}})
			for _, k := range catalog.CandidateKeys(x.listings[len(x.listings)-1].face) {
				x.byKey[k] = append(x.byKey[k], len(x.listings)-1)
			}
		}
		if len(page) < batch {
			return x, nil
		}
	}
}

// passItems lets every item pass by the index once.
func (s *Service) passItems(ctx context.Context, who Caller, x *search, progress func(done, all int64)) error {
	done := int64(0)
	for after := ident.Item(0); ; {
		var page []store.Item
		err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
			page, err = tx.Items(ctx, who.Tenant, store.ItemFilter{After: after, Limit: batch})
			return err
		})
		if err != nil || len(page) == 0 {
			return err
		}
		for _, i := range page {
			x.pass(catalog.Candidate{Item: i.ID, Face: catalog.Face{SKU: i.SKU, GTIN: i.GTIN, Title: i.Title}})
		}
		after = page[len(page)-1].ID
		if done += int64(len(page)); progress != nil {
			progress(done, 0)
		}
	}
}

func (x *search) pass(c catalog.Candidate) {
	for _, k := range catalog.CandidateKeys(c.Face) {
		at := x.byKey[k]
		if len(at) > tooCommon {
			continue
		}
		for _, i := range at {
			l := &x.listings[i]
			if n := len(l.candidates); n > 0 && l.candidates[n-1].Item == c.Item {
				continue // by another key already
			}
			if len(l.candidates) == maxCompared {
				l.candidates = best(l.face, l.candidates)
			}
			l.candidates = append(l.candidates, c)
		}
	}
}

// best keeps the candidates worth suggesting.
func best(f catalog.Face, cs []catalog.Candidate) []catalog.Candidate {
	var out []catalog.Candidate
	for _, g := range catalog.Suggest(f, cs) {
		for _, c := range cs {
			if c.Item == g.Item {
				out = append(out, c)
			}
		}
	}
	return out
}

// storeSuggestions replaces the stored suggestions of the listings that were looked at.
func (s *Service) storeSuggestions(ctx context.Context, who Caller, a ident.Account, x *search) (n int64, err error) {
	for from := 0; from < len(x.listings); from += batch {
		part := x.listings[from:min(from+batch, len(x.listings))]
		ids := make([]ident.Listing, len(part))
		var rows []store.Suggestion
		for i, l := range part {
			ids[i] = l.id
			guesses := catalog.Suggest(l.face, l.candidates)
			if len(guesses) > 0 {
				n++
			}
			for _, g := range guesses {
				rows = append(rows, store.Suggestion{Listing: l.id, Item: g.Item, Pack: g.Pack, Score: int64(g.Score), Reason: reasonText(g.Reasons)})
			}
		}
		err := s.Store.Write(ctx, func(tx *store.Tx) error { return tx.Suggest(ctx, who.Tenant, a, ids, rows) })
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func reasonText(rs []catalog.Reason) string {
	text := ""
	for i, r := range rs {
		if i > 0 {
			text += "; "
		}
		text += r.Text
	}
	return text
}
