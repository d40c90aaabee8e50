package fake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/channels/farside"
)

// row is one entity of a list: what can be filtered and sorted by, and how it is answered.
type row struct {
	get    map[string]any // text, time.Time, or nil
	object func() object
}

// stamp renders a time as the store does.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func userError(message string) *problem { return &problem{code: "USER_INPUT_ERROR", message: message} }

// list filters, sorts and cuts rows as the options of f say.
func list(f field, rows []row, kind farside.FaultKind) (any, *problem) {
	options, _ := f.args["options"].(map[string]any)
	take, skip := int64(1000), int64(0)
	if v, ok := options["take"]; ok && v != nil {
		if take, ok = integer(v); !ok {
			return nil, bad("take", "Int cannot represent non-integer value")
		}
	}
	if v, ok := options["skip"]; ok && v != nil {
		if skip, ok = integer(v); !ok {
			return nil, bad("skip", "Int cannot represent non-integer value")
		}
	}
	if take > 1000 {
		return nil, userError("Cannot take more than 1000 results from a list query")
	}
	filter, _ := options["filter"].(map[string]any)
	kept := rows[:0:0]
	for _, r := range rows {
		ok, p := matches(r, filter)
		if p != nil {
			return nil, p
		}
		if ok {
			kept = append(kept, r)
		}
	}
	by, _ := options["sort"].(map[string]any)
	if p := arrange(kept, by); p != nil {
		return nil, p
	}
	total := int64(len(kept))
	kept = kept[min(skip, total):min(skip+take, total)]
	items := make([]object, 0, len(kept))
	for _, r := range kept {
		items = append(items, r.object())
	}
	return object{"__typename": "List", "items": spoil(items, kind), "totalItems": total}, nil
}

// matches applies every operator of a filter.
func matches(r row, filter map[string]any) (bool, *problem) {
	for name, operators := range filter {
		v, known := r.get[name]
		ops, isMap := operators.(map[string]any)
		if !known || !isMap {
			return false, userError("The filter field " + name + " is not valid")
		}
		for op, want := range ops {
			if want == nil {
				continue // an operator without a value is not applied
			}
			ok, p := holds(v, op, want)
			if p != nil || !ok {
				return false, p
			}
		}
	}
	return true, nil
}

// holds applies one operator. A database keeps finer times than it shows, so "after" compares exactly.
func holds(v any, op string, want any) (bool, *problem) {
	switch op {
	case "eq":
		return v == want, nil
	case "in", "notIn":
		values, _ := want.([]any)
		return slices.Contains(values, v) == (op == "in"), nil
	case "isNull":
		return (v == nil) == (want == true), nil
	case "after", "before":
		t, isTime := v.(time.Time)
		bound, err := time.Parse(time.RFC3339Nano, fmt.Sprint(want))
		if err != nil {
			return false, bad("filter", "DateTime cannot represent the value")
		}
		if !isTime {
			return false, nil
		}
		return op == "after" && t.After(bound) || op == "before" && t.Before(bound), nil
	}
	return false, userError("The operator " + op + " is not supported")
}

// arrange sorts by the one field named; rows without a value come last upwards and first downwards, as in PostgreSQL.
func arrange(rows []row, by map[string]any) *problem {
	if len(by) > 1 {
		return userError("this store sorts by one field")
	}
	for name, direction := range by {
		for _, r := range rows {
			if _, ok := r.get[name]; !ok {
				return userError("The sort field " + name + " is invalid")
			}
		}
		slices.SortStableFunc(rows, func(a, b row) int {
			c := compare(a.get[name], b.get[name])
			if direction == "DESC" {
				return -c
			}
			return c
		})
	}
	return nil
}

func compare(a, b any) int {
	switch {
	case a == nil || b == nil:
		return cmp.Compare(ord(a == nil), ord(b == nil))
	}
	if x, ok := a.(time.Time); ok {
		if y, ok := b.(time.Time); ok {
			return x.Compare(y)
		}
	}
	x, errX := strconv.Atoi(fmt.Sprint(a))
	y, errY := strconv.Atoi(fmt.Sprint(b))
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func ord(b bool) int {
	if b {
		return 1
	}
	return 0
}

// spoil shows the faults of lists.
func spoil(items []object, kind farside.FaultKind) []object {
	mid := len(items) / 2
	switch {
	case len(items) < 2:
	case kind == farside.FaultShortList:
		return slices.Delete(items, mid, mid+1)
	case kind == farside.FaultDuplicate:
		return slices.Insert(items, mid, items[mid-1])
	case kind == farside.FaultWrongType:
		for i, wrong := range []any{"seven", nil, json.Number("5.5"), absent{}} {
			if i < len(items)/2 {
				damage(items[i], wrong)
			}
		}
	}
	return items
}

// absent stands for a member that is left out.
type absent struct{}

// damage puts wrong in the place of every quantity and price of an answer's row.
func damage(o object, wrong any) {
	for _, name := range []string{"stockOnHand", "price", "quantity"} {
		if _, ok := o[name]; !ok {
			continue
		}
		o[name] = wrong
	}
	for _, v := range o {
		switch v := v.(type) {
		case object:
			damage(v, wrong)
		case []object:
			for _, x := range v {
				damage(x, wrong)
			}
		}
	}
}
