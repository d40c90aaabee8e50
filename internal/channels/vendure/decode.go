package vendure

import (
	"bytes"
	"encoding/json"
	"strconv"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Everything in this file and in decode_*.go is pure: bytes in, words out. A document that cannot be read is a fault of
// the call; a row that cannot be read is a finding and harms itself only.

// decodeAnswer splits an answer into its data and the store's refusal.
func decodeAnswer(text []byte) (json.RawMessage, error) {
	var a struct {
		Data   json.RawMessage `json:"data"`
		Errors []struct {
			Extensions struct {
				Code string `json:"code"`
			} `json:"extensions"`
		} `json:"errors"`
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return nil, broken("the store's answer is empty")
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, broken("the answer is not the JSON of an Admin API: something else answers at this address, or the answer was cut")
	}
	if len(a.Errors) > 0 {
		// The most telling code wins: a denied field hides nothing else.
		code := a.Errors[0].Extensions.Code
		for _, e := range a.Errors {
			if e.Extensions.Code == codeForbidden {
				code = codeForbidden
			}
		}
		if code = plain(code); !absent(a.Data) && !nulls(a.Data) {
			return nil, broken("the store answered in part only (%s)", code)
		}
		return nil, refused(code)
	}
	if absent(a.Data) {
		return nil, broken("the answer is JSON, but not of a GraphQL API")
	}
	return a.Data, nil
}

// plain keeps a code that looks like one and drops anything else, which could be a body.
func plain(code string) string {
	if len(code) > 64 {
		return "OTHER"
	}
	for _, c := range code {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' {
			return "OTHER"
		}
	}
	return code
}

// absent reports a member that is missing or null.
func absent(m json.RawMessage) bool { return len(m) == 0 || string(m) == "null" }

// nulls reports an object whose members are all null: what a refused nullable field leaves.
func nulls(m json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(m, &members) != nil {
		return false
	}
	for _, v := range members {
		if !absent(v) {
			return false
		}
	}
	return true
}

// decodeLogin reads the union a login answers with.
func decodeLogin(data json.RawMessage) error {
	var a struct {
		Login struct {
			Type string `json:"__typename"`
			Code string `json:"errorCode"`
		} `json:"login"`
	}
	if err := json.Unmarshal(data, &a); err != nil || a.Login.Type == "" {
		return broken("the store's answer to the login cannot be read")
	}
	if a.Login.Type != "CurrentUser" {
		return fault.New(fault.Unauthorized, "the store refuses the user name and password (%s)", plain(a.Login.Code))
	}
	return nil
}

// decodeAlive reads the name of the channel that answered.
func decodeAlive(data json.RawMessage) (string, error) {
	var a struct {
		Channel struct {
			Code string `json:"code"`
		} `json:"activeChannel"`
	}
	if err := json.Unmarshal(data, &a); err != nil || a.Channel.Code == "" {
		return "", broken("the store does not say which channel answers")
	}
	return a.Channel.Code, nil
}

// siteRow is the answer to docSite.
type siteRow struct {
	Channel struct {
		Token            string   `json:"token"`
		Currency         string   `json:"defaultCurrencyCode"`
		Currencies       []string `json:"availableCurrencyCodes"`
		PricesIncludeTax bool     `json:"pricesIncludeTax"`
	}
	Precision  int
	Tracks     bool
	Threshold  int64
	Places     []placeRow
	MorePlaces bool // the store has more stock locations than it was asked for
}

type placeRow struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func decodeSite(data json.RawMessage) (siteRow, error) {
	var row siteRow
	var a struct {
		Channel  json.RawMessage `json:"activeChannel"`
		Settings struct {
			Tracks    *bool           `json:"trackInventory"`
			Threshold json.RawMessage `json:"outOfStockThreshold"`
			Server    struct {
				Precision json.RawMessage `json:"moneyStrategyPrecision"`
			} `json:"serverConfig"`
		} `json:"globalSettings"`
		Places struct {
			Items []placeRow      `json:"items"`
			Total json.RawMessage `json:"totalItems"`
		} `json:"stockLocations"`
	}
	if json.Unmarshal(data, &a) != nil || absent(a.Channel) || json.Unmarshal(a.Channel, &row.Channel) != nil {
		return siteRow{}, broken("the store's settings cannot be read")
	}
	precision, ok1 := whole(a.Settings.Server.Precision)
	threshold, ok2 := whole(a.Settings.Threshold)
	total, ok3 := whole(a.Places.Total)
	if !ok1 || !ok2 || !ok3 || a.Settings.Tracks == nil || row.Channel.Currency == "" {
		return siteRow{}, broken("the store's settings lack what is needed")
	}
	if precision < 0 || precision > 6 {
		return siteRow{}, fault.New(fault.Invalid, "the store keeps money with %d decimals; 0 to 6 are understood", precision)
	}
	row.Precision, row.Threshold, row.Tracks = int(precision), threshold, *a.Settings.Tracks
	row.Places, row.MorePlaces = a.Places.Items, total > int64(len(a.Places.Items))
	for _, p := range row.Places {
		if !goodID(p.ID) {
			return siteRow{}, broken("a stock location of the store has no usable id")
		}
	}
	return row, nil
}

// list is a page of rows, each still encoded, and the number of rows there are in all (-1 when it cannot be read).
type list struct {
	Items []json.RawMessage
	Total int64
}

func decodeList(data json.RawMessage, field string) (list, error) {
	var a map[string]struct {
		Items []json.RawMessage `json:"items"`
		Total json.RawMessage   `json:"totalItems"`
	}
	if err := json.Unmarshal(data, &a); err != nil || a[field].Items == nil {
		return list{}, broken("the store's answer holds no list of %s", field)
	}
	l := list{Items: a[field].Items, Total: -1}
	if n, ok := whole(a[field].Total); ok && n >= 0 {
		l.Total = n
	}
	return l, nil
}

// whole reads a JSON number without fraction and exponent. A number in quotes is text, not a number.
func whole(m json.RawMessage) (int64, bool) {
	s := string(m)
	if s == "" || s != "0" && (s[0] == '0' || s == "-0" || s[0] == '+') {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// goodID reports an id that can be a key: ids are opaque, short and not empty.
func goodID(id string) bool { return id != "" && len(id) <= 128 }

// repeats reports whether any object inside m names a member twice: such a row says two things and is refused (F26).
func repeats(m json.RawMessage) bool {
	d := json.NewDecoder(bytes.NewReader(m))
	d.UseNumber()
	type level struct {
		names map[string]bool // nil in an array
		value bool            // the next token is a value, not a name
	}
	var open []level
	for {
		t, err := d.Token()
		if err != nil {
			return false
		}
		top := len(open) - 1
		if name, ok := t.(string); ok && top >= 0 && open[top].names != nil && !open[top].value {
			if open[top].names[name] {
				return true
			}
			open[top].names[name], open[top].value = true, true
			continue
		}
		switch t {
		case json.Delim('{'):
			open = append(open, level{names: map[string]bool{}})
			continue
		case json.Delim('['):
			open = append(open, level{})
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:top]
			top--
		}
		if top >= 0 {
			open[top].value = false
		}
	}
}
