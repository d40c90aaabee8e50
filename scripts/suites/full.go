package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// The suites of a long run that are no groups of packages.
const (
	properties = "more properties"
	fuzzing    = "fuzzing"
)

// How hard a long run tries; the environment may say otherwise.
const (
	fullSeeds  = "500"   // CARPEDIEM_SEEDS
	fullChecks = "20000" // CARPEDIEM_CHECKS: cases of each property
	fullFuzz   = "3m"    // CARPEDIEM_FUZZTIME: for each fuzz target
	rapid      = "pgregory.net/rapid"
)

// full runs everything with the race detector and more seeds, then properties with more cases, then each fuzz target.
func (r run) full() error {
	if !raceable() {
		return errors.New("the race detector needs a C compiler: install gcc")
	}
	os.Setenv("CARPEDIEM_FULL", "1")
	os.Setenv("CARPEDIEM_SEEDS", cmp.Or(os.Getenv("CARPEDIEM_SEEDS"), fullSeeds))
	os.Setenv("CGO_ENABLED", "1") // the race detector needs it; nothing else does
	ps, err := r.packages()
	if err != nil {
		return err
	}
	main, stores := lanes(ps)
	done := make(chan error, 1)
	go func() { done <- r.test("stores", stores, "-race", "-count=1", "-timeout=1h", "-p=1") }()
	err = r.test("main", main, "-race", "-count=1", "-timeout=3h")
	err = errors.Join(err, <-done)
	return errors.Join(err, r.moreCases(ps), r.fuzz(ps))
}

// as returns a run whose tests all count for one suite.
func (r run) as(name string) run {
	rec := newRecorder(r.out, func(string) string { return name })
	r.recorder = rec
	return r
}

// merge adds what other counted.
func (r run) merge(other run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for name, t := range other.suites {
		r.suites[name] = r.suites[name].add(t)
	}
}

// moreCases runs property tests with many more cases.
func (r run) moreCases(ps []pkg) error {
	var paths []string
	for _, p := range ps {
		if p.testsUse(rapid) {
			paths = append(paths, p.ImportPath)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	sub := r.as(properties)
	defer r.merge(sub)
	return sub.test("properties", paths, "-count=1", "-timeout=2h", "-rapid.checks="+cmp.Or(os.Getenv("CARPEDIEM_CHECKS"), fullChecks))
}

// fuzz runs each fuzz target for some minutes. go test takes one target at a time.
func (r run) fuzz(ps []pkg) error {
	sub := r.as(fuzzing)
	defer r.merge(sub)
	var errs []error
	for _, p := range ps {
		names, err := fuzzTargets(r.ctx, p)
		if err != nil {
			return err
		}
		for _, name := range names {
			log := "fuzz-" + strings.ReplaceAll(strings.TrimPrefix(p.ImportPath, module), "/", "-") + "-" + name
			errs = append(errs, sub.test(log, []string{p.ImportPath}, "-run=^$", "-fuzz=^"+name+"$", "-timeout=2h",
				"-fuzztime="+cmp.Or(os.Getenv("CARPEDIEM_FUZZTIME"), fullFuzz)))
		}
	}
	return errors.Join(errs...)
}

// fuzzTargets returns the names of p's fuzz targets.
func fuzzTargets(ctx context.Context, p pkg) ([]string, error) {
	declared := regexp.MustCompile(`(?m)^func (Fuzz\w*)\(`)
	var names []string
	for _, file := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		text, err := os.ReadFile(p.Dir + "/" + file)
		if err != nil {
			return nil, fmt.Errorf("look for fuzz targets: %w", err)
		}
		for _, m := range declared.FindAllSubmatch(text, -1) {
			names = append(names, string(bytes.TrimSpace(m[1])))
		}
	}
	return names, nil
}

// raceable reports whether a C compiler is there, which the race detector needs.
func raceable() bool {
	for _, cc := range []string{os.Getenv("CC"), "gcc", "clang"} {
		if cc == "" {
			continue
		}
		if _, err := exec.LookPath(cc); err == nil {
			return true
		}
	}
	return false
}
