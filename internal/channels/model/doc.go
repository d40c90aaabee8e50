// Package model is the marketplace we own: every trait a real channel can have is a switch, and every order it took is
// kept as the truth to compare with.
//
// Market is a state machine: no goroutine, no clock, no dice of its own. Time is Options.Now, chance is Options.Rand, and
// what a switch delays (a write that lands after its answer was lost, an asynchronous job, another writer) happens when
// the market is next asked anything, at the instant it was due. The same options, seed and calls give the same history.
//
// Two ways lead to a Market. Market.Channel is the channel in process, for the simulator. NewServer speaks a small JSON
// API over HTTP and Driver is the adapter for it (kind "model"), so that demo, tests and benchmarks use the whole path.
// Server is also the channeltest.Shop of the adapter.
//
//	m, err := model.New(model.Relative(model.Options{Now: now, Rand: rand.New(rand.NewPCG(1, 2))}))
//	m.Add(channeltest.Product{SKU: "MUG", Stock: 10, Price: money.Of(990, "EUR")})
//	order, ok := m.Buy(channeltest.Item{SKU: "MUG", Quantity: 2})
//
// The market obeys Options.Caps: what it declares it also does. Options.Declared makes it lie.
//
// The HTTP API (all bodies JSON, quantities as JSON integers, prices as decimal text):
//
//	POST   /v1/token                        the account's token as bearer → {"access","expires_in"}
//	GET    /v1/shop                         name, scopes, capabilities, cost of a row
//	GET    /v1/listings?after=&limit=       one page of the catalogue, {"listings","total","next"}
//	POST   /v1/read                         chosen counters and prices, {"stock","prices","gone_stock","gone"}
//	GET    /v1/orders?since=&skip=&limit=   lines by time of their last change, {"orders","as_of","next_skip"}
//	GET    /v1/orders?open=1&after=&limit=  lines with units still to be shipped, oldest first
//	POST   /v1/stock, /v1/prices            a batch → {"results"} or {"ticket"}
//	GET    /v1/tickets/{ticket}             {"done","results"}
//	DELETE /v1/token                        give the access back
//
// Orders carry a buyer (Canary) in several places, as real ones do; the adapter asks without them and skips them.
package model
