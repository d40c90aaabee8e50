package store

import (
	"context"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/ident"
)

// Class is a kind of rows that are kept for some time only.
type Class string

// The classes, with what starts their clock.
const (
	OrderRefs   Class = "order-references" // plain references of order lines (C05): the end that each row carries
	Hints       Class = "hints"            // durable marks of webhooks: when they arrived
	Events      Class = "events"           // the operational log: when it happened
	Latencies   Class = "latencies"        // measured delays: the end of their hour
	Suggestions Class = "suggestions"      // guesses about listings: at once when the channel shows the listing no more
)

const (
	dropRefsText = `
DELETE FROM order_refs WHERE tenant = $1 AND (account, line) IN
  (SELECT account, line FROM order_refs WHERE tenant = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT $3)`

	dropHintsText = `
DELETE FROM hints WHERE tenant = $1 AND (account, topic, hint) IN
  (SELECT account, topic, hint FROM hints WHERE tenant = $1 AND at <= $2 ORDER BY at LIMIT $3)`

	dropEventsText = `
DELETE FROM events WHERE tenant = $1 AND event IN
  (SELECT event FROM events WHERE tenant = $1 AND at <= $2 ORDER BY at LIMIT $3)`

	// A row counts a whole hour; it is old when all of the hour is.
	dropLatencyText = `
DELETE FROM latency WHERE tenant = $1 AND (account, stage, hour, upto) IN
  (SELECT account, stage, hour, upto FROM latency WHERE tenant = $1 AND hour < $2 / 3600000000 ORDER BY hour LIMIT $3)`

	dropStaleText = `
DELETE FROM suggestions WHERE tenant = $1 AND (account, listing, item) IN
  (SELECT s.account, s.listing, s.item FROM suggestions s JOIN listings l ON l.tenant = s.tenant AND l.account = s.account AND l.listing = s.listing
   WHERE s.tenant = $1 AND l.gone = 1 LIMIT $2)`
)

// Expire deletes up to limit rows of a class whose clock started at or before an instant (order references: whose end has
// come by then) and returns how many there were.
func (t *Tx) Expire(ctx context.Context, tenant ident.Tenant, c Class, upto ident.Micros, limit int) (int64, error) {
	switch c {
	case OrderRefs:
		return t.exec(ctx, dropRefsText, tenant, upto, limit)
	case Hints:
		return t.exec(ctx, dropHintsText, tenant, upto, limit)
	case Events:
		return t.exec(ctx, dropEventsText, tenant, upto, limit)
	case Latencies:
		return t.exec(ctx, dropLatencyText, tenant, upto, limit)
	case Suggestions:
		return t.exec(ctx, dropStaleText, tenant, limit)
	}
	return 0, fault.New(fault.Internal, "rows of class %q do not end", c)
}
