package catalog

import (
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
)

// usable refuses what a cell must not be for any column.
func usable(c Cell) error {
	switch c.Kind {
	case CellFormula: // data, never evaluated: what it would give is not what somebody typed
		return fault.New(fault.Invalid, "the cell holds a formula: paste its value instead")
	case CellError:
		return fault.New(fault.Invalid, "the cell holds the error %s", show(c.Text))
	case CellBool:
		return fault.New(fault.Invalid, "the spreadsheet took the cell for true or false: make the column text and type it again")
	case CellDate:
		return fault.New(fault.Invalid, "the spreadsheet took the cell for a date: make the column text and type it again")
	}
	return nil
}

// plainText reads a cell as text.
func plainText(c Cell) (string, error) {
	if err := usable(c); err != nil {
		return "", err
	}
	switch c.Kind {
	case CellNumber:
		return NumberText(c.Text)
	case CellFormatted: // "00123" is stored as 123: taking that would be another SKU
		return "", fault.New(fault.Invalid, "the cell is shown otherwise than it is stored (%s): make the column text and type it again", show(c.Text))
	}
	return c.Text, nil
}

// plainNumber reads a cell as the text of a number. How a number is shown does not matter here.
func plainNumber(c Cell) (string, error) {
	if err := usable(c); err != nil {
		return "", err
	}
	if c.Kind == CellNumber || c.Kind == CellFormatted {
		return NumberText(c.Text)
	}
	return c.Text, nil
}

// key reads a text that names something: it is never blank, and #null is no name.
func key(what string, c Cell) (string, error) {
	if c.Text == "" && c.Kind == CellText {
		return "", fault.New(fault.Invalid, "the cell is blank: every row needs a %s", what)
	}
	if c.Text == null && c.Kind == CellText && !c.Literal {
		return "", fault.New(fault.Invalid, "a %s cannot be taken away with %s", what, null)
	}
	s, err := plainText(c)
	if err != nil {
		return "", err
	}
	if c.Kind == CellNumber && strings.Contains(s, ".") {
		return "", fault.New(fault.Invalid, "the cell is the number %s: make the column text and type it again", show(s))
	}
	return s, checkText(what, s, MaxListing, len(s), "bytes")
}

func gtin(_ *reader, c Cell) (string, error) {
	s, err := plainText(c)
	if err != nil {
		return "", err
	}
	return s, CheckGTIN(s)
}

func title(_ *reader, c Cell) (string, error) {
	s, err := plainText(c)
	if err != nil {
		return "", err
	}
	return s, CheckTitle(s)
}

func boundSKU(_ *reader, c Cell) (string, error) {
	s, err := key("sku", c)
	if err != nil {
		return "", err
	}
	return s, CheckSKU(s)
}

func quantity(_ *reader, c Cell) (int64, error) {
	s, err := plainNumber(c)
	if err != nil {
		return 0, err
	}
	n, err := money.ParseQuantity(s)
	return n, hint(s, err)
}

func pack(_ *reader, c Cell) (int64, error) {
	n, err := quantity(nil, c)
	if err != nil {
		return 0, err
	}
	return n, CheckPack(n)
}

func price(r *reader, c Cell) (money.Amount, error) {
	s, err := plainNumber(c)
	if err != nil {
		return money.Amount{}, err
	}
	if r.unclear {
		return money.Amount{}, nil
	}
	if r.currency == "" { // S7: an amount without a currency is no amount
		return money.Amount{}, fault.New(fault.Invalid, "the row does not say its currency: fill the column currency or declare one for the file")
	}
	a, err := money.ParseAmount(s, r.currency)
	if err != nil {
		return money.Amount{}, hint(s, err)
	}
	if a.Minor <= 0 { // S5: nothing is never a price
		return money.Amount{}, fault.New(fault.Invalid, "%v is not a price: leave the cell blank to keep what is there, write %s to clear it", a, null)
	}
	return a, nil
}

// hint adds what to do about the commonest mistake.
func hint(text string, err error) error {
	if err != nil && strings.Contains(text, ",") {
		return fault.New(fault.Invalid, "%w; write decimals with a point and no separator of thousands", err)
	}
	return err
}

func when(_ *reader, c Cell) (ident.Micros, error) {
	s, err := plainText(c)
	if err != nil {
		return 0, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		return 0, fault.New(fault.Invalid, "%s is not an instant: write it with its zone, like 2026-11-27T00:00:00Z", show(s))
	}
	m := ident.At(t)
	if m == 0 {
		return 0, fault.New(fault.Invalid, "%s is the beginning of time and means never", show(s))
	}
	return m, nil
}

func yesNo(_ *reader, c Cell) (bool, error) {
	s, err := plainText(c)
	if err != nil {
		return false, err
	}
	switch strings.ToLower(s) {
	case "yes", "1", "true":
		return true, nil
	case "no", "0", "false":
		return false, nil
	}
	return false, fault.New(fault.Invalid, "%s is neither yes nor no", show(s))
}

func showYesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// pieces reads "A*2; B": two of A and one of B. A backslash takes the next character as it is, for SKUs that hold one of
// \ ; * or begin or end with a space.
func pieces(_ *reader, c Cell) ([]Piece, error) {
	s, err := plainText(c)
	if err != nil {
		return nil, err
	}
	var out []Piece
	for len(s) > 0 {
		var p Piece
		if p, s, err = piece(s); err != nil {
			return nil, err
		}
		for _, other := range out {
			if other.SKU == p.SKU {
				return nil, fault.New(fault.Invalid, "component %s is listed twice: write one with the sum", show(p.SKU))
			}
		}
		if out = append(out, p); len(out) > MaxComponents {
			return nil, fault.New(fault.Invalid, "a bundle has at most %d components", MaxComponents)
		}
	}
	return out, nil
}

// piece reads one component and returns what is behind it.
func piece(s string) (Piece, string, error) {
	s = strings.TrimLeft(s, " ")
	var sku []byte
	keep := 0 // how much of sku is not trailing space
	i := 0
	for ; i < len(s) && s[i] != ';' && s[i] != '*'; i++ {
		escaped := s[i] == '\\'
		if escaped {
			if i++; i == len(s) {
				return Piece{}, "", fault.New(fault.Invalid, "a backslash ends %s", show(s))
			}
		}
		sku = append(sku, s[i])
		if escaped || s[i] != ' ' {
			keep = len(sku)
		}
	}
	p := Piece{SKU: string(sku[:keep]), Units: 1}
	if err := CheckSKU(p.SKU); err != nil {
		return Piece{}, "", fault.New(fault.Invalid, "components are written like A*2; B: %w", err)
	}
	if i < len(s) && s[i] == '*' {
		text, _, _ := strings.Cut(s[i+1:], ";")
		i += 1 + len(text)
		n, err := money.ParseQuantity(strings.Trim(text, " "))
		if err == nil {
			err = CheckPack(n)
		}
		if err != nil {
			return Piece{}, "", fault.New(fault.Invalid, "component %s: %w", show(p.SKU), err)
		}
		p.Units = n
	}
	if i < len(s) {
		i++
	}
	return p, s[i:], nil
}

func joinPieces(ps []Piece) string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteString("; ")
		}
		for j := range len(p.SKU) {
			c := p.SKU[j]
			edge := c == ' ' && (j == 0 || j == len(p.SKU)-1)
			if c == '\\' || c == ';' || c == '*' || edge {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
		}
		b.WriteByte('*')
		b.WriteString(ident.Text(ident.Item(p.Units)))
	}
	return b.String()
}
