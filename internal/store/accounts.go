package store

import (
	"context"
	"encoding/json"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

const (
	addAccountText = `
INSERT INTO accounts (tenant, account, name, kind, mode, role, on_drift, settings, caps, state, fault, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', $11) ON CONFLICT (tenant, name) DO NOTHING`

	addDriveText = `
INSERT INTO drives (tenant, account, gen, done_gen, next_due, owner, epoch, lease_until) VALUES ($1, $2, 1, 0, 0, '', 0, 0)`

	addFeedText = `
INSERT INTO feeds (tenant, account, sales_cursor, backfilled, poll_started, sales_through, sales_due, sweep, sweep_cursor, sweep_started,
       sweep_seen, sweep_total, sweep_began, sweep_done, sweep_due, read_asked, match_from, blind_since, run_started, run_prices, run_zeroed, failures, wait_until)
VALUES ($1, $2, '', 0, 0, 0, 0, 0, '', 0, 0, -1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0, 0)`
)

// NextAccount takes an id for a new account, so that its credentials can be sealed for it before it is stored.
func (t *Tx) NextAccount(ctx context.Context) (ident.Account, error) {
	return Next[ident.Account](ctx, t, nobody, "account", 1)
}

// AddAccount stores a new account with what drives it: its lease row, due at once, and its feeds, not read yet. caps is the
// JSON of its capabilities. fault.Exists when the tenant has an account of that name.
func (t *Tx) AddAccount(ctx context.Context, a flow.Account, caps string) error {
	settings, err := json.Marshal(a.Settings)
	if err != nil {
		return fault.New(fault.Internal, "encode settings: %w", err)
	}
	n, err := t.exec(ctx, addAccountText, a.Tenant, a.ID, a.Name, a.Kind, a.Mode, a.Role, a.OnDrift, string(settings), caps, a.State, a.CreatedAt)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.Exists, "there is an account named %q already", a.Name)
	}
	if _, err := t.exec(ctx, addDriveText, a.Tenant, a.ID); err != nil {
		return err
	}
	_, err = t.exec(ctx, addFeedText, a.Tenant, a.ID)
	return err
}

// AccountNamed returns the account of a name; fault.NotFound when there is none.
func (t *Tx) AccountNamed(ctx context.Context, tenant ident.Tenant, name string) (flow.Account, error) {
	var id ident.Account
	found, err := t.one(ctx, `SELECT account FROM accounts WHERE tenant = $1 AND name = $2`, []any{&id}, tenant, name)
	if err != nil {
		return flow.Account{}, err
	}
	if !found {
		return flow.Account{}, fault.New(fault.NotFound, "there is no account named %q", name)
	}
	return t.Account(ctx, tenant, id)
}

// Capabilities returns the JSON of what the account's channel could do when it was last asked; "" for never.
func (t *Tx) Capabilities(ctx context.Context, tenant ident.Tenant, id ident.Account) (caps string, err error) {
	found, err := t.one(ctx, `SELECT caps FROM accounts WHERE tenant = $1 AND account = $2`, []any{&caps}, tenant, id)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no account %d", id)
	}
	return caps, err
}

// SetMode changes an account's mode and makes it due.
func (t *Tx) SetMode(ctx context.Context, tenant ident.Tenant, id ident.Account, m flow.Mode) error {
	return t.alter(ctx, tenant, id, `UPDATE accounts SET mode = $3 WHERE tenant = $1 AND account = $2`, m)
}

// SetRole changes an account's role and what happens to external edits, and makes it due.
func (t *Tx) SetRole(ctx context.Context, tenant ident.Tenant, id ident.Account, r flow.Role, d flow.OnDrift) error {
	return t.alter(ctx, tenant, id, `UPDATE accounts SET role = $3, on_drift = $4 WHERE tenant = $1 AND account = $2`, r, d)
}

// SetConnected stores new settings and capabilities of an account that was tested just now, and makes it due.
func (t *Tx) SetConnected(ctx context.Context, tenant ident.Tenant, id ident.Account, settings map[string]string, caps string) error {
	text, err := json.Marshal(settings)
	if err != nil {
		return fault.New(fault.Internal, "encode settings: %w", err)
	}
	err = t.alter(ctx, tenant, id, `UPDATE accounts SET state = 'connected', fault = '', settings = $3, caps = $4 WHERE tenant = $1 AND account = $2`, string(text), caps)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `UPDATE feeds SET failures = 0, wait_until = 0, sales_due = 0 WHERE tenant = $1 AND account = $2`, tenant, id)
	return err
}

// Disconnect ends an account: whoever drives it is fenced off from this commit on (I7), and its credentials are deleted.
// Listings, history and bindings stay.
func (t *Tx) Disconnect(ctx context.Context, tenant ident.Tenant, id ident.Account) error {
	err := t.alter(ctx, tenant, id, `UPDATE accounts SET state = 'disconnected', mode = 'observe', fault = '' WHERE tenant = $1 AND account = $2`)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE drives SET epoch = epoch + 1, owner = '', lease_until = 0 WHERE tenant = $1 AND account = $2`, tenant, id); err != nil {
		return err
	}
	_, err = t.exec(ctx, `DELETE FROM credentials WHERE tenant = $1 AND account = $2`, tenant, id)
	return err
}

// alter runs an update of one account and wakes its driver.
func (t *Tx) alter(ctx context.Context, tenant ident.Tenant, id ident.Account, text string, args ...any) error {
	n, err := t.exec(ctx, text, append([]any{tenant, id}, args...)...)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "there is no account %d", id)
	}
	return t.Wake(ctx, tenant, id)
}

// Progress is how far an account has been read and driven.
type Progress struct {
	Backfilled   bool         `json:"backfilled"` // the first read of the orders is complete
	SalesThrough ident.Micros `json:"sales_through"`
	SweepStarted ident.Micros `json:"sweep_started"` // "never" when no catalogue read is under way
	SweepSeen    int64        `json:"sweep_seen"`
	SweepTotal   int64        `json:"sweep_total"` // -1 when the channel does not say
	SweepBegan   ident.Micros `json:"sweep_began"` // of the last finished one
	SweepDone    ident.Micros `json:"sweep_done"`
	BlindSince   ident.Micros `json:"blind_since"`
	Failures     int64        `json:"failures"`
	WaitUntil    ident.Micros `json:"wait_until"`
	Driven       bool         `json:"driven"` // a driver holds the account now, by its own word
}

const progressText = `
SELECT f.backfilled, f.sales_through, f.sweep_started, f.sweep_seen, f.sweep_total, f.sweep_began, f.sweep_done, f.blind_since, f.failures, f.wait_until,
       CASE WHEN d.owner <> '' AND d.lease_until > {now} THEN 1 ELSE 0 END
FROM feeds f JOIN drives d ON d.tenant = f.tenant AND d.account = f.account WHERE f.tenant = $1 AND f.account = $2`

// Progress returns how far an account has been read.
func (t *Tx) Progress(ctx context.Context, tenant ident.Tenant, id ident.Account) (p Progress, err error) {
	found, err := t.one(ctx, progressText, []any{
		&p.Backfilled, &p.SalesThrough, &p.SweepStarted, &p.SweepSeen, &p.SweepTotal, &p.SweepBegan, &p.SweepDone, &p.BlindSince, &p.Failures, &p.WaitUntil, &p.Driven,
	}, tenant, id)
	if err == nil && !found {
		err = fault.New(fault.NotFound, "there is no account %d", id)
	}
	return p, err
}
