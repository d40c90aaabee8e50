package policy_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy"
)

var accounts = []ident.Account{1, 2, 3, 4}

func drawScarcity(t *rapid.T) *policy.Scarcity {
	s := policy.Scarcity{At: rapid.Int64Range(0, 30).Draw(t, "at"), Keeper: rapid.SampledFrom(accounts).Draw(t, "keeper")}
	if rapid.Bool().Draw(t, "shares") {
		s.Keep = rapid.Int64Range(0, s.At).Draw(t, "keep")
		for _, a := range accounts {
			if w := rapid.Int64Range(0, 5).Draw(t, "weight"); w > 0 {
				s.Shares = append(s.Shares, policy.Weight{Account: a, Weight: w})
			}
		}
	}
	return &s
}

func maybe[T any](t *rapid.T, name string, g *rapid.Generator[T]) *T {
	if !rapid.Bool().Draw(t, name+" is said") {
		return nil
	}
	return ptr(g.Draw(t, name))
}

func drawRules(t *rapid.T) policy.Rules {
	small := rapid.Int64Range(0, 40)
	share := rapid.Map(rapid.Int64Range(0, int64(money.Hundred)), func(n int64) money.Percent { return money.Percent(n) })
	r := policy.Rules{
		Version: policy.Version,
		Buffer:  maybe(t, "buffer", small),
		Percent: maybe(t, "percent", share),
		Floor:   maybe(t, "floor", small),
		Minimum: maybe(t, "minimum", small),
	}
	if c := maybe(t, "cap", small); c != nil {
		r.Cap = ptr(max(*c, orZero(r.Floor)))
	}
	if rapid.Bool().Draw(t, "by units") {
		r.Allocation = &policy.Allocation{Units: ptr(small.Draw(t, "units"))}
	} else if rapid.Bool().Draw(t, "by share") {
		r.Allocation = &policy.Allocation{Percent: ptr(share.Draw(t, "share"))}
	}
	if rapid.Bool().Draw(t, "velocity") {
		r.Velocity = &policy.Velocity{AtMost: small.Draw(t, "at most")}
	}
	if rapid.Bool().Draw(t, "scarcity") {
		r.Scarcity = drawScarcity(t)
	}
	if rapid.Bool().Draw(t, "blind rule") {
		r.Blind = &policy.Blind{
			Offer:     rapid.SampledFrom([]policy.Offer{policy.OfferNone, policy.OfferShare}).Draw(t, "offer"),
			Elsewhere: rapid.SampledFrom([]policy.Elsewhere{policy.Subtract, policy.Ignore}).Draw(t, "elsewhere"),
		}
	}
	if rapid.Bool().Draw(t, "some places") {
		r.Locations = &policy.Locations{Except: []string{"shop"}}
	}
	return r
}

func orZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func drawInput(t *rapid.T) policy.Input {
	in := policy.Input{
		Account: rapid.SampledFrom(accounts).Draw(t, "account"),
		Pool:    rapid.SampledFrom([]channel.Pool{channel.Merchant, channel.Merchant, channel.Merchant, channel.ByChannel, ""}).Draw(t, "pool"),
		Shown:   maybe(t, "shown", rapid.Int64Range(0, 60)),
		Blind:   rapid.Bool().Draw(t, "blind"),
		Max:     rapid.SampledFrom([]int64{0, 0, 5, 999}).Draw(t, "max"),
		Zero:    rapid.SampledFrom([]channel.ZeroMode{channel.SetZero, channel.RefuseZero}).Draw(t, "zero"),
		Delay:   time.Duration(rapid.Int64Range(0, 600).Draw(t, "delay")) * time.Second,
	}
	for i := range rapid.IntRange(0, 3).Draw(t, "parts") {
		in.Parts = append(in.Parts, policy.Part{
			Item:    ident.Item(i + 1),
			Units:   rapid.Int64Range(1, 4).Draw(t, "units"),
			Counted: rapid.IntRange(0, 9).Draw(t, "counted") > 0,
			Places: []policy.Place{
				{Units: rapid.Int64Range(-5, 60).Draw(t, "here")},
				{Name: "shop", Units: rapid.Int64Range(0, 20).Draw(t, "shop")},
			},
			Reserved:  rapid.Int64Range(0, 20).Draw(t, "reserved"),
			Held:      rapid.Int64Range(0, 5).Draw(t, "held"),
			Elsewhere: rapid.Int64Range(0, 9).Draw(t, "elsewhere"),
			Others:    maybe(t, "others", rapid.Int64Range(0, 40)),
			PerHour:   maybe(t, "per hour", rapid.Just(money.MustRate("24"))),
			Peers:     2, Rank: rapid.Int64Range(0, 1).Draw(t, "rank"),
		})
	}
	in.Rules = policy.Merge(policy.Level{Name: "tenant", Rules: drawRules(t)})
	return in
}

func TestEveryTargetKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		got := policy.Target(in)
		if diff := cmp.Diff(got, policy.Target(in)); diff != "" {
			t.Fatalf("the same input gave two results (I9):\n%s", diff)
		}
		for i, name := range policy.Order() {
			if got.Steps[i].Name != name {
				t.Fatalf("step %d is %s, want %s", i, got.Steps[i].Name, name)
			}
			if i > 0 && got.Steps[i].In != got.Steps[i-1].Out {
				t.Fatalf("step %s starts with %d, the one before ended with %d", name, got.Steps[i].In, got.Steps[i-1].Out)
			}
		}
		if len(got.Steps) != len(policy.Order()) {
			t.Fatalf("%d steps, want %d", len(got.Steps), len(policy.Order()))
		}
		positive := got.Quantity > 0
		switch last := got.Steps[len(got.Steps)-1]; {
		case got.Quantity < 0 || (in.Max > 0 && got.Quantity > in.Max):
			t.Fatalf("target %d is outside 0 … %d (I11)", got.Quantity, in.Max)
		case positive && (len(in.Parts) == 0 || in.Pool != channel.Merchant || got.State != policy.Value):
			t.Fatalf("target %d of %v %q (I11)", got.Quantity, got.State, got.Reason)
		case positive && in.Blind && (in.Shown == nil || got.Quantity > *in.Shown || !got.DownOnly):
			t.Fatalf("a blind channel rises to %d (I14)", got.Quantity)
		case got.State != policy.Absent && last.Out != got.Quantity:
			t.Fatalf("the chain ends with %d, the result is %d", last.Out, got.Quantity)
		}
		var units, available []int64
		for _, p := range in.Parts {
			if positive && !p.Counted {
				t.Fatalf("item %d was never counted, and %d are offered (I9)", p.Item, got.Quantity)
			}
			units = append(units, p.Units)
			available = append(available, p.Places[0].Units+p.Places[1].Units-p.Reserved-p.Held)
		}
		if most := policy.Sellable(units, available); got.Quantity > most {
			t.Fatalf("%d pieces are offered, %d can be made", got.Quantity, most)
		}
		if got.Sentence() == "" {
			t.Fatal("there is no sentence")
		}
	})
}

func TestWhatIsPromisedOfTheLastUnitsAddsUpToWhatIsAvailable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(-5, 40).Draw(t, "available")
		r := drawRules(t)
		r.Scarcity = drawScarcity(t)
		merged := policy.Merge(policy.Level{Name: "tenant", Rules: r})
		var rights, promised int64
		for _, a := range accounts {
			rights += r.Scarcity.Right(a, n)
			peers := rapid.Int64Range(1, 3).Draw(t, "peers")
			for rank := range peers {
				in := plain(n)
				in.Account, in.Rules = a, merged
				in.Parts[0].Peers, in.Parts[0].Rank = peers, rank
				in.Parts[0].Units = rapid.Int64Range(1, 3).Draw(t, "pack")
				promised += policy.Target(in).Quantity * in.Parts[0].Units
			}
		}
		if rights != max(0, n) {
			t.Fatalf("rights to %d units add up to %d (%+v)", n, rights, *r.Scarcity)
		}
		if n <= r.Scarcity.At && promised > max(0, n) {
			t.Fatalf("%d units are promised, %d are there (%+v)", promised, n, *r.Scarcity)
		}
	})
}

func TestMovingRightsNeverPromisesMoreThanIsThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 20).Draw(t, "available")
		shown := make([]int64, len(accounts))
		left := n
		for i := range shown {
			shown[i] = rapid.Int64Range(0, left).Draw(t, "shown")
			left -= shown[i]
		}
		var last policy.Scarcity
		for range 20 {
			s := drawScarcity(t)
			s.At = 20 // the regime stays, its division changes
			last = *s
			i := rapid.IntRange(0, len(accounts)-1).Draw(t, "who")
			shown[i] = decide(n, i, shown, s)
			if got := sum(shown); got > n {
				t.Fatalf("%v are shown, %d are there", shown, n)
			}
		}
		for range 2 { // everybody lowers, then everybody may raise
			for i := range accounts {
				shown[i] = decide(n, i, shown, &last)
			}
		}
		for i, a := range accounts {
			if want := last.Right(a, n); shown[i] != want {
				t.Fatalf("account %d shows %d at the end, want its right %d of %d", a, shown[i], want, n)
			}
		}
	})
}

func decide(n int64, i int, shown []int64, s *policy.Scarcity) int64 {
	in := plain(n)
	in.Account, in.Shown = accounts[i], &shown[i]
	in.Parts[0].Others = ptr(sum(shown) - shown[i])
	in.Rules = policy.Merge(policy.Level{Name: "tenant", Rules: policy.Rules{Version: policy.Version, Scarcity: s}})
	return policy.Target(in).Quantity
}

func sum(ns []int64) int64 {
	var all int64
	for _, n := range ns {
		all += n
	}
	return all
}

func TestMoreStockNeverLowersATargetThatIsNotDivided(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := drawInput(t)
		in.Rules.Rules.Scarcity = nil
		before := policy.Target(in).Quantity
		for i := range in.Parts {
			in.Parts[i].Places[0].Units += rapid.Int64Range(0, 10).Draw(t, "more")
		}
		if after := policy.Target(in).Quantity; after < before {
			t.Fatalf("Target fell from %d to %d when stock rose", before, after)
		}
	})
}
