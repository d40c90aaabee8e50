package service

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Health is how one check of an installation went.
type Health string

// How checks go.
const (
	Fine    Health = "ok"
	Warning Health = "warning" // works, and should be looked at
	Broken  Health = "broken"
)

// Check is one look at an installation.
type Check struct {
	Name   string `json:"check"`
	Health Health `json:"health"`
	Text   string `json:"text"`
}

// Place is where an installation keeps its files; an empty DataDir has none (PostgreSQL only).
type Place struct {
	DataDir   string
	MasterKey string
}

// Doctor looks at an installation: files, database, clock, room, core dumps, accounts.
func (s *Service) Doctor(ctx context.Context, who Caller, p Place) []Check {
	out := []Check{}
	if p.DataDir != "" {
		out = append(out, checkMode("data folder", p.DataDir, 0o700), checkRoom(p.DataDir))
		files, err := filepath.Glob(filepath.Join(p.DataDir, "*.db*"))
		if err == nil {
			for _, f := range files {
				out = append(out, checkMode("database file", f, 0o644))
			}
		}
	}
	if p.MasterKey != "" {
		out = append(out, checkMode("master key", p.MasterKey, 0o600))
	}
	out = append(out, checkCores(), s.checkDatabase(ctx), s.checkClock(ctx))
	return append(out, s.checkAccounts(ctx, who)...)
}

// checkMode refuses files that others than their owner can use beyond most.
func checkMode(name, path string, most os.FileMode) Check {
	c := Check{Name: name, Health: Fine}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		c.Health, c.Text = Broken, fmt.Sprintf("%s cannot be looked at", path)
	case info.Mode().Perm()&^most != 0:
		c.Health, c.Text = Broken, fmt.Sprintf("%s has mode %04o, which lets others in: run chmod %04o on it", path, info.Mode().Perm(), most)
	default:
		c.Text = fmt.Sprintf("%s has mode %04o", path, info.Mode().Perm())
	}
	return c
}

// The least room on the data folder's disk.
const (
	warnRoom   = 1 << 30
	brokenRoom = 64 << 20
)

func checkRoom(dir string) Check {
	c := Check{Name: "disk", Health: Fine}
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return Check{c.Name, Warning, "the room on the disk cannot be read"}
	}
	free := st.Bavail * uint64(st.Bsize)
	c.Text = fmt.Sprintf("%d MiB are free", free>>20)
	switch {
	case free < brokenRoom:
		c.Health = Broken
		c.Text += ": too little to go on safely"
	case free < warnRoom:
		c.Health = Warning
		c.Text += ": make room soon"
	}
	return c
}

// checkCores warns where a crash would write memory, and with it secrets, to a file (C13).
func checkCores() Check {
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CORE, &lim); err != nil {
		return Check{"core dumps", Warning, "whether core dumps are on cannot be read"}
	}
	if lim.Cur != 0 {
		return Check{"core dumps", Warning, "core dumps are on: a crash would write secrets to a file; start with ulimit -c 0 (LimitCORE=0 in systemd)"}
	}
	return Check{"core dumps", Fine, "core dumps are off"}
}

func (s *Service) checkDatabase(ctx context.Context) Check {
	text, err := s.Store.Examine(ctx)
	if err != nil {
		return Check{"database", Broken, err.Error()}
	}
	return Check{"database", Fine, text}
}

// skewed is how far two clocks of one installation may be apart.
const skewed = 5 * time.Second

// checkClock compares the machine's clock with the database's.
func (s *Service) checkClock(ctx context.Context) Check {
	var there ident.Micros
	err := s.Store.Read(ctx, func(tx *store.Tx) (err error) {
		there, err = tx.Clock(ctx)
		return err
	})
	if err != nil {
		return Check{"clock", Broken, err.Error()}
	}
	apart := s.Now().Sub(there).Abs()
	if apart > skewed {
		return Check{"clock", Warning, fmt.Sprintf("this machine's clock and the database's are %v apart: leases go by the database's, times shown by this one", apart.Round(time.Second))}
	}
	return Check{"clock", Fine, "agrees with the database's"}
}

func (s *Service) checkAccounts(ctx context.Context, who Caller) []Check {
	accounts, err := s.Accounts(ctx, who)
	if err != nil {
		return []Check{{"accounts", Broken, err.Error()}}
	}
	var out []Check
	for _, a := range accounts {
		if a.State == "broken" {
			out = append(out, Check{"account " + a.Name, Broken, strings.TrimSpace(a.Fault + ": use accounts reconnect")})
		}
	}
	box, err := s.Inbox(ctx, who, InboxFilter{Paging: Paging{Limit: 1}})
	if err != nil {
		return append(out, Check{"inbox", Broken, err.Error()})
	}
	for _, g := range box.Groups {
		if g.Class == "credentials-refused" || g.Class == "channel-unavailable" {
			out = append(out, Check{"account " + g.AccountName, Broken, g.Example})
		}
	}
	if len(out) == 0 {
		out = append(out, Check{"accounts", Fine, fmt.Sprintf("%d are connected, none is broken", len(accounts))})
	}
	return out
}
