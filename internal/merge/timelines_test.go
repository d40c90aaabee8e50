package merge_test

import (
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/merge"
)

const second = ident.Micros(1_000_000)

// at returns copies of a counter that was written and read back as n at t.
func at(mode channel.WriteMode, n int64, t ident.Micros) merge.Copies {
	c := merge.Copies{}.Applied(mode, n, n, t)
	c, _ = c.Read(n, t)
	return c
}

func TestTimeline1LostUpdateIsReadAfterAnOwnSaleOnAnAbsoluteCounter(t *testing.T) {
	// Stock 10. Our write of 9 lands at 2 s over a sale of 2 made at 1 s: the channel shows 9, the truth is 7.
	c := at(channel.Absolute, 10, 0)
	c = c.Applied(channel.Absolute, 9, 10, 2*second)
	c, _ = c.Take(2, 3*second)
	if c.Settled(9) {
		t.Fatalf("Settled(9) = true right after an own sale on an absolute counter; only a reading can tell")
	}
	if c.Expected != 9 || c.Below != 2 {
		t.Errorf("interval = [%d-%d, %d], want [9-2, 9]", c.Expected, c.Below, c.Expected)
	}
	c, d := c.Read(9, 4*second) // overwritten: the reading shows 9, and the policy now wants 7
	if d != (merge.Drift{}) || !c.Settled(9) || c.Settled(7) {
		t.Errorf("Read(9) = %+v, drift %+v; want expected 9 without drift, not settled at 7", c, d)
	}
	c2 := at(channel.Absolute, 9, 2*second)
	c2, _ = c2.Take(2, 3*second)
	c2, d = c2.Read(7, 4*second) // not overwritten
	if d != (merge.Drift{}) || !c2.Settled(7) {
		t.Errorf("Read(7) = %+v, drift %+v; want settled at 7 without drift", c2, d)
	}
}

func TestTimeline2AStaleCompareIsInformation(t *testing.T) {
	c := at(channel.CompareAndSet, 10, 0)
	c, d := c.Read(8, second) // the refused write made us read: two units sold
	if d.Hold != 2 || c.Holds.Total() != 2 || c.Expected != 8 {
		t.Errorf("Read(8) = hold %d, expected %d; want hold 2, expected 8", d.Hold, c.Expected)
	}
}

func TestTimeline3ALineConsumesTheHoldOfItsCounterAndOnlyTheRestMoves(t *testing.T) {
	for _, x := range []struct {
		line, holdLeft, expected int64
	}{{2, 0, 8}, {3, 0, 7}, {1, 1, 8}} {
		c := at(channel.CompareAndSet, 10, 0)
		c, _ = c.Read(8, second)
		c, met := c.Take(x.line, 2*second)
		if c.Holds.Total() != x.holdLeft || c.Expected != x.expected || met != min(x.line, 2) {
			t.Errorf("Take(%d) = hold %d, expected %d, met %d; want hold %d, expected %d", x.line, c.Holds.Total(), c.Expected, met, x.holdLeft, x.expected)
		}
	}
}

func TestTimeline4AnOldReadingIsNotAccepted(t *testing.T) {
	c := at(channel.Absolute, 8, 0)
	c = c.Applied(channel.Absolute, 7, 8, 5*second)
	if c.Fresh(4*second, 0) {
		t.Errorf("Fresh(4 s) = true, want false: the write was confirmed at 5 s")
	}
	if c.Fresh(10*second, 6*time.Second) {
		t.Errorf("Fresh(10 s, lag 6 s) = true, want false: the value may be of 4 s")
	}
	if !c.Fresh(11*second, 6*time.Second) {
		t.Errorf("Fresh(11 s, lag 6 s) = false, want true")
	}
}

func TestTimeline5AnUnknownWriteIsResolvedByReadingAndHoldsTheLarger(t *testing.T) {
	for _, x := range []struct {
		read, hold int64
	}{{8, 0}, {7, 1}, {6, 2}} {
		c := at(channel.Absolute, 8, 0)
		c = c.Unanswered(channel.Absolute, 7, second)
		if c.Settled(7) || c.Settled(8) {
			t.Errorf("Settled while a write is unknown")
		}
		c, d := c.Read(x.read, 2*second)
		if d.Hold != x.hold || c.Expected != x.read || c.Doubt {
			t.Errorf("write 7 over 8 unknown, Read(%d) = hold %d, expected %d, doubt %v; want hold %d", x.read, d.Hold, c.Expected, c.Doubt, x.hold)
		}
		edit := max(0, 7-x.read) // below both branches: not our own write
		c, d = c.Prove(2 * second)
		if d.Hold != edit || len(c.Holds) != 0 {
			t.Errorf("Prove after Read(%d) = %d units edited, want %d, and %d holds left, want none", x.read, d.Hold, edit, len(c.Holds))
		}
	}
}

func TestTimeline6AZombieWriteIsAnUnexplainedRise(t *testing.T) {
	c := at(channel.Absolute, 3, 0)
	c, d := c.Read(9, second)
	if d.Surplus != 6 || c.Surpluses.Total() != 6 || c.Holds.Total() != 0 {
		t.Errorf("Read(9) over 3 = %+v, want a surplus of 6 that raises nothing", d)
	}
}

func TestTimeline8ARiseBecomesAnEditOnlyByProof(t *testing.T) {
	c := at(channel.Absolute, 10, 0)
	c, _ = c.Read(60, 5*second)
	if _, d := c.Prove(4 * second); d != (merge.Drift{}) {
		t.Errorf("Prove(4 s) = %+v, want nothing: the rise was seen at 5 s", d)
	}
	if c2, d := c.Prove(5 * second); d.Surplus != 50 || c2.Surpluses.Total() != 0 {
		t.Errorf("Prove(5 s) = %+v, want surplus 50 ended", d)
	}
}

func TestAGiveBackSeenBeforeItsLineLeavesNoPhantomHold(t *testing.T) {
	c := at(channel.CompareAndSet, 8, 0)
	c, _ = c.Read(10, second) // a cancelled order put 2 back, the line is not read yet
	c, met := c.Take(-2, 2*second)
	if met != 2 || c.Expected != 10 || c.Surpluses.Total() != 0 {
		t.Errorf("Take(-2) = expected %d, surplus %d; want 10 and none", c.Expected, c.Surpluses.Total())
	}
	if _, d := c.Read(10, 3*second); d != (merge.Drift{}) {
		t.Errorf("Read(10) = %+v, want no drift", d)
	}
}

func TestAfterALineThatAHoldMetAReadingMustBeNewerThanTheLine(t *testing.T) {
	// The hold was of one sale and the line is of another: what a reading from before the line shows is not the end of it.
	const lag = 6 * time.Second
	c := at(channel.CompareAndSet, 10, 0)
	c, _ = c.Read(8, second)
	c, met := c.Take(2, 20*second)
	if met != 2 || c.Fresh(25*second, lag) || !c.Fresh(26*second, lag) {
		t.Errorf("after Take(2) at 20 s met %d: Fresh(25 s) = %v, Fresh(26 s) = %v; want met 2, false, true", met, c.Fresh(25*second, lag), c.Fresh(26*second, lag))
	}
}

func TestALineThatMeetsADoubtfulHoldMayStillHaveToBeSeen(t *testing.T) {
	// A write of 7 over 10 was lost, the reading shows 7: it was applied, and no sale is hidden. Then 3 are sold.
	c := at(channel.Absolute, 10, 0)
	c = c.Unanswered(channel.Absolute, 7, second)
	c, _ = c.Read(7, 2*second)
	c, met := c.Take(3, 3*second)
	if met != 3 || c.Holds.Total() != 0 {
		t.Errorf("Take(3) met %d and left a hold of %d, want 3 met and none left", met, c.Holds.Total())
	}
	c, d := c.Read(4, 4*second)
	if d != (merge.Drift{}) || c.Expected != 4 {
		t.Errorf("Read(4) = %+v, expected %d; want no drift: the line explains it", d, c.Expected)
	}
	// Or the sale was what the doubt covered: then the next reading still shows 7.
	c = at(channel.Absolute, 10, 0).Unanswered(channel.Absolute, 7, second)
	c, _ = c.Read(7, 2*second)
	c, _ = c.Take(3, 3*second)
	if c, d = c.Read(7, 4*second); d != (merge.Drift{}) || c.Expected != 7 {
		t.Errorf("Read(7) = %+v, expected %d; want no drift", d, c.Expected)
	}
}

func TestWritesThatAreNeverAnsweredHoldForOneOfThemOnly(t *testing.T) {
	// Each unanswered write may hide a sale, and the hold for it lowers the next write: they must not feed each other.
	c := at(channel.Absolute, 40, 0)
	value := int64(39)
	for i := range ident.Micros(20) {
		c = c.Unanswered(channel.Absolute, value, (2*i+1)*second)
		c, _ = c.Read(value, (2*i+2)*second) // it was applied
		value = 39 - c.Holds.Total()
	}
	if c.Holds.Total() != 1 || value != 38 {
		t.Errorf("after 20 applied writes without an answer %d units are held and %d is to be written, want 1 and 38", c.Holds.Total(), value)
	}
}
