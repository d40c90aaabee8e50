package privacy_test

import (
	"os"
	"testing"

	"carpediemstore.it/sync-connector/internal/testkit/pg"
)

func TestMain(m *testing.M) { os.Exit(pg.Main(m, "fsync=off")) }
