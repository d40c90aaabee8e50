package policy

import "carpediemstore.it/sync-connector/internal/ident"

// Scarcity hands out rights to the last units, so that they are promised once (correctness 3 I). While At or fewer units
// are available, Keeper has the first Keep of them and the others divide the rest by weight; what does not divide stays
// with Keeper. Without shares Keeper has all of them.
type Scarcity struct {
	At     int64         `json:"at"`
	Keeper ident.Account `json:"keeper,omitempty"`
	Keep   int64         `json:"keep,omitempty"`
	Shares []Weight      `json:"shares,omitempty"`
}

// Weight is an account's part in a division.
type Weight struct {
	Account ident.Account `json:"account"`
	Weight  int64         `json:"weight"`
}

// Right returns how many of available units account may promise. Over all accounts the rights add up to available, or
// to nothing when it is negative.
func (s Scarcity) Right(account ident.Account, available int64) int64 {
	available = max(0, available)
	var total int64
	for _, h := range s.Shares {
		total += max(0, h.Weight)
	}
	if total == 0 {
		if account == s.Keeper {
			return available
		}
		return 0
	}
	kept := min(available, s.Keep)
	rest := available - kept
	var own, given int64
	for _, h := range s.Shares {
		part := rest * max(0, h.Weight) / total
		given += part
		if h.Account == account {
			own += part
		}
	}
	if account == s.Keeper {
		own += kept + rest - given
	}
	return own
}

// split gives the counter of the given rank its part of a right that n counters of one account share.
func split(right, n, rank int64) int64 {
	if n <= 1 {
		return right
	}
	part := right / n
	if rank < right%n {
		part++
	}
	return part
}
