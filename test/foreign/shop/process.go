package shop

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"carpediemstore.it/sync-connector/internal/fault"
)

const (
	startTime = 2 * time.Minute // a start takes 2–8 s; a loaded machine may need much longer
	stopTime  = 15 * time.Second
)

// process is one node process, leader of its own group. It lives no longer than we do: see stores/loopback.js.
type process struct {
	cmd   *exec.Cmd
	leash io.Closer
	done  chan struct{} // closed when the process has ended
	err   error         // how it ended; read after done is closed
}

// launch runs "node start.js [mode]" in dir and returns when the store says that it is ready.
func launch(ctx context.Context, dir, mode, log string, env []string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fault.Wrap("open the log", err)
	}
	defer out.Close()
	heard, told, err := os.Pipe()
	if err != nil {
		return nil, fault.Wrap("listen to the store", err)
	}
	defer heard.Close()
	defer told.Close()
	cmd := exec.Command("node", "start.js", mode)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, env, out, out
	cmd.ExtraFiles = []*os.File{told} // file descriptor 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	leash, err := cmd.StdinPipe()
	if err != nil {
		return nil, fault.Wrap("hold the store", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fault.Wrap("start node", err)
	}
	p := &process{cmd: cmd, leash: leash, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	told.Close() // ours; the read below then ends with the process
	ready := make(chan bool, 1)
	go func() {
		n, _ := heard.Read(make([]byte, 16)) // nothing read is the answer "never"
		ready <- n > 0
	}()
	select {
	case ok := <-ready:
		if ok {
			return p, nil
		}
		err = fault.New(fault.Unavailable, "node ended before it was ready")
	case <-ctx.Done():
		err = ctx.Err()
	}
	p.stop()
	b, _ := os.ReadFile(log) // without a log there is nothing to add
	return nil, fault.New(fault.KindOf(err), "%w: %s", err, tail(b))
}

// stop ends the process and its children: politely first, then for certain.
func (p *process) stop() {
	defer p.leash.Close()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		syscall.Kill(-p.cmd.Process.Pid, sig) // an error means that the group is gone already
		select {
		case <-p.done:
			return
		case <-time.After(stopTime):
		}
	}
}

// answering returns when url answers 200.
func (p *process) answering(ctx context.Context, client *http.Client, url string) error {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return fault.Wrap("ask for the health of the store", err)
		}
		res, err := client.Do(req)
		if err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.done:
			return fault.New(fault.Unavailable, "node ended: %v", p.err)
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// environment is all a store gets: nothing of ours leaks in, least of all a proxy. The guard is loaded into every node
// process the store may start.
func environment(home, databaseURL string, port int) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home, "TZ=UTC", "NO_COLOR=1",
		"NODE_OPTIONS=--require " + strconv.Quote(filepath.Join(home, "loopback.js")),
		"DATABASE_URL=" + databaseURL, fmt.Sprintf("PORT=%d", port),
		"ADMIN_MAIL=" + adminMail, "ADMIN_PASSWORD=" + adminPassword,
	}
}

// freePort returns a port below the range that the system gives to outgoing connections, so that it is still free when
// node has loaded the store, and when the store starts again after a stop.
func freePort() (int, error) {
	const low, high, tries = 15000, 32000, 100
	for range tries {
		port := low + rand.IntN(high-low)
		if l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err == nil {
			return port, l.Close()
		}
	}
	return 0, fault.New(fault.Unavailable, "found no free port between %d and %d", low, high)
}

func localURL(port int) string {
	return "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// tail returns the end of a log: enough to see why a process ended.
func tail(out []byte) string {
	const keep = 3000
	if len(out) > keep {
		out = out[len(out)-keep:]
	}
	return string(out)
}

// writeFiles puts the Node files of a store into dir and links the installed packages beside them.
func writeFiles(dir, installed string, files map[string][]byte) error {
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			return fault.Wrap("write "+name, err)
		}
	}
	link := filepath.Join(dir, "node_modules")
	if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
		return fault.Wrap("replace node_modules", err)
	}
	return fault.Wrap("link node_modules", os.Symlink(filepath.Join(installed, "node_modules"), link))
}
