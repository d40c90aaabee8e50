package rule_test

import (
	"encoding/json"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/policy/rule"
)

type shape struct {
	Buffer *int64 `json:"buffer"`
	Inner  *struct {
		At []int64 `json:"at"`
	} `json:"inner"`
	List []struct {
		Name string `json:"name"`
	} `json:"list"`
}

func TestDecodeRefusesWhatAPersonDidNotMean(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an unknown key":                   {`{"bufer": 1}`, "bufer"},
		"an unknown key inside":            {`{"inner": {"to": 1}}`, "to"},
		"a key in capitals":                {`{"Buffer": 1}`, "Buffer"},
		"a key that only folds to a known": {`{"liſt": []}`, "liſt"},
		"a key given twice":                {`{"buffer": 1, "buffer": 2}`, "buffer"},
		"a key given twice in a list":      {`{"list": [{"name": "a"}, {"name": "b", "name": "c"}]}`, "list.name"},
		"null":                             {`{"buffer": null}`, "buffer"},
		"null in a list":                   {`{"inner": {"at": [1, null]}}`, "inner.at"},
		"a fraction for a whole number":    {`{"buffer": 1.5}`, "buffer"},
		"text for a number":                {`{"buffer": "1"}`, "buffer"},
		"2^63":                             {`{"buffer": 9223372036854775808}`, "buffer"},
		"an empty text":                    {``, "end"},
		"an object cut in the middle":      {`{"buffer": 1`, "end"},
		"a list instead of an object":      {`[1]`, "object"},
		"a number instead of an object":    {`1`, "object"},
		"a second object":                  {`{} {}`, "behind"},
		"garbage behind":                   {`{}x`, "behind"},
		"an empty key":                     {`{"": 1}`, "empty key"},
		"too deep":                         {`{"list": ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, "deeper"},
		"NaN":                              {`{"buffer": NaN}`, "invalid"},
		"more than the limit":              {`{"buffer": ` + strings.Repeat(" ", rule.MaxBytes) + `1}`, "bytes"},
	} {
		var v shape
		err := rule.Decode([]byte(c.text), &v)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Decode = %v, want an error that says %q", name, err, c.want)
			continue
		}
		if k := fault.KindOf(err); k != fault.Invalid && k != fault.TooLarge {
			t.Errorf("%s: kind = %v, want invalid", name, k)
		}
	}
}

func TestDecodeReadsWhatIsThere(t *testing.T) {
	var v shape
	err := rule.Decode([]byte(`{"buffer": 0, "inner": {"at": [1, 2]}, "list": [{"name": "a"}, {"name": "b"}]}`), &v)
	if err != nil || v.Buffer == nil || *v.Buffer != 0 || len(v.Inner.At) != 2 || v.List[1].Name != "b" {
		t.Errorf("Decode = %+v, %v, want all values", v, err)
	}
	if err := rule.Decode([]byte(`{}`), &v); err != nil {
		t.Errorf("Decode({}) = %v, want no error", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{}`, `{"buffer":1}`, `{"inner":{"at":[1]}}`, `{"list":[{"name":"x"}]}`, `[[[`, `{"a":{}}`, `{"buffer":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var v shape
		if err := rule.Decode(data, &v); err != nil {
			return
		}
		// What is accepted is accepted by the standard decoder too, with the same meaning.
		var w shape
		if err := json.Unmarshal(data, &w); err != nil {
			t.Fatalf("Decode(%q) accepts what encoding/json refuses: %v", data, err)
		}
	})
}
