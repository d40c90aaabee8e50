package policy_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/money"
	"carpediemstore.it/sync-connector/internal/policy"
	"carpediemstore.it/sync-connector/internal/policy/rule"
)

func TestParseRulesNamesEachFieldThatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, "version must be 1"},
		{`{"version": 2}`, "version must be 1"},
		{`{"version": 1, "bufer": 2}`, "bufer"},
		{`{"version": 1, "buffer": -1}`, "buffer must be 0 … 2147483647, not -1"},
		{`{"version": 1, "buffer": 2147483648}`, "buffer must be"},
		{`{"version": 1, "buffer": 1.5}`, "buffer"},
		{`{"version": 1, "percent": 101}`, "percent must be 0 … 100"},
		{`{"version": 1, "percent": "12,5"}`, "not a percentage"},
		{`{"version": 1, "floor": 5, "cap": 4}`, "floor 5 is more than cap 4"},
		{`{"version": 1, "allocation": {}}`, "allocation needs either"},
		{`{"version": 1, "allocation": {"percent": 5, "units": 5}}`, "allocation needs either"},
		{`{"version": 1, "allocation": {"percent": 100.5}}`, "allocation.percent"},
		{`{"version": 1, "allocation": {"units": -5}}`, "allocation.units"},
		{`{"version": 1, "velocity": {"epsilon": 0, "at_most": 3}}`, "velocity.epsilon"},
		{`{"version": 1, "velocity": {"at_most": -3}}`, "velocity.at_most"},
		{`{"version": 1, "locations": {}}`, "locations needs one of"},
		{`{"version": 1, "locations": {"only": ["a"], "except": ["b"]}}`, "locations needs one of"},
		{`{"version": 1, "scarcity": {"at": 3}}`, "scarcity.keeper"},
		{`{"version": 1, "scarcity": {"at": 3, "keeper": 1, "keep": 4}}`, "scarcity.keep 4"},
		{`{"version": 1, "scarcity": {"at": 3, "keeper": 1, "shares": [{"account": 2, "weight": 0}]}}`, "scarcity.shares[0].weight"},
		{`{"version": 1, "scarcity": {"at": 3, "keeper": 1, "shares": [{"account": 2, "weight": 1}, {"account": 2, "weight": 1}]}}`, "scarcity.shares[1].account"},
		{`{"version": 1, "scarcity": {"at": 3, "keeper": 1, "shares": [{"account": 0, "weight": 1}]}}`, "scarcity.shares[0].account"},
		{`{"version": 1, "at_zero": "keep"}`, "at_zero"},
		{`{"version": 1, "blind": {"offer": "all", "elsewhere": "subtract"}}`, "blind.offer"},
		{`{"version": 1, "blind": {"offer": "none"}}`, "blind.elsewhere"},
		{`{"version": 1, "buffer": null}`, "buffer is null"},
	} {
		_, err := policy.ParseRules([]byte(c.text))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("ParseRules(%s) = %v, want an error that says %q", c.text, err, c.want)
		}
	}
}

func TestParseRulesNamesAllMistakesAtOnce(t *testing.T) {
	_, err := policy.ParseRules([]byte(`{"version": 1, "buffer": -1, "cap": -2}`))
	if err == nil || !strings.Contains(err.Error(), "buffer") || !strings.Contains(err.Error(), "cap") {
		t.Errorf("ParseRules = %v, want both fields named", err)
	}
}

func TestRulesReadBackAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRules(t)
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := policy.ParseRules(data)
		if err != nil {
			t.Fatalf("ParseRules(%s) = %v", data, err)
		}
		if diff := cmp.Diff(r, back); diff != "" {
			t.Fatalf("rules differ (-written +read):\n%s", diff)
		}
	})
}

func TestTheLastLevelThatSaysAFieldDecidesIt(t *testing.T) {
	parse := func(text string) policy.Rules {
		r, err := policy.ParseRules([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	got := policy.Merge(
		policy.Level{Name: "installation", Rules: parse(`{"version": 1, "buffer": 1, "cap": 100}`)},
		policy.Level{Name: "tenant", ID: 3, Revision: 2, Rules: parse(`{"version": 1, "buffer": 2, "minimum": 4}`)},
		policy.Level{Name: "account", ID: 5, Rules: parse(`{"version": 1, "minimum": 0}`)},
		policy.Level{Name: "item", ID: 9, Rules: parse(`{"version": 1}`)},
	)
	want := policy.Merged{
		Rules: parse(`{"version": 1, "buffer": 2, "cap": 100, "minimum": 0}`),
		Sources: rule.Sources{
			{Field: "buffer", Level: "tenant", Rule: 3, Revision: 2},
			{Field: "cap", Level: "installation"},
			{Field: "minimum", Level: "account", Rule: 5},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Merge differs (-want +got):\n%s", diff)
	}
}

func TestRulesThatNobodyCheckedDoNotPanic(t *testing.T) {
	in := plain(3)
	in.Rules = policy.Merge(policy.Level{Name: "tenant", Rules: policy.Rules{
		Allocation: &policy.Allocation{}, Scarcity: &policy.Scarcity{At: 9, Keeper: 1, Shares: []policy.Weight{{Account: 2}}}, Blind: &policy.Blind{},
		Locations: &policy.Locations{}, Velocity: &policy.Velocity{AtMost: -1},
		Buffer: ptr(int64(-5)), Percent: ptr(2 * percent("100")),
	}})
	in.Delay, in.Parts[0].PerHour = time.Minute, ptr(money.MustRate("24"))
	if got := policy.Target(in); got.Quantity != 3 {
		t.Errorf("Target = %d (%s), want 3 for the keeper", got.Quantity, got.Sentence())
	}
}

func FuzzParseRules(f *testing.F) {
	for _, s := range []string{`{"version":1}`, `{"version":1,"percent":"12.5"}`, `{"version":1,"scarcity":{"at":3,"keeper":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := policy.ParseRules(data)
		if err != nil {
			return
		}
		out, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := policy.ParseRules(out); err != nil || !cmp.Equal(r, back) {
			t.Fatalf("ParseRules(%s) reads back as %+v, %v", data, back, err)
		}
		policy.Target(policy.Input{Parts: []policy.Part{{Units: 1, Counted: true}}, Pool: "merchant", Rules: policy.Merge(policy.Level{Rules: r})})
	})
}
