// Package service is what a person can do, one file per subject. The command line, the HTTP API and the console call
// nothing else, so none of them has powers of its own.
//
// Each method takes the Caller, who names the tenant and the person: the tenant comes from a session, never from input
// (C17). Each act changes the store in one transaction together with one line of the log, and with one audit leaf where an
// audit is wired (I24). Long work (imports, matching) goes in batches, each of which leaves a state that can go on.
//
// What holds here:
//   - I9, I10: nothing is applied that was not planned with the value it replaces; a plan built on old state is refused.
//   - I13: a count means sellable now; it is the only way a person raises stock, with receipts and adjustments.
//   - I16: a pause is in force from its commit on and says when nothing of its scope is on its way any more.
//
// It must not talk to a channel outside Connect, Test and Reconnect, nor write the three copies of a counter or a price:
// those belong to the account's driver, which it only wakes.
//
//	s, err := service.New(service.Deps{Store: db, Channels: registry, Open: opener, …})
//	…
//	c, err := s.Connect(ctx, who, service.NewAccount{Kind: "medusa", Name: "shop", Settings: …, Secrets: …})
package service
