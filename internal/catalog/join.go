package catalog

import (
	"iter"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// ItemKey and ListingKey are one row of a sequence sorted by Key (bytes, ascending). Rows without a key are left out.
type (
	ItemKey struct {
		Key  string
		Item ident.Item
	}
	ListingKey struct {
		Key string
		Member
	}
)

// maxGroup bounds the members of one group that are kept; the rest is counted. Enough to show a person.
const maxGroup = 20

// Join groups items and listings of one account that share a key. Both sequences are sorted; they may be of any length,
// one group at a time is in memory. Only groups with a listing are given. A sequence out of order ends the join with an
// error, because what it would have matched is unknown.
func Join(by By, items iter.Seq2[ItemKey, error], listings iter.Seq2[ListingKey, error]) iter.Seq2[Group, error] {
	return func(yield func(Group, error) bool) {
		next, stop := iter.Pull2(items)
		defer stop()
		left := cursor{next: next}
		if err := left.step(); err != nil {
			yield(Group{}, err)
			return
		}
		g := Group{By: by}
		open := false
		for l, err := range listings {
			if err == nil && open && l.Key < g.Key {
				err = fault.New(fault.Internal, "listings are not sorted: %s comes behind %s", show(l.Key), show(g.Key))
			}
			if err != nil {
				yield(Group{}, err)
				return
			}
			if open && l.Key == g.Key {
				g.add(l.Member)
				continue
			}
			if open && !yield(g, nil) {
				return
			}
			open = true
			g = Group{By: by, Key: l.Key, Listings: []Member{l.Member}}
			if err := left.collect(&g); err != nil {
				yield(Group{}, err)
				return
			}
		}
		if open {
			yield(g, nil)
		}
	}
}

func (g *Group) add(m Member) {
	if len(g.Listings) == maxGroup {
		g.MoreListings++
		return
	}
	g.Listings = append(g.Listings, m)
}

// cursor is the items' side of a join.
type cursor struct {
	next func() (ItemKey, error, bool)
	row  ItemKey
	ok   bool
}

// step goes to the next row.
func (c *cursor) step() error {
	last, was := c.row.Key, c.ok
	row, err, ok := c.next()
	if !ok {
		c.ok = false
		return nil
	}
	if err == nil && was && row.Key < last {
		err = fault.New(fault.Internal, "items are not sorted: %s comes behind %s", show(row.Key), show(last))
	}
	c.row, c.ok = row, ok
	return err
}

// collect moves all rows of g's key into g.
func (c *cursor) collect(g *Group) error {
	for c.ok && c.row.Key <= g.Key {
		if c.row.Key == g.Key {
			if len(g.Items) < maxGroup {
				g.Items = append(g.Items, c.row.Item)
			} else {
				g.MoreItems++
			}
		}
		if err := c.step(); err != nil {
			return err
		}
	}
	return nil
}
