package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	full := flag.Bool("full", false, "run the long suites: race detector, more seeds, more cases, fuzzing")
	budget := flag.Duration("budget", 45*time.Minute, "how long the whole run may take; a quiet machine of two cores needs a third of it")
	beside := flag.String("beside", "", "name=command of one more check, which counts as one test")
	logs := flag.String("logs", filepath.Join("build", "test"), "folder for what go test said")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *budget)
	defer cancel()
	r := run{ctx: ctx, out: os.Stdout, logs: *logs, check: *beside, recorder: newRecorder(os.Stdout, suiteOf)}
	start := time.Now()
	do := r.short
	if *full {
		do = r.full
	}
	err := do()
	names := make([]string, 0, len(suites())+2)
	for _, s := range suites() {
		names = append(names, s.name)
	}
	t := r.total()
	fmt.Print(r.table(append(names, properties, fuzzing, checks)))
	fmt.Printf("%-18s %8d %8d %8d %8d %8.1f s by the clock\n\n", "together", t.packages, t.passed, t.failed, t.skipped, time.Since(start).Seconds())
	if err != nil {
		fmt.Println("suites:", err)
		t.failed++
	}
	if t.passed == 0 && t.failed == 0 {
		fmt.Println("suites: nothing ran")
		t.failed++
	}
	fmt.Printf("%d passed, %d failed\n", t.passed, t.failed)
	if t.failed > 0 {
		os.Exit(1)
	}
}

// run is one run of all suites.
type run struct {
	*recorder
	ctx  context.Context
	out  io.Writer
	logs string
	// check is one more command, "name=command", run while the foreign stores are still at work.
	check string
}

// short runs every test once, in two lanes.
func (r run) short() error {
	ps, err := r.packages()
	if err != nil {
		return err
	}
	main, stores := lanes(ps)
	done := make(chan error, 1)
	go func() { done <- r.test("stores", stores, "-count=1", "-timeout=40m", "-p=1") }()
	err = r.test("main", main, "-count=1", "-timeout=30m")
	r.beside()
	return errors.Join(err, <-done)
}

// checks is the suite of what is no Go test.
const checks = "checks"

// beside runs the check, which counts as one test. What it says is shown when it fails.
func (r run) beside() {
	name, command, ok := strings.Cut(r.check, "=")
	if !ok {
		return
	}
	start := time.Now()
	said, err := exec.CommandContext(r.ctx, "sh", "-c", command).CombinedOutput()
	t, how := tally{packages: 1, passed: 1, took: time.Since(start)}, "pass"
	if err != nil {
		t.passed, t.failed, how = 0, 1, "fail"
		r.say("--- %s: %v\n%s", name, err, said)
	}
	r.say("%-4s  %-44s %4d passed  %3d failed  %6.1f s\n", how, name, t.passed, t.failed, t.took.Seconds())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.suites[checks] = r.suites[checks].add(t)
}

// packages lists the packages of the module.
func (r run) packages() ([]pkg, error) {
	var errs bytes.Buffer
	cmd := exec.CommandContext(r.ctx, "go", "list", "-json=ImportPath,TestGoFiles,XTestGoFiles,TestImports,XTestImports,Dir", "./...")
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, errs.String())
	}
	var ps []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := dec.Decode(&p); err == io.EOF {
			return ps, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the answer of go list: %w", err)
		}
		ps = append(ps, p)
	}
}

// test runs go test with flags on packages and records what it says. That tests fail is no error of the run; that a
// package never said how it ended is.
func (r run) test(name string, packages []string, flags ...string) error {
	if len(packages) == 0 {
		return nil
	}
	if err := os.MkdirAll(r.logs, 0o755); err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(r.logs, name+".json"))
	if err != nil {
		return err
	}
	defer log.Close()
	args := append([]string{"test", "-json"}, flags...)
	cmd := exec.CommandContext(r.ctx, "go", append(args, packages...)...)
	// Tests start children; what is ended at the end of the budget is the whole family.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 15 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	r.begin(packages)
	readErr := r.read(io.TeeReader(out, log))
	err = cmd.Wait()
	failed := r.finish(packages)
	if r.ctx.Err() != nil {
		return fmt.Errorf("%s: the time of the run is over: %w", name, context.Cause(r.ctx))
	}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() && failed > 0 {
		err = nil // the recorder has it
	}
	return errors.Join(err, readErr)
}
