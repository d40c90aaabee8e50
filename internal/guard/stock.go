package guard

import (
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Pause is how far a scope is paused (N7).
type Pause string

// The pauses, from none to all.
const (
	Running     Pause = ""
	NoIncreases Pause = "no-increases"
	ToZeroOnly  Pause = "to-zero-only"
	PauseAll    Pause = "all"
)

// ParsePause reads the name of a pause.
func ParsePause(text string) (Pause, error) {
	switch p := Pause(text); p {
	case NoIncreases, ToZeroOnly, PauseAll:
		return p, nil
	}
	return Running, fault.New(fault.Invalid, "%q is not a pause mode: write all, no-increases or to-zero-only", text)
}

// Stock is one stock write right before its intent is recorded.
type Stock struct {
	Wire   int64 // the channel's own number to be set
	Target int64 // what it offers
	// Base is what the channel shows by our best knowledge; nil: not known, so every positive target is a rise.
	Base     *int64
	Max      int64 // the channel's cap; 0 for none
	Bound    bool
	Pool     channel.Pool
	Pause    Pause
	DownOnly bool // blind, unauthorised, restored: decreases and zero only (I14)
}

// CheckStock enforces I11 and the pauses on one write. The error's kind says why: Invalid, Paused or Held.
func CheckStock(s Stock) error {
	rise := s.Target > 0 && (s.Base == nil || s.Wire > *s.Base)
	switch {
	case s.Target < 0 || s.Wire < s.Target || money.CheckQuantity(s.Wire) != nil: // I11: an integer, 0 ≤ w
		return fault.New(fault.Invalid, "%d with a target of %d is not a quantity", s.Wire, s.Target)
	case s.Max > 0 && s.Wire > s.Max: // I11: w ≤ the channel's cap
		return fault.New(fault.Invalid, "%d is more than the channel takes: %d", s.Wire, s.Max)
	case s.Pool != channel.Merchant: // I11, S22
		return fault.New(fault.Invalid, "the listing does not sell the merchant's goods: its stock is never written")
	case !s.Bound && s.Target > 0: // I11: positive only if mapped
		return fault.New(fault.Invalid, "the listing is not bound to an item")
	case s.Pause == PauseAll: // I16
		return fault.New(fault.Paused, "stock is paused")
	case s.Pause == ToZeroOnly && s.Target > 0:
		return fault.New(fault.Paused, "only writes to zero leave while stock is paused so")
	case s.Pause == NoIncreases && rise:
		return fault.New(fault.Paused, "no increases leave while stock is paused so")
	case s.Pause != Running && s.Pause != NoIncreases && s.Pause != ToZeroOnly:
		return fault.New(fault.Paused, "stock is paused in a way that is not known: %q", s.Pause)
	case s.DownOnly && rise: // I14
		return fault.New(fault.Held, "what the channel sells is not known: its stock only goes down")
	}
	return nil
}
