package guard

// Outcome is what a guard says. The larger outcome wins where several guards speak.
type Outcome uint8

// The outcomes.
const (
	Pass   Outcome = iota
	Hold           // a person looks first
	Refuse         // never
)

// String returns the stable name of o.
func (o Outcome) String() string {
	switch o {
	case Pass:
		return "pass"
	case Hold:
		return "hold"
	}
	return "refuse"
}

// MarshalText implements encoding.TextMarshaler.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Reason names a breach; stable, kebab-case.
type Reason string

// The reasons. The empty one goes with Pass.
const (
	NotPositive     Reason = "price-not-positive"
	WrongCurrency   Reason = "wrong-currency"
	BelowFloor      Reason = "below-floor"
	AboveCeiling    Reason = "above-ceiling"
	FloorOverCeil   Reason = "floor-above-ceiling"
	NoFloor         Reason = "no-floor"
	NoCeiling       Reason = "no-ceiling"
	UnderImplicit   Reason = "below-implicit-floor"
	DropTooLarge    Reason = "price-drop"
	RiseTooLarge    Reason = "price-rise"
	UnderMedian     Reason = "far-below-median"
	OverMedian      Reason = "far-above-median"
	CurrencyChanged Reason = "currency-changed"
	ManyPrices      Reason = "many-prices-changed"
	ManyZeroed      Reason = "many-listings-zeroed"
	PoorCoverage    Reason = "poor-coverage"
	Flipping        Reason = "flipping"
)

// Verdict is the answer of a guard about a run or a file.
type Verdict struct {
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason,omitempty"`
	Note    string  `json:"note"` // for a person
}
