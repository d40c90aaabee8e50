// Package channeltest is the contract every adapter passes, over HTTP against its fake server, and the interface those
// fakes share.
//
// An adapter's package calls Run from one test that is not parallel (leaks are counted):
//
//	func TestContract(t *testing.T) {
//		channeltest.Run(t, channeltest.Target{
//			Driver:  medusa.Driver(),
//			New:     func(t testing.TB, now func() time.Time) channeltest.Shop { return fake.New(fake.Options{Now: now, …}) },
//			Secrets: map[string]string{"token": "…"},
//			Canary:  []string{"…"},
//		})
//	}
//
// Everything is judged against Shop.Truth: what a reading says must be what the shop holds, or must be absent (I9); what
// the feed says must explain what the shop's counters did (I2, correctness 1a); a write whose answer is lost is Unknown
// (F4); a failure is a fault with a kind (F1, F2) that holds no secret, no body and no buyer data (I23).
//
// What a channel cannot do is read from its capabilities, never from its name. What a fake cannot show is written into
// the Target with a reason; nothing is skipped silently.
package channeltest
