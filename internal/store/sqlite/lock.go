package sqlite

import (
	"os"
	"syscall"

	"carpediemstore.it/sync-connector/internal/fault"
)

// lockFile takes an exclusive lock and waits for it; the lock ends with the process.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "the data folder is not writable: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, fault.Wrap("lock data folder", err)
	}
	return func() { _ = f.Close() }, nil
}
