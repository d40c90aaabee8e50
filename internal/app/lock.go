package app

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"carpediemstore.it/sync-connector/internal/fault"
)

// lockName is the file in the data folder that the process which drives holds locked. The lock belongs to the open file,
// so it ends with the process however that ends. The file says who it is: its number, for people, and the name of its
// leases, for the next one.
const lockName = "serve.lock"

// seat is the right to drive from a data folder.
type seat struct{ file *os.File }

// takeSeat makes this process the only one that drives from a data folder, until leave or its end. fault.Fenced when
// another one does.
func takeSeat(data string) (*seat, error) {
	f, err := os.OpenFile(filepath.Join(data, lockName), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the data folder is not writable: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.New(fault.Unavailable, "the data folder cannot be locked: %w", err)
		}
		who := "another process"
		if number, _ := (&seat{f}).last(); number != "" {
			who = "process " + number
		}
		return nil, fault.New(fault.Fenced, "%s drives the accounts of this data folder already, and with SQLite only one can: "+
			"let it do the work, or stop it first; all other commands work beside it", who)
	}
	return &seat{f}, nil
}

// last returns the number of the process that signed last, and the name of its leases; "" for what is not there.
func (s *seat) last() (number, owner string) {
	b, err := io.ReadAll(io.NewSectionReader(s.file, 0, 64))
	words := strings.Fields(string(b))
	if err != nil || len(words) == 0 || strings.Trim(words[0], "0123456789") != "" {
		return "", ""
	}
	if len(words) > 1 {
		owner = words[1]
	}
	return words[0], owner
}

// sign writes down who sits here. The lock holds without it.
func (s *seat) sign(owner string) {
	line := fmt.Appendf(nil, "%d %s\n", os.Getpid(), owner)
	if _, err := s.file.WriteAt(line, 0); err == nil {
		_ = s.file.Truncate(int64(len(line))) // a longer name before this one
	}
}

// leave gives the folder back.
func (s *seat) leave() { _ = s.file.Close() }
