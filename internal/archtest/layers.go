package archtest

import "fmt"

// layer is a row of packages. They may import rows below; inner says that they may also import each other, which the
// compiler keeps free of circles.
type layer struct {
	name    string
	folders []string
	inner   bool
}

// layers lists our packages from the bottom up.
func layers() []layer {
	return []layer{
		{"errors", []string{"internal/fault"}, false},
		{"leaves", []string{"internal/money", "internal/ident", "internal/secret"}, false},
		{"words of channels", []string{"internal/channel"}, false},
		{"rules' common form", []string{"internal/policy/rule"}, false},
		{"domain", []string{
			"internal/catalog", "internal/guard", "internal/ledger", "internal/merge", "internal/plan", "internal/policy", "internal/pricing",
		}, true},
		{"ports and parts", []string{
			"internal/flow", "internal/limits", "internal/outbound", "internal/vault", "internal/channels/wrap", "internal/hooks",
			"internal/telemetry", "internal/config",
		}, false},
		{"far side of channels", []string{"internal/channels/farside"}, false},
		{"contract of channels", []string{"internal/channels/channeltest"}, false},
		{"fakes", []string{"internal/channels/*/fake"}, false},
		{"adapters", []string{"internal/channels/*"}, false},
		{"dispatch", []string{"internal/dispatch"}, false},
		{"list of channels", []string{"internal/channels/all"}, false},
		{"store", []string{"internal/store"}, true},
		{"tasks", []string{"internal/tasks", "internal/access", "internal/audit", "internal/privacy", "internal/alert", "internal/support", "internal/incident"}, true},
		{"service", []string{"internal/service"}, false},
		{"surfaces", []string{"internal/web", "internal/api"}, false},
		{"wiring", []string{"internal/app"}, false},
		{"demo and measurements", []string{"internal/demo", "internal/bench"}, false},
		{"command line", []string{"internal/cli"}, false},
		{"main", []string{"cmd"}, false},
		// Proof may look at everything and is looked at by nothing of the product.
		{"proof", []string{
			"internal/testkit", "internal/sim", "internal/archtest", "internal/store/storetest", "internal/service/servicetest", "scripts", "test", "docs",
		}, true},
	}
}

// rank returns the layer of a folder: the one that names the longest part of it.
func rank(folder string) (int, layer, bool) {
	best, length := -1, 0
	for i, l := range layers() {
		for _, f := range l.folders {
			if n := covers(f, folder); n > length {
				best, length = i, n
			}
		}
	}
	if best < 0 {
		return 0, layer{}, false
	}
	return best, layers()[best], true
}

// exceptions are single arrows that the rows would forbid or allow wrongly, each with its reason.
func exceptions(from, to string) (allowed, known bool) {
	switch {
	case to == "internal/app":
		// Only what starts a whole process: the commands, the demo, end-to-end tests.
		return In(from, "cmd", "internal/cli", "internal/demo", "internal/bench", "test"), true
	case In(from, "internal/web", "internal/api") && In(to, "internal/store/sqlite", "internal/store/postgres", "internal/flow", "internal/dispatch",
		"internal/channels", "internal/outbound", "internal/vault"):
		return false, true // surfaces have no powers of their own: service, and the store's row types
	case In(to, "internal/channels") && !harness(from) && !In(from, "internal/channels", "internal/app", "internal/demo", "internal/bench", "internal/sim"):
		return false, true // the core reaches channels through package channel
	}
	return false, false
}

// Layers checks that arrows point down. Tests are free to look up, except that nobody but end-to-end tests imports app.
func Layers(t Tree) (out []Finding) {
	for _, p := range t.Packages {
		r, l, known := rank(p.Folder)
		if !known {
			out = append(out, Finding{p.Folder, "has no place among the layers (internal/archtest/layers.go)"})
			continue
		}
		for _, f := range p.Files {
			for _, i := range f.Imports {
				to := ours(i.Path)
				if to == "" || to == p.Folder {
					continue
				}
				if f.Test && to != "internal/app" {
					continue
				}
				allowed, special := exceptions(p.Folder, to)
				if !special {
					tr, tl, known := rank(to)
					allowed = known && (tr < r || tr == r && l.inner)
					if !known {
						tl.name = "no layer"
					}
					if !allowed {
						out = append(out, Finding{t.at(i.Spec), fmt.Sprintf("%s (%s) imports %s (%s): arrows point down only", p.Folder, l.name, to, tl.name)})
					}
					continue
				}
				if !allowed {
					out = append(out, Finding{t.at(i.Spec), fmt.Sprintf("%s must not import %s", p.Folder, to)})
				}
			}
		}
	}
	return out
}
