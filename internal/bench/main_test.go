package bench_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"
)

// TestMain is also the process of the marketplaces: a scenario starts this program again with shopsEnv set.
func TestMain(m *testing.M) {
	if plan := os.Getenv(shopsEnv); plan != "" {
		if err := serveShops(plan, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "shops:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// size is how large a scenario is: CARPEDIEM_BENCH_SIZE in percent of the published size.
func size(full int) int {
	percent, err := strconv.Atoi(os.Getenv("CARPEDIEM_BENCH_SIZE"))
	if err != nil || percent < 1 {
		return full
	}
	return max(100, full*percent/100)
}

// length is how long a scenario trades: CARPEDIEM_BENCH_TIME or d.
func length(d time.Duration) time.Duration {
	if t, err := time.ParseDuration(os.Getenv("CARPEDIEM_BENCH_TIME")); err == nil {
		return t
	}
	return d
}
