package all_test

import (
	"slices"
	"testing"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/all"
)

func TestTheRegistryKnowsEveryDriverByItsKind(t *testing.T) {
	r, err := all.Registry()
	if err != nil {
		t.Fatalf("Registry() = %v, want a registry", err)
	}
	var kinds []channel.Kind
	for _, d := range r.Drivers() {
		kinds = append(kinds, d.Kind)
		if got, err := r.Driver(d.Kind); err != nil || got.Title != d.Title {
			t.Errorf("Driver(%q) = %q, %v, want %q", d.Kind, got.Title, err, d.Title)
		}
		if !slices.ContainsFunc(d.Settings, func(s channel.Setting) bool { return s.Address }) {
			t.Errorf("driver %q has no address setting: nothing says which host it may reach", d.Kind)
		}
	}
	if len(kinds) < 4 || !slices.IsSorted(kinds) {
		t.Errorf("kinds = %v, want at least four in alphabetical order", kinds)
	}
}
