package app

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/limits"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/sqlite"
)

// gated returns channels with one open account and its gate on an empty store.
func gated(t *testing.T) (*Channels, *limits.Gate, func(other string) string) {
	t.Helper()
	e, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	a := &App{Store: store.New(e)}
	t.Cleanup(func() {
		if err := a.Store.Close(); err != nil {
			t.Error(err)
		}
	})
	g := limits.New([]channel.Limit{{Name: "calls", Rate: 100, Per: 24 * time.Hour, Burst: 100}}, time.Now)
	c := newChannels(a, nil, nil)
	c.open[key{1, 1}] = &opened{gate: g}
	return c, g, func(other string) (text string) {
		err := a.Store.Write(context.Background(), func(tx *store.Tx) (err error) {
			if other != "" {
				return tx.SaveLimits(context.Background(), 1, 1, other, 1)
			}
			text, err = tx.Buckets(context.Background(), 1, 1)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

func TestLimitsAreStoredWhenTheyWereUsedAndOnlyThen(t *testing.T) {
	c, g, stored := gated(t)
	save := func() {
		t.Helper()
		if err := c.save(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if save(); stored("") != "" {
		t.Errorf("limits of an account without a call were stored: %s", stored(""))
	}
	if err := g.Take(t.Context(), channel.OpStock, 1); err != nil {
		t.Fatal(err)
	}
	if save(); stored("") == "" {
		t.Error("limits were not stored after a call")
	}
	stored(`["of another process"]`)
	if save(); stored("") != `["of another process"]` {
		t.Errorf("limits nobody used here replaced those of another process: %s", stored(""))
	}
	n := int64(40)
	g.Correct(channel.OpStock, channel.Note{Remaining: &n})
	save()
	back := limits.New([]channel.Limit{{Name: "calls", Rate: 100, Per: 24 * time.Hour, Burst: 100}}, time.Now)
	if err := back.Parse(stored("")); err != nil || back.Snapshot()[0].Free != 40 {
		t.Errorf("a new process goes on with %+v, %v, want 40 free", back.Snapshot(), err)
	}
}

func TestAKilledProcessForgetsAtMostSomeSecondsOfABudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, g, stored := gated(t)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() {
			c.keep(ctx)
			close(ended)
		}()
		if err := g.Take(ctx, channel.OpStock, 1); err != nil {
			t.Fatal(err)
		}
		<-time.After(saveEvery + time.Millisecond) // virtual
		synctest.Wait()
		if stored("") == "" {
			t.Errorf("limits were not stored %v after a call", saveEvery)
		}
		cancel()
		<-ended
	})
}
