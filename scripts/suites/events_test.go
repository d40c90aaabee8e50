package main

import (
	"bytes"
	"strings"
	"testing"
)

// record feeds lines to a new recorder and returns it with what it showed.
func record(t *testing.T, lines ...string) (*recorder, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	r := newRecorder(&out, func(string) string { return "s" })
	if err := r.read(strings.NewReader(strings.Join(lines, "\n"))); err != nil {
		t.Fatal(err)
	}
	return r, &out
}

func TestTestsAreCountedAtTheLeaves(t *testing.T) {
	r, _ := record(
		t,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"run","Package":"p","Test":"TestA/one"}`,
		`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
		`{"Action":"run","Package":"p","Test":"TestA/two"}`,
		`{"Action":"pass","Package":"p","Test":"TestA/two"}`,
		`{"Action":"pass","Package":"p","Test":"TestA"}`,
		`{"Action":"run","Package":"p","Test":"TestB"}`,
		`{"Action":"pass","Package":"p","Test":"TestB"}`,
		`{"Action":"pass","Package":"p","Elapsed":1.5}`,
	)
	if got, want := r.total(), (tally{packages: 1, passed: 3, took: 1500e6}); got != want {
		t.Errorf("total() = %+v, want %+v", got, want)
	}
}

func TestAFailedSubtestIsOneFailureAndIsShown(t *testing.T) {
	r, out := record(
		t,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"run","Package":"p","Test":"TestA/one"}`,
		`{"Action":"output","Package":"p","Test":"TestA/one","Output":"    a_test.go:7: F(1) = 2, want 3\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestA/one"}`,
		`{"Action":"run","Package":"p","Test":"TestA/two"}`,
		`{"Action":"output","Package":"p","Test":"TestA/two","Output":"    a_test.go:9: quiet\n"}`,
		`{"Action":"pass","Package":"p","Test":"TestA/two"}`,
		`{"Action":"fail","Package":"p","Test":"TestA"}`,
		`{"Action":"fail","Package":"p","Elapsed":0.1}`,
	)
	if got := r.total(); got.passed != 1 || got.failed != 1 {
		t.Errorf("total() = %+v, want 1 passed and 1 failed", got)
	}
	if !strings.Contains(out.String(), "a_test.go:7: F(1) = 2, want 3") || strings.Contains(out.String(), "quiet") {
		t.Errorf("shown: %q, want the line of the failure and not that of the test that passed", out)
	}
}

func TestAParentThatFailsByItselfCounts(t *testing.T) {
	r, _ := record(
		t,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"run","Package":"p","Test":"TestA/one"}`,
		`{"Action":"pass","Package":"p","Test":"TestA/one"}`,
		`{"Action":"fail","Package":"p","Test":"TestA"}`,
		`{"Action":"fail","Package":"p"}`,
	)
	if got := r.total(); got.passed != 1 || got.failed != 1 {
		t.Errorf("total() = %+v, want 1 passed and 1 failed", got)
	}
}

func TestAPackageThatDoesNotBuildIsAFailureAndSaysWhy(t *testing.T) {
	r, out := record(
		t,
		`{"ImportPath":"p [p.test]","Action":"build-output","Output":"p/a.go:3:1: undefined: x\n"}`,
		`{"ImportPath":"p [p.test]","Action":"build-fail"}`,
		`{"Action":"start","Package":"p"}`,
		`{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}`,
		`{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}`,
	)
	if got := r.total(); got.failed != 1 || got.passed != 0 {
		t.Errorf("total() = %+v, want 1 failed", got)
	}
	if !strings.Contains(out.String(), "undefined: x") {
		t.Errorf("shown: %q, want the compiler's line", out)
	}
}

func TestAPanicIsAFailureAndIsShown(t *testing.T) {
	r, out := record(
		t,
		`{"Action":"run","Package":"p","Test":"TestA"}`,
		`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: assignment to entry in nil map\n"}`,
		`{"Action":"fail","Package":"p","Test":"TestA"}`,
		`{"Action":"fail","Package":"p"}`,
	)
	if got := r.total(); got.failed != 1 || !strings.Contains(out.String(), "panic: assignment") {
		t.Errorf("total() = %+v, shown %q; want 1 failed and the panic", got, out)
	}
}

func TestAPackageThatNeverEndedIsAFailure(t *testing.T) {
	r, out := record(
		t,
		`{"Action":"start","Package":"p"}`,
		`{"Action":"run","Package":"p","Test":"TestSlow"}`,
		`{"Action":"output","Package":"p","Test":"TestSlow","Output":"    waiting for a store\n"}`,
		`{"Action":"pass","Package":"q"}`,
	)
	if failed := r.finish([]string{"p", "q", "never-started"}); failed != 2 {
		t.Errorf("finish() = %d failed packages, want 2", failed)
	}
	if got := r.total(); got.failed != 2 || got.packages != 3 {
		t.Errorf("total() = %+v, want 2 failed of 3 packages", got)
	}
	if !strings.Contains(out.String(), "waiting for a store") {
		t.Errorf("shown: %q, want what the unfinished test had said", out)
	}
}

func TestWhatIsNoEventIsShownAsItIs(t *testing.T) {
	_, out := record(t, `go: cannot find main module`, `{"no":"event"}`)
	if !strings.Contains(out.String(), "cannot find main module") || !strings.Contains(out.String(), `{"no":"event"}`) {
		t.Errorf("shown: %q, want both lines", out)
	}
}

func TestTheTableFollowsTheGivenOrder(t *testing.T) {
	r := newRecorder(&bytes.Buffer{}, func(p string) string { return p })
	for _, p := range []string{"b", "a"} {
		r.take(event{Action: "pass", Package: p, Test: "T"})
		r.take(event{Action: "pass", Package: p})
	}
	got := r.table([]string{"a", "absent", "b"})
	if a, b := strings.Index(got, "\na "), strings.Index(got, "\nb "); a < 0 || b < a || strings.Contains(got, "absent") {
		t.Errorf("table = %q, want a before b and nothing that did not run", got)
	}
}
