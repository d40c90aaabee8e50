// Package docs_test keeps what is written honest: links lead somewhere, tests that are named exist, and so do commands,
// flags and make targets. Decisions and changelog entries have the form that is promised.
package docs_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/cli"
	"carpediemstore.it/sync-connector/internal/testkit"
)

// page is one Markdown file.
type page struct {
	path string // from the root of the repository
	text string
}

func pages(t *testing.T) (out []page) {
	t.Helper()
	root := testkit.Root(t)
	files := []string{"README.md", "CONTRIBUTING.md"}
	for _, pattern := range []string{"docs/*.md", "docs/adr/*.md", "changelog/*.md"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			rel, err := filepath.Rel(root, f)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, rel)
		}
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(root, f))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, page{f, string(text)})
	}
	return out
}

func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	n := 0
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(p.text, -1) {
			n++
			if _, err := os.Stat(filepath.Join(testkit.Root(t), filepath.Dir(p.path), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", p.path, m[1])
			}
		}
	}
	if n < 10 {
		t.Errorf("found %d links, want those of all pages", n)
	}
}

func TestTestsThatAreNamedExist(t *testing.T) {
	exists := declared(t)
	name := regexp.MustCompile("`((?:Test|Fuzz)[A-Z0-9]\\w*)`")
	n := 0
	for _, p := range pages(t) {
		for _, m := range name.FindAllStringSubmatch(p.text, -1) {
			n++
			if !exists[m[1]] {
				t.Errorf("%s names %s, which does not exist", p.path, m[1])
			}
		}
	}
	if n < 30 {
		t.Errorf("found %d names of tests, want those of docs/faults.md", n)
	}
}

// declared returns the names of all tests and fuzz targets of the repository.
func declared(t *testing.T) map[string]bool {
	t.Helper()
	decl := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	out := map[string]bool{}
	for _, folder := range []string{"internal", "test", "scripts", "docs"} {
		err := filepath.WalkDir(filepath.Join(testkit.Root(t), folder), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range decl.FindAllSubmatch(text, -1) {
				out[string(m[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestCommandsInExamplesExist(t *testing.T) {
	n := 0
	for _, p := range pages(t) {
		for _, line := range examples(p.text) {
			args, ok := words(line)
			if !ok {
				continue
			}
			n++
			if problem := unknown(t, args); problem != "" {
				t.Errorf("%s: %q: %s", p.path, line, problem)
			}
		}
	}
	if n < 30 {
		t.Errorf("found %d commands in examples, want those of README.md and docs/operators.md", n)
	}
}

func TestUnknownFindsWhatDoesNotExist(t *testing.T) {
	for line, want := range map[string]bool{
		"plan apply 5 --canary 3":      false,
		"connect":                      false,
		"--help":                       false,
		"accounts mode shop live":      false,
		"frobnicate":                   true,
		"plan frobnicate 5":            true,
		"plan apply 5 --frobnicate 3":  true,
		"accounts --frobnicate":        true,
		"stock count MUG-RED 2 --keys": true,
	} {
		if got := unknown(t, strings.Fields(line)); (got != "") != want {
			t.Errorf("unknown(%q) = %q, want a problem: %v", line, got, want)
		}
	}
}

// unknown asks the command line itself for help on args, and returns what of them it does not know.
func unknown(t *testing.T, args []string) string {
	t.Helper()
	var plain, flags []string
	for _, a := range args {
		if name, found := strings.CutPrefix(a, "--"); found {
			name, _, _ = strings.Cut(name, "=")
			flags = append(flags, name)
		} else if len(flags) == 0 {
			plain = append(plain, a)
		}
	}
	var out, errs bytes.Buffer
	if code := cli.Main(t.Context(), append(slices.Clone(plain), "--help"), strings.NewReader(""), &out, &errs); code != 0 {
		return strings.TrimSpace(errs.String())
	}
	use := regexp.MustCompile(`(?m)^  carpediem(.*)$`).FindStringSubmatch(out.String())
	if use == nil {
		return "the help says no usage"
	}
	path := strings.Fields(use[1])
	if i := slices.IndexFunc(path, func(w string) bool { return !regexp.MustCompile(`^[a-z-]+$`).MatchString(w) }); i >= 0 {
		path = path[:i] // the command's own words, up to its first argument
	}
	if strings.Contains(use[1], " | ") {
		path = path[:1] // what follows is a choice
	}
	if len(plain) < len(path) || !slices.Equal(plain[:len(path)], path) || len(plain) > 0 && len(path) == 0 {
		return "there is no such command"
	}
	if strings.Contains(out.String(), "\n  carpediem "+strings.Join(path, " ")+" [command]\n") && len(plain) > len(path) {
		return "there is no such subcommand"
	}
	for _, f := range flags {
		if !regexp.MustCompile(`(?m)--` + f + `(\s|$)`).MatchString(out.String()) {
			return "there is no flag --" + f
		}
	}
	return ""
}

// examples returns the lines of a page's shell examples and its inline commands.
func examples(text string) (out []string) {
	block := regexp.MustCompile("(?s)```sh\n(.*?)```")
	for _, m := range block.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Split(m[1], "\n")...)
	}
	inline := regexp.MustCompile("(?s)`((?:carpediem|make) [^`]*)`")
	for _, m := range inline.FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// words splits a line that runs carpediem into its arguments; ok is false for any other line.
func words(line string) (args []string, ok bool) {
	line, _, _ = strings.Cut(line, " #")
	fields := strings.Fields(line)
	if len(fields) == 0 || fields[0] != "carpediem" {
		return nil, false
	}
	return fields[1:], true
}

func TestMakeTargetsThatAreNamedExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(testkit.Root(t), "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	target := regexp.MustCompile(`^make ([a-z-]+)`)
	n := 0
	for _, p := range pages(t) {
		for _, line := range examples(p.text) {
			m := target.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			n++
			if !regexp.MustCompile(`(?m)^` + m[1] + `:`).Match(makefile) {
				t.Errorf("%s names make %s, which is no target", p.path, m[1])
			}
		}
	}
	if n < 5 {
		t.Errorf("found %d targets, want those of README.md and CONTRIBUTING.md", n)
	}
}

func TestDecisionsHaveTheirParts(t *testing.T) {
	form := regexp.MustCompile(`^docs/adr/\d{8}-[a-z0-9-]+\.md$`)
	alternative := regexp.MustCompile(`(?m)^- \*\*`)
	for _, p := range pages(t) {
		if filepath.Dir(p.path) != "docs/adr" || filepath.Base(p.path) == "README.md" {
			continue
		}
		if !form.MatchString(p.path) {
			t.Errorf("%s is not named YYYYMMDD-slug.md", p.path)
		}
		at := -1
		for _, part := range []string{"\n## Context\n", "\n## Decision\n", "\n## Alternatives\n", "\n## Consequences\n"} {
			i := strings.Index(p.text, part)
			if i <= at {
				t.Errorf("%s lacks %q in its place", p.path, strings.TrimSpace(part))
			}
			at = i
		}
		_, rest, _ := strings.Cut(p.text, "\n## Alternatives\n")
		rest, _, _ = strings.Cut(rest, "\n## ")
		if n := len(alternative.FindAllString(rest, -1)); n < 2 {
			t.Errorf("%s names %d alternatives, want at least 2", p.path, n)
		}
	}
}

func TestChangelogEntriesHaveTheirForm(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(testkit.Root(t), "changelog", "unreleased", "*"))
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{"new", "changed", "fixed", "removed", "security"}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		kind, summary, ok := strings.Cut(first, ": ")
		parts := strings.Split(strings.TrimSpace(string(text)), "\n\n")
		if !ok || !slices.Contains(kinds, kind) || summary == "" || len(parts) < 3 || !strings.HasPrefix(filepath.Base(f), kind+"-") {
			t.Errorf("%s: want kind-slug.md with \"kind: summary\", what was, and what is now", filepath.Base(f))
		}
	}
}
