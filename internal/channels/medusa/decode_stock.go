package medusa

import (
	"carpediemstore.it/sync-connector/internal/channel"
)

// level is one inventory item at one location. With err set the key was read and the number was not.
type level struct {
	key   channel.StockKey
	count channel.Count
	err   error
}

func (l level) finding() channel.Finding {
	return channel.Finding{Stock: l.key, Field: channel.Stock, Code: "bad-quantity", Text: "the number of this counter is not usable: " + l.err.Error()}
}

// levels reads the location levels of an inventory item. With location set, only the level there is kept.
func levels(inventory object, item, location string) ([]level, error) {
	rows, err := inventory.rows("location_levels")
	if err != nil {
		return nil, err
	}
	var out []level
	for _, row := range rows {
		o, err := open(row, "location_id", "stocked_quantity", "reserved_quantity")
		if err != nil {
			return nil, err
		}
		at, err := o.key("location_id")
		if err != nil {
			return nil, err
		}
		if location == "" || at == location {
			out = append(out, readLevel(o, channel.StockKey{Key: item, Location: at}))
		}
	}
	return out, nil
}

// readLevel reads the numbers of one level. Stock can be negative: the shop sells on backorder.
func readLevel(o object, key channel.StockKey) level {
	l := level{key: key, count: channel.Count{StockKey: key}}
	stocked, err := o.whole("stocked_quantity")
	if err != nil {
		l.err = err
		return l
	}
	if stocked == nil {
		l.err = errNotSaid
		return l
	}
	l.count.Quantity = *stocked
	l.count.Reserved, l.err = o.whole("reserved_quantity")
	return l
}

// inventory is an answer about inventory items.
type inventory struct {
	levels   map[channel.StockKey]level
	unread   map[string]bool // items that are there, but whose levels could not be read
	complete bool            // every item there is can be found in it
	findings []channel.Finding
}

// decodeInventory reads an answer about inventory items.
func decodeInventory(body []byte) (inventory, error) {
	l, err := decodeList(body, "inventory_items")
	if err != nil {
		return inventory{}, err
	}
	out := inventory{levels: map[channel.StockKey]level{}, unread: map[string]bool{}, complete: l.whole()}
	for _, row := range l.rows {
		id, at, err := decodeItem(row)
		if err != nil {
			out.findings = append(out.findings, channel.Finding{
				Stock: channel.StockKey{Key: id}, Field: channel.Stock, Code: "bad-row", Text: "an inventory item cannot be read: " + err.Error(),
			})
			out.unread[id] = true
			out.complete = out.complete && id != ""
		}
		for _, x := range at {
			out.levels[x.key] = x
		}
	}
	return out, nil
}

// decodeItem reads one inventory item; id is "" when not even that could be read.
func decodeItem(row []byte) (id string, at []level, err error) {
	o, err := open(row, "id", "location_levels")
	if err != nil {
		return "", nil, err
	}
	if id, err = o.key("id"); err != nil {
		return "", nil, err
	}
	at, err = levels(o, id, "")
	return id, at, err
}

// gone reports whether the answer proves that the shop keeps no such counter.
func (in inventory) gone(k channel.StockKey) bool {
	_, there := in.levels[k]
	return in.complete && !there && !in.unread[k.Key]
}

// decodeWritten reads the answer to a stock write: the number the shop says it now keeps, by counter.
func decodeWritten(body []byte) (map[channel.StockKey]level, error) {
	doc, err := open(body, "updated")
	if err != nil {
		return nil, badAnswer(err)
	}
	rows, err := doc.rows("updated")
	if err != nil {
		return nil, badAnswer(err)
	}
	out := make(map[channel.StockKey]level, len(rows))
	for _, row := range rows {
		o, err := open(row, "inventory_item_id", "location_id", "stocked_quantity", "reserved_quantity")
		if err != nil {
			continue // its write has no answer: unknown
		}
		item, err := o.key("inventory_item_id")
		if err != nil {
			continue
		}
		at, err := o.key("location_id")
		if err != nil {
			continue
		}
		key := channel.StockKey{Key: item, Location: at}
		out[key] = readLevel(o, key)
	}
	return out, nil
}
