package policy

import (
	"math/big"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
)

// Bounds of what a buffer is computed for.
const (
	maxMean = 4000 // sales expected within the delay: beyond it no buffer helps, and the numbers get long
	guard   = 96   // binary digits behind the point
)

// SuggestBuffer returns the smallest B with P(Poisson(Λ·D) ≥ B+2) ≤ ε: with B units kept back, at most B+1 sales within
// the delay D are harmless (correctness 4). perHour is Λ in units an hour, epsilon is ε in percent (1 is one case in a
// hundred).
//
// It is computed with whole numbers only: the tail is rounded up and the total down, so the answer is never too small.
func SuggestBuffer(perHour money.Rate, delay time.Duration, epsilon money.Percent) (int64, error) {
	if epsilon <= 0 || epsilon > money.Hundred {
		return 0, fault.New(fault.Invalid, "epsilon must be more than 0 and at most 100 percent, not %v", epsilon)
	}
	if perHour.Sign() < 0 || delay < 0 {
		return 0, fault.New(fault.Invalid, "neither sales an hour (%v) nor delay (%v) can be negative", perHour, delay)
	}
	if perHour.IsZero() || delay == 0 {
		return 0, nil
	}
	rate, ok := new(big.Rat).SetString(perHour.String())
	if !ok {
		return 0, fault.New(fault.Invalid, "%v is not a rate", perHour)
	}
	mean := rate.Mul(rate, big.NewRat(int64(delay), int64(time.Hour)))
	if mean.Cmp(big.NewRat(maxMean, 1)) > 0 {
		return 0, fault.New(fault.TooLarge, "more than %d sales within the delay: no buffer helps", maxMean)
	}
	return smallest(terms(mean, floorDiv), terms(mean, ceilDiv), epsilon), nil
}

// terms returns mean^k / k! for k = 0, 1, … in units of 2^-guard, each rounded by div, until they no longer matter. All
// share the factor e^-mean, which therefore need not be known.
func terms(mean *big.Rat, div func(a, b *big.Int) *big.Int) []*big.Int {
	one := big.NewInt(1)
	last := new(big.Int).Lsh(one, guard)
	out := []*big.Int{last}
	twice := new(big.Int).Div(new(big.Int).Lsh(mean.Num(), 1), mean.Denom()).Int64() + 1
	for k := int64(1); k <= twice || last.Cmp(one) > 0; k++ {
		// Reduced step by step so that the numbers stay as short as the answer.
		last = div(new(big.Int).Mul(last, mean.Num()), new(big.Int).Mul(mean.Denom(), big.NewInt(k)))
		out = append(out, last)
	}
	return out
}

// smallest returns the least B whose tail of the high terms, from B+2 on, is at most epsilon of the total of the low ones.
func smallest(low, high []*big.Int, epsilon money.Percent) int64 {
	total := new(big.Int)
	for _, t := range low {
		total.Add(total, t)
	}
	allowed := total.Mul(total, big.NewInt(int64(epsilon)))
	// Behind the last term each is less than half of the one before, so all of them are less than two units.
	tail := big.NewInt(2)
	scale := big.NewInt(int64(money.Hundred))
	for k := len(high) - 1; k >= 2; k-- {
		tail.Add(tail, high[k])
		if new(big.Int).Mul(tail, scale).Cmp(allowed) > 0 {
			return int64(k) - 1
		}
	}
	return 0
}

func floorDiv(a, b *big.Int) *big.Int { return a.Quo(a, b) }

func ceilDiv(a, b *big.Int) *big.Int {
	q, r := a.QuoRem(a, b, new(big.Int))
	if r.Sign() != 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}
