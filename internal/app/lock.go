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
// so it ends with the process however that ends; what the file says is only for people.
const lockName = "serve.lock"

// lockDrive makes this process the only one that drives the accounts of a SQLite data folder: Start takes over whatever
// leases it finds there, which is right only when nobody else is alive. With PostgreSQL leases keep processes apart.
func lockDrive(data string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(data, lockName), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the data folder is not writable: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer f.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.New(fault.Unavailable, "the data folder cannot be locked: %w", err)
		}
		return nil, fault.New(fault.Fenced, "%s drives the accounts of this data folder already, and with SQLite only one can: "+
			"let it do the work, or stop it first; all other commands work beside it", holder(f))
	}
	if err := f.Truncate(0); err == nil {
		_, _ = fmt.Fprintf(f, "%d\n", os.Getpid()) // the lock holds without the number
	}
	return func() { _ = f.Close() }, nil
}

// holder names the process that wrote its number into f.
func holder(f io.Reader) string {
	b, err := io.ReadAll(io.LimitReader(f, 32))
	if pid := strings.TrimSpace(string(b)); err == nil && pid != "" && strings.Trim(pid, "0123456789") == "" {
		return "process " + pid
	}
	return "another process"
}
