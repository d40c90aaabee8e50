package pricing

import (
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Rounding gives a price its ending: one of Ending and Step. Ending ".99" allows 0.99, 1.99, …; "9.90" allows 9.90,
// 19.90, …; in a currency without decimals "80" allows 80, 180, …. Step "0.05" allows multiples of 0.05.
type Rounding struct {
	None   bool   `json:"none,omitempty"`
	Ending string `json:"ending,omitempty"`
	Step   string `json:"step,omitempty"`
	To     To     `json:"to,omitempty"`
}

// To is the direction of rounding.
type To string

// The directions. Nearest goes up from the middle. A price that would become nothing goes up always.
const (
	Nearest To = "nearest"
	Up      To = "up"
	Down    To = "down"
)

// maxMinor bounds every price: a million million minor units of any currency.
const maxMinor = 1_000_000_000_000

// maxEnding is how long an ending or a step may be written.
const maxEnding = 9

// fault says why r cannot be accepted; "" when it can.
func (r Rounding) fault() string {
	given := 0
	for _, is := range []bool{r.None, r.Ending != "", r.Step != ""} {
		if is {
			given++
		}
	}
	switch {
	case given != 1:
		return "needs one of none, ending and step"
	case r.None && r.To != "":
		return "has a direction but neither ending nor step"
	case r.None:
		return ""
	case r.To != Nearest && r.To != Up && r.To != Down:
		return `needs to: "nearest", "up" or "down"`
	case len(r.Ending)+len(r.Step) > maxEnding:
		return "is too long"
	}
	// Whether the digits fit is known when the currency is; here three decimals are the most any has.
	if _, _, err := r.grid(threeDecimals); err != nil {
		return err.Error()
	}
	return ""
}

// threeDecimals is a currency with as many decimals as any.
const threeDecimals money.Currency = "KWD"

// grid returns the prices r allows in c as start + n × step, in minor units.
func (r Rounding) grid(c money.Currency) (start, step int64, err error) {
	if r.None || (r.Ending == "" && r.Step == "") {
		return 0, 1, nil
	}
	if r.Step != "" {
		a, err := money.ParseAmount(r.Step, c)
		if err != nil || a.Minor <= 0 {
			return 0, 0, fault.New(fault.Invalid, "step %q is no step in %s", r.Step, c)
		}
		return 0, a.Minor, nil
	}
	whole, _, _ := strings.Cut(r.Ending, ".")
	text := r.Ending
	if whole == "" {
		text = "0" + text
	}
	a, err := money.ParseAmount(text, c)
	if err != nil || a.Minor < 0 {
		return 0, 0, fault.New(fault.Invalid, "ending %q is no ending in %s", r.Ending, c)
	}
	step = 1
	for range len(whole) + c.Digits() {
		step *= 10
	}
	return a.Minor, step, nil
}

// round gives x, major units of c, the ending r asks for.
func (r Rounding) round(x money.Rate, c money.Currency) (money.Amount, error) {
	start, step, err := r.grid(c)
	if err != nil {
		return money.Amount{}, err
	}
	if step == 1 {
		return x.Amount(c, money.HalfUp)
	}
	down, err := x.Amount(c, money.Down)
	if err != nil {
		return money.Amount{}, err
	}
	below := money.Of(down.Minor-mod(down.Minor-start, step), c)
	above := below
	if exact, err := below.Rate(); err != nil || exact.Cmp(x) != 0 {
		above.Minor += step
	}
	if below.Minor <= 0 || r.To == Up {
		return above, nil
	}
	if r.To == Down {
		return below, nil
	}
	twice, err := x.Add(x)
	if err != nil {
		return money.Amount{}, err
	}
	middle, err := money.Of(below.Minor+above.Minor, c).Rate()
	if err != nil {
		return money.Amount{}, err
	}
	if twice.Cmp(middle) >= 0 {
		return above, nil
	}
	return below, nil
}

// mod is the remainder of n ÷ m that is not negative.
func mod(n, m int64) int64 {
	r := n % m
	if r < 0 {
		r += m
	}
	return r
}

// text says what r does, for a note.
func (r Rounding) text() string {
	switch {
	case r.Ending != "":
		return string(r.To) + " to the ending " + r.Ending
	case r.Step != "":
		return string(r.To) + " to steps of " + r.Step
	}
	return "to the minor unit"
}
