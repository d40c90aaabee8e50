package policy_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func ptr[T any](v T) *T { return &v }

// rules reads one level of rules in JSON, without the version.
func rules(t testing.TB, body string) policy.Merged {
	t.Helper()
	if body == "" {
		return policy.Merge()
	}
	r, err := policy.ParseRules([]byte(`{"version": 1, ` + body + `}`))
	if err != nil {
		t.Fatalf("ParseRules(%s) = %v", body, err)
	}
	return policy.Merge(policy.Level{Name: "item", ID: 7, Rules: r})
}

// plain is an input of one counted item with n on hand at the main place.
func plain(n int64) policy.Input {
	return policy.Input{
		Account: 1,
		Pool:    channel.Merchant,
		Zero:    channel.SetZero,
		Parts:   []policy.Part{{Item: 12, Units: 1, Counted: true, Places: []policy.Place{{Units: n}}}},
	}
}

func TestTargetAppliesEachRule(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*policy.Input)
		rules  string
		want   int64
	}{
		"without rules everything available is offered":                      {nil, "", 20},
		"reservations and holds are taken off":                               {func(in *policy.Input) { in.Parts[0].Reserved, in.Parts[0].Held = 3, 2 }, "", 15},
		"an oversold item is offered as none, never as a negative number":    {func(in *policy.Input) { in.Parts[0].Reserved = 25 }, "", 0},
		"only places that count are counted":                                 {twoPlaces, `"locations": {"only": ["shop"]}`, 6},
		"places that do not count are left out":                              {twoPlaces, `"locations": {"except": ["shop"]}`, 20},
		"all places count":                                                   {twoPlaces, `"locations": {"all": true}`, 26},
		"a share in percent is rounded down":                                 {nil, `"allocation": {"percent": 33}`, 6},
		"a fixed share is the most an account has":                           {nil, `"allocation": {"units": 4}`, 4},
		"a fixed share above what is there is what is there":                 {nil, `"allocation": {"units": 40}`, 20},
		"a buffer is kept back":                                              {nil, `"buffer": 2`, 18},
		"a buffer larger than the stock offers none":                         {nil, `"buffer": 21`, 0},
		"percent comes behind the buffer":                                    {nil, `"buffer": 1, "percent": 50`, 9},
		"a floor undoes a buffer":                                            {nil, `"buffer": 19, "floor": 5`, 5},
		"a floor does not undo the allocation":                               {nil, `"allocation": {"units": 3}, "buffer": 3, "floor": 5`, 3},
		"a floor never offers more than there is":                            {func(in *policy.Input) { in.Parts[0].Reserved = 18 }, `"buffer": 2, "floor": 5`, 2},
		"a floor of an oversold item offers none":                            {func(in *policy.Input) { in.Parts[0].Reserved = 25 }, `"floor": 5`, 0},
		"a cap is the most that is shown":                                    {nil, `"cap": 7`, 7},
		"the channel's own cap is kept":                                      {func(in *policy.Input) { in.Max = 5 }, `"cap": 7`, 5},
		"a floor above the channel's cap gives the cap":                      {func(in *policy.Input) { in.Max = 5 }, `"floor": 9, "buffer": 20`, 5},
		"fewer than the minimum to list are none":                            {nil, `"minimum": 21`, 0},
		"the minimum itself is listed":                                       {nil, `"minimum": 20`, 20},
		"a pack takes whole packs only":                                      {func(in *policy.Input) { in.Parts[0].Units = 6 }, "", 3},
		"buffers are units of the item, so a pack is made of what is left":   {func(in *policy.Input) { in.Parts[0].Units = 6 }, `"buffer": 3`, 2},
		"caps are pieces of the listing":                                     {func(in *policy.Input) { in.Parts[0].Units = 6 }, `"cap": 2`, 2},
		"a bundle is limited by its scarcest part":                           {bundle, "", 2},
		"each part of a bundle keeps its buffer":                             {bundle, `"buffer": 1`, 1},
		"what blind channels may be selling is taken off":                    {func(in *policy.Input) { in.Parts[0].Elsewhere = 8 }, "", 12},
		"what blind channels may be selling is ignored where a rule says so": {func(in *policy.Input) { in.Parts[0].Elsewhere = 8 }, `"blind": {"offer": "none", "elsewhere": "ignore"}`, 20},
		"a blind channel offers none by default":                             {func(in *policy.Input) { in.Blind = true }, "", 0},
		"a blind channel with a right keeps it":                              {blindWith(9), `"scarcity": {"at": 5, "keeper": 1}, "blind": {"offer": "share", "elsewhere": "subtract"}`, 5},
		"a blind channel is never raised":                                    {blindWith(4), `"scarcity": {"at": 5, "keeper": 1}, "blind": {"offer": "share", "elsewhere": "subtract"}`, 4},
		"a blind channel without a right offers none":                        {blindWith(9), `"scarcity": {"at": 5, "keeper": 2}, "blind": {"offer": "share", "elsewhere": "subtract"}`, 0},
		"a blind channel without a regime offers none":                       {blindWith(9), `"blind": {"offer": "share", "elsewhere": "subtract"}`, 0},
		"plenty is not divided":                                              {nil, `"scarcity": {"at": 5, "keeper": 2}`, 20},
		"the velocity buffer follows sales and delay":                        {selling("24"), `"velocity": {"at_most": 9, "epsilon": "2.4"}`, 17},
		"the velocity buffer is bounded by its rule":                         {selling("24"), `"velocity": {"at_most": 1}`, 19},
		"sales too fast to compute keep back the most":                       {selling("999999999"), `"velocity": {"at_most": 9}`, 11},
		"without a measured speed nothing is kept back":                      {nil, `"velocity": {"at_most": 9}`, 20},
	} {
		in := plain(20)
		if c.change != nil {
			c.change(&in)
		}
		in.Rules = rules(t, c.rules)
		got := policy.Target(in)
		if got.State != policy.Value || got.Quantity != c.want {
			t.Errorf("%s: Target = %v %d (%s), want %d", name, got.State, got.Quantity, got.Sentence(), c.want)
		}
	}
}

func twoPlaces(in *policy.Input) {
	in.Parts[0].Places = []policy.Place{{Name: "", Units: 20}, {Name: "shop", Units: 6}}
}

func bundle(in *policy.Input) {
	in.Parts = []policy.Part{
		{Item: 1, Units: 2, Counted: true, Places: []policy.Place{{Units: 9}}},
		{Item: 2, Units: 1, Counted: true, Places: []policy.Place{{Units: 2}}},
		{Item: 3, Units: 5, Counted: true, Places: []policy.Place{{Units: 50}}},
	}
}

func blindWith(shown int64) func(*policy.Input) {
	return func(in *policy.Input) { in.Blind, in.Shown = true, &shown }
}

func selling(perHour string) func(*policy.Input) {
	return func(in *policy.Input) { in.Parts[0].PerHour, in.Delay = ptr(money.MustRate(perHour)), 240*time.Second }
}

func TestTheLastUnitsAreDivided(t *testing.T) {
	three := `"scarcity": {"at": 9, "keeper": 1, "keep": 2, "shares": [{"account": 2, "weight": 2}, {"account": 3, "weight": 1}]}`
	for name, c := range map[string]struct {
		rules     string
		available int64
		want      map[ident.Account]int64
	}{
		"one account keeps them all":                 {`"scarcity": {"at": 5, "keeper": 2}`, 5, map[ident.Account]int64{1: 0, 2: 5, 3: 0}},
		"an oversold item leaves nothing to divide":  {`"scarcity": {"at": 5, "keeper": 2}`, -3, map[ident.Account]int64{1: 0, 2: 0, 3: 0}},
		"shares come behind what the keeper keeps":   {three, 8, map[ident.Account]int64{1: 2, 2: 4, 3: 2, 4: 0}},
		"what does not divide stays with the keeper": {three, 7, map[ident.Account]int64{1: 3, 2: 3, 3: 1}},
		"fewer units than accounts":                  {three, 1, map[ident.Account]int64{1: 1, 2: 0, 3: 0}},
		"allocation and velocity buffer give way":    {`"scarcity": {"at": 5, "keeper": 2}, "allocation": {"percent": 10}, "velocity": {"at_most": 3}`, 4, map[ident.Account]int64{2: 4}},
		"a fixed buffer stays":                       {`"scarcity": {"at": 5, "keeper": 2}, "buffer": 1`, 4, map[ident.Account]int64{2: 3}},
	} {
		for account, want := range c.want {
			in := plain(max(0, c.available))
			in.Parts[0].Reserved = max(0, -c.available)
			in.Account, in.Rules = account, rules(t, c.rules)
			if got := policy.Target(in); got.Quantity != want {
				t.Errorf("%s: account %d gets %d (%s), want %d", name, account, got.Quantity, got.Sentence(), want)
			}
		}
	}
}

func TestARightIsRaisedOnlyIntoWhatTheOthersHaveGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		shown, others, want int64
	}{
		"the others show everything still":             {0, 9, 0},
		"the others have given up some":                {0, 1, 2},
		"the others have given up all":                 {0, 0, 3},
		"the own number is lowered at once":            {10, 10, 3},
		"what is shown is not lowered below its right": {2, 9, 2},
	} {
		in := plain(3)
		in.Shown, in.Parts[0].Others = &c.shown, &c.others
		in.Rules = rules(t, `"scarcity": {"at": 5, "keeper": 1}`)
		if got := policy.Target(in); got.Quantity != c.want {
			t.Errorf("%s: Target = %d (%s), want %d", name, got.Quantity, got.Sentence(), c.want)
		}
	}
}

func TestThereIsNoTargetWhereNothingMayBeWritten(t *testing.T) {
	for want, change := range map[policy.Reason]func(*policy.Input){
		policy.ChannelFulfilled: func(in *policy.Input) { in.Pool = channel.ByChannel },
		policy.PoolUnknown:      func(in *policy.Input) { in.Pool = channel.PoolAbsent },
		policy.NotBound:         func(in *policy.Input) { in.Parts = nil },
		policy.NotCounted:       func(in *policy.Input) { bundle(in); in.Parts[1].Counted = false },
		policy.BadRecipe:        func(in *policy.Input) { in.Parts[0].Units = 0 },
	} {
		in := plain(20)
		change(&in)
		got := policy.Target(in)
		if got.State != policy.Absent || got.Reason != want || got.Quantity != 0 {
			t.Errorf("Target = %v %q %d, want absent %q", got.State, got.Reason, got.Quantity, want)
		}
		if len(got.Steps) != len(policy.Order()) || got.Steps[0].Reached {
			t.Errorf("%s: steps = %v, want all of them, none reached", want, got.Steps)
		}
		if s := got.Sentence(); !strings.HasPrefix(s, "there is no target: ") {
			t.Errorf("%s: Sentence = %q", want, s)
		}
	}
}

func TestABlindChannelMayOnlyBeLowered(t *testing.T) {
	in := plain(20)
	if got := policy.Target(in); got.DownOnly {
		t.Error("a channel whose orders are read may be raised, but DownOnly is set")
	}
	in.Blind = true
	if got := policy.Target(in); !got.DownOnly {
		t.Error("DownOnly is not set on a blind channel (I14)")
	}
}

func TestZeroIsHeldWhereTheChannelRefusesIt(t *testing.T) {
	for name, c := range map[string]struct {
		zero   channel.ZeroMode
		rules  string
		shown  *int64
		state  policy.State
		reason policy.Reason
	}{
		"the channel takes zero":             {channel.SetZero, "", ptr(int64(4)), policy.Value, policy.NoReason},
		"the channel refuses zero":           {channel.RefuseZero, "", ptr(int64(4)), policy.Held, policy.ZeroRefused},
		"the channel refuses, shown unknown": {channel.RefuseZero, "", nil, policy.Held, policy.ZeroRefused},
		"the channel is at zero already":     {channel.RefuseZero, "", ptr(int64(0)), policy.Value, policy.NoReason},
		"a rule wants a person to look":      {channel.SetZero, `"at_zero": "hold"`, ptr(int64(4)), policy.Held, policy.ZeroHeld},
		"a rule says that zero is written":   {channel.SetZero, `"at_zero": "write"`, ptr(int64(4)), policy.Value, policy.NoReason},
	} {
		in := plain(0)
		in.Zero, in.Shown, in.Rules = c.zero, c.shown, rules(t, c.rules)
		if got := policy.Target(in); got.State != c.state || got.Reason != c.reason || got.Quantity != 0 {
			t.Errorf("%s: Target = %v %q %d, want %v %q 0", name, got.State, got.Reason, got.Quantity, c.state, c.reason)
		}
	}
}

func TestTheChainTellsHowTheNumberCameAbout(t *testing.T) {
	in := plain(20)
	in.Parts[0].Reserved, in.Parts[0].Units, in.Max = 3, 2, 6
	in.Rules = rules(t, `"buffer": 1, "percent": 90`)
	got := policy.Target(in)
	var chain []string
	for _, s := range got.Steps {
		if s.In != s.Out {
			chain = append(chain, string(s.Name)+" "+itoa(s.In)+"→"+itoa(s.Out))
		}
	}
	want := []string{"reservations 20→17", "buffer 17→16", "percent 16→14", "pieces 14→7", "cap 7→6"}
	if diff := cmp.Diff(want, chain); diff != "" {
		t.Errorf("chain differs (-want +got):\n%s", diff)
	}
	sentence := "6 pieces are offered: 20 on hand, then 3 reserved for open orders, then 1 kept back (item rule 7), then " +
		"90 % of it, rounded down (item rule 7), then 2 of the item make one piece, then the channel takes at most 6"
	if got.Sentence() != sentence {
		t.Errorf("Sentence = %q, want %q", got.Sentence(), sentence)
	}
}

func TestSellable(t *testing.T) {
	for _, c := range []struct {
		units, available []int64
		want             int64
	}{
		{[]int64{1}, []int64{5}, 5},
		{[]int64{2, 1}, []int64{5, 9}, 2},
		{[]int64{2, 1}, []int64{5, -1}, 0},
		{nil, nil, 0},
		{[]int64{0}, []int64{5}, 0},
		{[]int64{1, 1}, []int64{5}, 0},
	} {
		if got := policy.Sellable(c.units, c.available); got != c.want {
			t.Errorf("Sellable(%v, %v) = %d, want %d", c.units, c.available, got, c.want)
		}
	}
}

func BenchmarkTarget(b *testing.B) {
	in := plain(20)
	in.Rules = rules(b, `"buffer": 1, "percent": 90, "cap": 7`)
	for b.Loop() {
		policy.Target(in)
	}
}
