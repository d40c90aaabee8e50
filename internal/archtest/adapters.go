package archtest

import (
	"fmt"
	"strings"
)

// covers returns how much of folder the pattern names: its own length when folder is the pattern or below it, else 0. A
// star stands for one element of a path.
func covers(pattern, folder string) int {
	ps, fs := strings.Split(pattern, "/"), strings.Split(folder, "/")
	if len(ps) > len(fs) {
		return 0
	}
	for i, p := range ps {
		if p != "*" && p != fs[i] {
			return 0
		}
	}
	return len(pattern)
}

// adapterOf returns the name of the adapter that a folder belongs to, and whether it is the adapter's fake; "" for the
// folders around the adapters.
func adapterOf(folder string) (name string, fake bool) {
	rest, found := strings.CutPrefix(folder, "internal/channels/")
	if !found {
		return "", false
	}
	name, below, _ := strings.Cut(rest, "/")
	switch name {
	case "all", "channeltest", "farside", "wrap":
		return "", false
	}
	return name, below == "fake"
}

// Adapters checks what adapters know: package channel and the leaves; fakes and tests also the contract; nobody another
// adapter.
func Adapters(t Tree) (out []Finding) {
	for _, p := range t.Packages {
		name, fake := adapterOf(p.Folder)
		if name == "" {
			continue
		}
		own := "internal/channels/" + name
		for _, f := range p.Files {
			for _, i := range f.Imports {
				to := ours(i.Path)
				if to == "" || knows(own, to, fake || f.Test || name == "model", f.Test) {
					continue
				}
				out = append(out, Finding{t.at(i.Spec), fmt.Sprintf("an adapter imports channel and the leaves; %s is neither", to)})
			}
		}
	}
	return out
}

func knows(own, to string, contract, test bool) bool {
	switch {
	case to == "internal/channel", to == "internal/fault", to == "internal/money", to == "internal/ident", to == "internal/secret":
		return true
	case to == "internal/channels/farside":
		return contract
	case to == "internal/channels/channeltest":
		return test
	case to == own, to == own+"/fake", In(to, "internal/testkit"):
		return test
	}
	return false
}
