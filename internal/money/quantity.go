package money

import "carpediemstore.it/sync-connector/internal/fault"

// MaxQuantity is the largest quantity accepted anywhere: what a signed 32-bit channel field can hold.
const MaxQuantity = 1<<31 - 1

// ParseQuantity reads a whole number of units, 0 … MaxQuantity. "5.0" is 5; "5.5", "-1", "1e3", "" and "1,000" are
// refused (F29): absent is never zero.
func ParseQuantity(text string) (int64, error) {
	n, err := scaled(text, 0)
	if err == nil {
		err = CheckQuantity(n)
	}
	if err != nil {
		return 0, fault.New(fault.Invalid, "%s is not a quantity: %w", quote(text), err)
	}
	return n, nil
}

// CheckQuantity reports why n cannot be a quantity of goods.
func CheckQuantity(n int64) error {
	switch {
	case n < 0:
		return fault.New(fault.Invalid, "it is negative")
	case n > MaxQuantity:
		return fault.New(fault.Invalid, "it is more than %d", int64(MaxQuantity))
	}
	return nil
}
