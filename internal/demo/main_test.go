package demo_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain: a demo that has ended leaves nothing running.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
