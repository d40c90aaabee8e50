package cli_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// served is a process that serves.
type served struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended
}

func (s *served) kill() {
	_ = s.cmd.Process.Kill() // one that ended already is fine
	<-s.done
}

// startServe is serve NAME FLAG….
func startServe(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) >= 1, "serve NAME FLAG…")
	name := args[0]
	out, err := os.Create(ts.MkAbs(name + ".out"))
	ts.Check(err)
	defer out.Close()
	log, err := os.Create(ts.MkAbs(name + ".err"))
	ts.Check(err)
	defer log.Close()
	s := &served{cmd: program(ts, append([]string{"serve", "--listen", "127.0.0.1:0"}, args[1:]...)...), done: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = out, log
	ts.Check(s.cmd.Start())
	worldOf(ts).serving[name] = s
	go func() {
		_ = s.cmd.Wait() // its state tells how it ended
		close(s.done)
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; {
		for line := range strings.Lines(ts.ReadFile(name + ".out")) {
			if url, ok := strings.CutPrefix(line, "Overview: "); ok && strings.HasSuffix(url, "\n") {
				ts.Setenv(name, strings.TrimSpace(url))
				return
			}
		}
		select {
		case <-s.done:
			ts.Fatalf("serve ended with %v: %s", s.cmd.ProcessState, ts.ReadFile(name+".err"))
		case <-tick.C:
		}
		if time.Now().After(end) {
			ts.Fatalf("serve printed no address: %s", ts.ReadFile(name+".err"))
		}
	}
}

// endServe is ends NAME SIGNAL CODE.
func endServe(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 3, "ends NAME SIGNAL CODE")
	s := worldOf(ts).serving[args[0]]
	sig, known := map[string]os.Signal{"TERM": syscall.SIGTERM, "INT": os.Interrupt, "KILL": os.Kill}[args[1]]
	want(ts, s != nil && known, "ends NAME TERM|INT|KILL CODE")
	ts.Check(s.cmd.Process.Signal(sig))
	select {
	case <-s.done:
	case <-time.After(patience):
		s.kill()
		ts.Fatalf("%s did not end after %s: %s", args[0], args[1], ts.ReadFile(args[0]+".err"))
	}
	if code := strconv.Itoa(s.cmd.ProcessState.ExitCode()); args[2] != "-" && code != args[2] {
		ts.Fatalf("%s ended with %s, want %s: %s", args[0], code, args[2], ts.ReadFile(args[0]+".err"))
	}
}

// fetch is fetch URL CODE.
func fetch(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "fetch URL CODE")
	jar, err := cookiejar.New(nil)
	ts.Check(err)
	answer, err := (&http.Client{Jar: jar, Timeout: patience}).Get(args[0])
	ts.Check(err)
	defer answer.Body.Close()
	page, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	ts.Check(err)
	_, err = ts.Stdout().Write(page)
	ts.Check(err)
	if strconv.Itoa(answer.StatusCode) != args[1] {
		ts.Fatalf("%s answers %d, want %s", args[0], answer.StatusCode, args[1])
	}
}
