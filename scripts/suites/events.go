package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// event is one line of go test -json.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string
}

// tally counts the tests of one package, or of a suite.
type tally struct {
	packages, passed, failed, skipped int
	took                              time.Duration
}

func (t tally) add(u tally) tally {
	t.packages += u.packages
	t.passed += u.passed
	t.failed += u.failed
	t.skipped += u.skipped
	t.took += u.took
	return t
}

// recorder reads what go test says and keeps the score. Several lanes may feed it at once.
type recorder struct {
	suite func(pkg string) string
	out   io.Writer

	mu     sync.Mutex
	suites map[string]tally
	open   map[string]*running
	builds map[string]*strings.Builder
	ended  map[string]bool // packages that said how they ended, and whether that was well
}

func newRecorder(out io.Writer, suite func(string) string) *recorder {
	return &recorder{
		suite: suite, out: out, suites: map[string]tally{}, open: map[string]*running{}, builds: map[string]*strings.Builder{},
		ended: map[string]bool{},
	}
}

// running is a package whose tests run.
type running struct {
	tally
	output map[string]*strings.Builder // by test; "" is the package's own
	parent map[string]bool             // tests that have subtests
	broken map[string]bool             // tests with a failed subtest
}

// read takes a stream of events until it ends. Lines that are no events (a tool's own complaint) are shown as they are.
func (r *recorder) read(in io.Reader) error {
	sc := bufio.NewScanner(in)
	sc.Buffer(make([]byte, 0, 64<<10), 64<<20)
	for sc.Scan() {
		var e event
		if json.Unmarshal(sc.Bytes(), &e) != nil || e.Action == "" {
			r.say("%s\n", sc.Text())
			continue
		}
		r.take(e)
	}
	return sc.Err()
}

func (r *recorder) say(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.out, format, args...)
}

func (r *recorder) take(e event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Action == "build-output" {
		b := r.builds[e.ImportPath]
		if b == nil {
			b = &strings.Builder{}
			r.builds[e.ImportPath] = b
		}
		b.WriteString(e.Output)
		return
	}
	if e.Package == "" {
		return
	}
	p := r.of(e.Package)
	if e.Test == "" {
		r.packageEvent(p, e)
		return
	}
	r.testEvent(p, e)
}

func (r *recorder) of(path string) *running {
	p := r.open[path]
	if p == nil {
		p = &running{output: map[string]*strings.Builder{}, parent: map[string]bool{}, broken: map[string]bool{}}
		r.open[path] = p
	}
	return p
}

func (r *recorder) testEvent(p *running, e event) {
	switch e.Action {
	case "run":
		if i := strings.LastIndexByte(e.Test, '/'); i > 0 {
			p.parent[e.Test[:i]] = true
		}
	case "output":
		if !strings.HasPrefix(e.Output, "=== ") { // RUN, PAUSE, CONT: the events say it
			p.write(e.Test, e.Output)
		}
	case "pass":
		if !p.parent[e.Test] {
			p.passed++
		}
		delete(p.output, e.Test)
	case "skip":
		p.skipped++
		delete(p.output, e.Test)
	case "fail":
		if !p.broken[e.Test] { // a leaf, or a parent that failed by itself
			p.failed++
			r.show(e.Package, p, e.Test)
		}
		for i := strings.LastIndexByte(e.Test, '/'); i > 0; i = strings.LastIndexByte(e.Test[:i], '/') {
			p.broken[e.Test[:i]] = true
		}
		p.broken[e.Test] = true
		delete(p.output, e.Test)
	}
}

func (r *recorder) packageEvent(p *running, e event) {
	switch e.Action {
	case "output":
		p.write("", e.Output)
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	if e.Action == "fail" {
		if b := r.builds[e.FailedBuild]; b != nil {
			io.WriteString(r.out, b.String())
			b.Reset() // several packages may fail for the same reason: say it once
		}
		if p.failed == 0 { // it did not build, panicked, or ran out of time
			p.failed++
			r.showAll(e.Package, p)
		}
	}
	p.packages, p.took = 1, time.Duration(e.Elapsed*float64(time.Second))
	r.close(e.Package, p, e.Action)
}

func (r *recorder) close(path string, p *running, how string) {
	delete(r.open, path)
	r.ended[path] = how != "fail"
	name := r.suite(path)
	r.suites[name] = r.suites[name].add(p.tally)
	fmt.Fprintf(r.out, "%-4s  %-44s %4d passed  %3d failed  %6.1f s\n", how, strings.TrimPrefix(path, module), p.passed, p.failed, p.took.Seconds())
}

// begin forgets how packages ended before: they are about to run.
func (r *recorder) begin(packages []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, path := range packages {
		delete(r.ended, path)
	}
}

// finish counts every package that never said how it ended as failed, shows what it had said until then, and returns how
// many of the packages failed.
func (r *recorder) finish(packages []string) (failed int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, path := range packages {
		if _, ok := r.ended[path]; !ok {
			p := r.of(path)
			p.failed++
			p.packages = 1
			fmt.Fprintf(r.out, "--- in %s: ended before it was done\n", strings.TrimPrefix(path, module))
			r.showAll(path, p)
			r.close(path, p, "fail")
		}
		if !r.ended[path] {
			failed++
		}
	}
	return failed
}

func (p *running) write(test, text string) {
	b := p.output[test]
	if b == nil {
		b = &strings.Builder{}
		p.output[test] = b
	}
	b.WriteString(text)
}

// show prints what a test said, in go test's own words.
func (r *recorder) show(path string, p *running, test string) {
	b := p.output[test]
	if b == nil {
		return
	}
	if test != "" {
		fmt.Fprintf(r.out, "--- in %s\n", strings.TrimPrefix(path, module))
	}
	io.WriteString(r.out, b.String())
}

// showAll prints what the package and its unfinished tests said.
func (r *recorder) showAll(path string, p *running) {
	for _, test := range slices.Sorted(maps.Keys(p.output)) {
		if test != "" {
			r.show(path, p, test)
		}
	}
	r.show(path, p, "")
}

// total returns the sum over all suites.
func (r *recorder) total() tally {
	r.mu.Lock()
	defer r.mu.Unlock()
	var t tally
	for _, s := range r.suites {
		t = t.add(s)
	}
	return t
}

// table renders the score by suite, in the order of names.
func (r *recorder) table(names []string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-18s %8s %8s %8s %8s %10s\n", "suite", "packages", "passed", "failed", "skipped", "time")
	for _, name := range names {
		t, ok := r.suites[name]
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "%-18s %8d %8d %8d %8d %8.1f s\n", name, t.packages, t.passed, t.failed, t.skipped, t.took.Seconds())
	}
	return b.String()
}
