package channel

import (
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Registry finds drivers by kind. It is built once from the explicit list in channels/all.
type Registry struct{ drivers []Driver }

// NewRegistry returns a registry of drivers; a kind named twice is an error.
func NewRegistry(drivers ...Driver) (*Registry, error) {
	r := &Registry{drivers: slices.Clone(drivers)}
	slices.SortFunc(r.drivers, func(a, b Driver) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	for i := 1; i < len(r.drivers); i++ {
		if r.drivers[i].Kind == r.drivers[i-1].Kind {
			return nil, fault.New(fault.Exists, "channel kind %q is listed twice", r.drivers[i].Kind)
		}
	}
	return r, nil
}

// Drivers lists all drivers by kind.
func (r *Registry) Drivers() []Driver { return slices.Clone(r.drivers) }

// Driver returns the driver of kind k.
func (r *Registry) Driver(k Kind) (Driver, error) {
	for _, d := range r.drivers {
		if d.Kind == k {
			return d, nil
		}
	}
	names := make([]string, len(r.drivers))
	for i, d := range r.drivers {
		names[i] = string(d.Kind)
	}
	return Driver{}, fault.New(fault.NotFound, "there is no channel kind %q; known kinds are %s", k, strings.Join(names, ", "))
}

// Check completes settings with defaults and refuses names the driver does not know and required ones that are missing.
func (d Driver) Check(settings map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(d.Settings))
	for _, s := range d.Settings {
		v, given := settings[s.Name]
		switch {
		case given:
			out[s.Name] = v
		case s.Required:
			return nil, fault.New(fault.Invalid, "%s needs --set %s=… (%s)", d.Title, s.Name, s.Help)
		case s.Default != "":
			out[s.Name] = s.Default
		}
	}
	for name := range settings {
		if !slices.ContainsFunc(d.Settings, func(s Setting) bool { return s.Name == name }) {
			return nil, fault.New(fault.Invalid, "%s has no setting %q", d.Title, name)
		}
	}
	return out, nil
}
