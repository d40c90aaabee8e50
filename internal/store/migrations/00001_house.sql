-- One text for SQLite and PostgreSQL. The tenant leads every key (controls.md C17), times are microseconds UTC, money is
-- minor units with a currency, booleans are 0/1. {clustered} becomes WITHOUT ROWID on SQLite and nothing on PostgreSQL.
-- Every column is in internal/privacy/registry.go; a test compares.

-- +goose Up

CREATE TABLE sequences (
    tenant BIGINT NOT NULL, -- 0: of all of them together
    name   TEXT   NOT NULL,
    next   BIGINT NOT NULL,
    PRIMARY KEY (tenant, name)
) {clustered};

CREATE TABLE tenants (
    tenant     BIGINT NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    settings   TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- Wrapped keys: a tenant's own (under the master key) and its data keys (under that). In an installation that keeps them
-- apart (controls.md C12) this table is filled in the key store alone, a second database with this schema.
CREATE TABLE tenant_keys (
    tenant     BIGINT NOT NULL,
    class      TEXT   NOT NULL, -- tenant, credential
    version    BIGINT NOT NULL,
    wrapped_by TEXT   NOT NULL, -- id of the wrapping key
    wrapped    {blob} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, class, version)
) {clustered};

CREATE TABLE accounts (
    tenant     BIGINT NOT NULL,
    account    BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    mode       TEXT   NOT NULL, -- observe, approve, live
    role       TEXT   NOT NULL, -- master, channel
    on_drift   TEXT   NOT NULL, -- report, heal, adopt
    settings   TEXT   NOT NULL, -- JSON object of text
    caps       TEXT   NOT NULL, -- JSON of the last known capabilities
    state      TEXT   NOT NULL, -- connected, broken, disconnected
    fault      TEXT   NOT NULL, -- why it is broken, for a person
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account),
    UNIQUE (tenant, name)
);

CREATE TABLE credentials (
    tenant     BIGINT NOT NULL,
    account    BIGINT NOT NULL,
    field      TEXT   NOT NULL,
    sealed     {blob} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, field)
) {clustered};

-- Every opening of a credential (C15): machine use is counted per hour, a person's use is a row each.
CREATE TABLE credential_uses (
    tenant  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    slot    BIGINT NOT NULL, -- start of the hour; the instant for a person
    field   TEXT   NOT NULL,
    actor   TEXT   NOT NULL, -- node or person
    person  BIGINT NOT NULL,
    purpose TEXT   NOT NULL,
    version BIGINT NOT NULL, -- of the data key
    n       BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, slot, field, actor, person, purpose, version)
) {clustered};

-- Who drives an account until when (lease, by the database clock), which epoch fences older drivers, and what is due.
CREATE TABLE drives (
    tenant      BIGINT NOT NULL,
    account     BIGINT NOT NULL,
    gen         BIGINT NOT NULL,
    done_gen    BIGINT NOT NULL,
    next_due    BIGINT NOT NULL,
    owner       TEXT   NOT NULL,
    epoch       BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    PRIMARY KEY (tenant, account)
) {clustered};
CREATE INDEX drives_due ON drives (next_due);

-- How far an account's order feed and catalogue have been read. Times are our clock.
CREATE TABLE feeds (
    tenant         BIGINT NOT NULL,
    account        BIGINT NOT NULL,
    sales_cursor   TEXT   NOT NULL,
    backfilled     BIGINT NOT NULL,
    poll_started   BIGINT NOT NULL, -- start of the feed read under way
    sales_through  BIGINT NOT NULL, -- start of the last complete feed read
    sales_due      BIGINT NOT NULL,
    sweep          BIGINT NOT NULL, -- number of the catalogue read under way or last done
    sweep_cursor   TEXT   NOT NULL,
    sweep_started  BIGINT NOT NULL, -- 0 when none is under way
    sweep_seen     BIGINT NOT NULL,
    sweep_total    BIGINT NOT NULL, -- -1 when the channel does not say
    sweep_began    BIGINT NOT NULL, -- when the last finished one had begun
    sweep_done     BIGINT NOT NULL, -- when it ended
    read_asked     BIGINT NOT NULL, -- when a person asked to read everything now; the driver never writes it
    sweep_due      BIGINT NOT NULL,
    match_from     BIGINT NOT NULL, -- unbound listings after this one wait to be matched; -1: none
    blind_since    BIGINT NOT NULL, -- 0: orders are readable
    run_started    BIGINT NOT NULL, -- the run that guards count in
    run_prices     BIGINT NOT NULL,
    run_zeroed     BIGINT NOT NULL,
    failures       BIGINT NOT NULL,
    wait_until     BIGINT NOT NULL, -- back-off after a failure of the whole account
    PRIMARY KEY (tenant, account)
) {clustered};

CREATE TABLE items (
    tenant      BIGINT NOT NULL,
    item        BIGINT NOT NULL,
    sku         TEXT   NOT NULL,
    gtin        TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    bundle      BIGINT NOT NULL, -- 1: stock is the minimum over its components
    on_hand     BIGINT NOT NULL,
    reserved    BIGINT NOT NULL,
    held        BIGINT NOT NULL,
    counted_at  BIGINT NOT NULL, -- 0: never counted, on hand is absent
    base_price  BIGINT,          -- minor units; NULL: absent
    cost        BIGINT,
    currency    TEXT   NOT NULL,
    price_extra TEXT   NOT NULL, -- JSON of pricing.Rules: floor, ceiling, advertised minimum, sale price of this item; '' for none
    price_rev   BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant, item),
    UNIQUE (tenant, sku)
);
CREATE INDEX items_gtin ON items (tenant, gtin) WHERE gtin <> '';

CREATE TABLE components (
    tenant    BIGINT NOT NULL,
    bundle    BIGINT NOT NULL,
    component BIGINT NOT NULL,
    quantity  BIGINT NOT NULL,
    PRIMARY KEY (tenant, bundle, component)
) {clustered};
CREATE INDEX components_component ON components (tenant, component);

-- On hand by place, for items kept in more than the main place.
CREATE TABLE places (
    tenant  BIGINT NOT NULL,
    item    BIGINT NOT NULL,
    place   TEXT   NOT NULL,
    on_hand BIGINT NOT NULL,
    PRIMARY KEY (tenant, item, place)
) {clustered};

-- What a channel sells, with its binding: listing → item × pack.
CREATE TABLE listings (
    tenant      BIGINT NOT NULL,
    account     BIGINT NOT NULL,
    listing     BIGINT NOT NULL,
    channel_key TEXT   NOT NULL,
    group_key   TEXT   NOT NULL,
    sku         TEXT   NOT NULL,
    gtin        TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    pool        TEXT   NOT NULL,
    active      BIGINT NOT NULL,
    currency    TEXT   NOT NULL,
    item        BIGINT NOT NULL, -- 0: not bound
    pack        BIGINT NOT NULL,
    bound_by    TEXT   NOT NULL, -- '', auto-sku, auto-gtin, person, ignored
    bound_at    BIGINT NOT NULL,
    stock_on    BIGINT NOT NULL, -- we manage its stock
    price_on    BIGINT NOT NULL, -- we manage its price
    sweep       BIGINT NOT NULL, -- last catalogue read that showed it
    gone        BIGINT NOT NULL, -- a complete catalogue read did not show it
    -- the three copies of the price
    price_want  BIGINT,          -- desired, minor units
    price_seen  BIGINT,          -- observed
    price_at    BIGINT NOT NULL, -- start of the reading
    price_fence BIGINT NOT NULL, -- a reading must have started after this
    price_ok    BIGINT,          -- last accepted or verified value: what the guards compare with
    price_rev   BIGINT NOT NULL,
    price_lane  BIGINT NOT NULL, -- 0: nothing to send
    price_read  BIGINT NOT NULL, -- when to read it back; 0: not
    price_state TEXT   NOT NULL, -- verified, pending, held, refused, absent, foreign
    price_since BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, listing),
    UNIQUE (tenant, account, channel_key)
) {clustered};
CREATE INDEX listings_item ON listings (tenant, item) WHERE item <> 0;
CREATE INDEX listings_group ON listings (tenant, account, group_key) WHERE group_key <> '';
CREATE INDEX listings_sku ON listings (tenant, sku);
CREATE INDEX listings_gtin ON listings (tenant, gtin) WHERE gtin <> '';
CREATE INDEX listings_unbound ON listings (tenant, account, listing) WHERE bound_by = '';
CREATE INDEX listings_loose ON listings (tenant, account, listing) WHERE item = 0;
CREATE INDEX listings_lane ON listings (tenant, account, price_lane, price_read) WHERE price_lane <> 0;
CREATE INDEX listings_open ON listings (tenant, account, price_state) WHERE price_state <> 'verified';
CREATE INDEX listings_read ON listings (tenant, account, price_read) WHERE price_read <> 0;

-- The number a channel keeps, with its three copies.
CREATE TABLE counters (
    tenant      BIGINT NOT NULL,
    account     BIGINT NOT NULL,
    counter     BIGINT NOT NULL,
    stock_key   TEXT   NOT NULL,
    location    TEXT   NOT NULL,
    known       BIGINT NOT NULL,
    expected    BIGINT NOT NULL,
    below       BIGINT NOT NULL,
    above       BIGINT NOT NULL,
    exact       BIGINT NOT NULL,
    doubt       BIGINT,          -- the other branch of an unresolved write
    holds       TEXT   NOT NULL, -- JSON parts, '' for none
    surpluses   TEXT   NOT NULL,
    observed    BIGINT NOT NULL,
    observed_at BIGINT NOT NULL,
    fence       BIGINT NOT NULL,
    reserved    BIGINT,          -- what the channel says it holds itself
    untaken     BIGINT NOT NULL, -- own open units its number has not moved for
    target      BIGINT,          -- what the policy wants to be sellable
    wire        BIGINT,          -- desired: the channel's number for that
    rev         BIGINT NOT NULL,
    lane        BIGINT NOT NULL, -- 0 nothing to send, 1 to zero, 2 decrease, 3 increase
    read_due    BIGINT NOT NULL, -- 0: not
    prove_due   BIGINT NOT NULL, -- when the oldest hold or surplus may be proven; 0: none
    state       TEXT   NOT NULL, -- new, verified, pending, held, absent, asked, foreign
    since       BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, counter),
    UNIQUE (tenant, account, stock_key, location)
) {clustered};
CREATE INDEX counters_lane ON counters (tenant, account, lane, read_due) WHERE lane <> 0;
CREATE INDEX counters_open ON counters (tenant, account, state) WHERE state <> 'verified';
CREATE INDEX counters_read ON counters (tenant, account, read_due) WHERE read_due <> 0;
CREATE INDEX counters_prove ON counters (tenant, account, prove_due) WHERE prove_due <> 0;

-- Which counters a listing draws from.
CREATE TABLE draws (
    tenant  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    listing BIGINT NOT NULL,
    units   BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, counter, listing)
) {clustered};
CREATE INDEX draws_listing ON draws (tenant, account, listing);

CREATE TABLE entries (
    tenant   BIGINT NOT NULL,
    entry    BIGINT NOT NULL,
    source   TEXT   NOT NULL,
    item     BIGINT NOT NULL,
    kind     TEXT   NOT NULL,
    place    TEXT   NOT NULL,
    on_hand  BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    held     BIGINT NOT NULL,
    account  BIGINT NOT NULL,
    counter  BIGINT NOT NULL,
    line     BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    PRIMARY KEY (tenant, entry),
    UNIQUE (tenant, source)
) {clustered};
CREATE INDEX entries_item ON entries (tenant, item, entry);

CREATE TABLE lines (
    tenant     BIGINT NOT NULL,
    account    BIGINT NOT NULL,
    line       BIGINT NOT NULL,
    source     TEXT   NOT NULL, -- keyed hash of order and line reference
    listing    TEXT   NOT NULL, -- the channel's listing key
    quantity   BIGINT NOT NULL,
    shipped    BIGINT NOT NULL,
    returned   BIGINT NOT NULL,
    taken      BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    opening    BIGINT NOT NULL,
    met        BIGINT NOT NULL,
    backfill   BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, line),
    UNIQUE (tenant, account, source)
) {clustered};
CREATE INDEX lines_listing ON lines (tenant, account, listing);
CREATE INDEX lines_seen ON lines (tenant, first_seen);

CREATE TABLE effects (
    tenant   BIGINT NOT NULL,
    account  BIGINT NOT NULL,
    line     BIGINT NOT NULL,
    item     BIGINT NOT NULL,
    reserved BIGINT NOT NULL,
    on_hand  BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, line, item)
) {clustered};

-- The plain order reference, for answering "which order was it", kept apart and dropped early.
CREATE TABLE order_refs (
    tenant     BIGINT NOT NULL,
    account    BIGINT NOT NULL,
    line       BIGINT NOT NULL,
    order_ref  TEXT   NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, line)
) {clustered};
CREATE INDEX order_refs_expiry ON order_refs (tenant, expires_at);

-- Item units held on behalf of a counter's holds.
CREATE TABLE holdings (
    tenant  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    counter BIGINT NOT NULL,
    item    BIGINT NOT NULL,
    units   BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, counter, item)
) {clustered};

-- Generation marks: marked while worked is worked again, by arithmetic.
CREATE TABLE marks (
    tenant   BIGINT NOT NULL,
    account  BIGINT NOT NULL,
    field    TEXT   NOT NULL,
    target   BIGINT NOT NULL,
    gen      BIGINT NOT NULL,
    done_gen BIGINT NOT NULL,
    urgent   BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, field, target)
) {clustered};
CREATE INDEX marks_due ON marks (tenant, account, urgent, field, target) WHERE gen > done_gen;

CREATE TABLE intents (
    tenant     BIGINT NOT NULL,
    intent     BIGINT NOT NULL,
    account    BIGINT NOT NULL,
    field      TEXT   NOT NULL,
    target     BIGINT NOT NULL, -- counter or listing
    rev        BIGINT NOT NULL,
    value      BIGINT NOT NULL,
    base       BIGINT NOT NULL,
    currency   TEXT   NOT NULL,
    idem_key   TEXT   NOT NULL,
    epoch      BIGINT NOT NULL,
    not_after  BIGINT NOT NULL,
    state      TEXT   NOT NULL, -- recorded, accepted, unknown | applied, rejected, superseded, verified, refuted
    code       TEXT   NOT NULL,
    note       TEXT   NOT NULL,
    ticket     TEXT   NOT NULL,
    decision   BIGINT NOT NULL,
    plan       BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    settled_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, intent)
) {clustered};
-- I6: at most one unresolved write per counter (stock) or listing (price), across all nodes.
CREATE UNIQUE INDEX intents_open ON intents (tenant, account, field, target) WHERE state IN ('recorded', 'accepted', 'unknown');
CREATE INDEX intents_target ON intents (tenant, account, field, target, intent);

CREATE TABLE decisions (
    tenant   BIGINT NOT NULL,
    decision BIGINT NOT NULL,
    account  BIGINT NOT NULL,
    field    TEXT   NOT NULL,
    target   BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    outcome  TEXT   NOT NULL,
    value    BIGINT,
    record   TEXT   NOT NULL, -- JSON: inputs, output of each step, rule and code versions
    PRIMARY KEY (tenant, decision)
) {clustered};
CREATE INDEX decisions_target ON decisions (tenant, account, field, target, decision);

CREATE TABLE rules (
    tenant  BIGINT NOT NULL,
    rule    BIGINT NOT NULL,
    field   TEXT   NOT NULL, -- stock, price, guard
    account BIGINT NOT NULL, -- 0: every account
    item    BIGINT NOT NULL, -- 0: every item
    version BIGINT NOT NULL,
    body    TEXT   NOT NULL, -- JSON; '' removes the rule
    actor   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (tenant, rule),
    UNIQUE (tenant, field, account, item, version)
) {clustered};
CREATE INDEX rules_item ON rules (tenant, item) WHERE item <> 0;

CREATE TABLE plans (
    tenant     BIGINT NOT NULL,
    plan       BIGINT NOT NULL,
    kind       TEXT   NOT NULL, -- sync, import, rollback, resume
    title      TEXT   NOT NULL,
    state      TEXT   NOT NULL, -- draft, approved, applying, canary, applied, rejected, stale
    counts     TEXT   NOT NULL, -- JSON
    actor      TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, plan)
) {clustered};

CREATE TABLE plan_rows (
    tenant  BIGINT NOT NULL,
    plan    BIGINT NOT NULL,
    row_no  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    field   TEXT   NOT NULL,
    target  BIGINT NOT NULL, -- counter, listing or item
    action  TEXT   NOT NULL, -- write, item, count, price, bind …
    old     TEXT   NOT NULL,
    new     TEXT   NOT NULL,
    rev     BIGINT NOT NULL, -- revision the row was planned on: another one makes it stale
    state   TEXT   NOT NULL, -- planned, held, applied, skipped, stale
    note    TEXT   NOT NULL,
    PRIMARY KEY (tenant, plan, row_no)
) {clustered};
CREATE INDEX plan_rows_target ON plan_rows (tenant, account, field, target) WHERE state = 'planned';

CREATE TABLE pauses (
    tenant    BIGINT NOT NULL,
    pause     BIGINT NOT NULL,
    account   BIGINT NOT NULL, -- 0: all
    field     TEXT   NOT NULL, -- '': both
    item      BIGINT NOT NULL, -- 0: all
    mode      TEXT   NOT NULL, -- all, no-increases, to-zero-only
    state     TEXT   NOT NULL, -- pausing, paused, lifted
    reason    TEXT   NOT NULL,
    actor     TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    lifted_at BIGINT NOT NULL,
    PRIMARY KEY (tenant, pause)
) {clustered};

-- One cause that needs a person (exception, drift, held change). cause is unique while it is open.
CREATE TABLE findings (
    tenant     BIGINT NOT NULL,
    finding    BIGINT NOT NULL,
    class      TEXT   NOT NULL,
    cause      TEXT   NOT NULL,
    account    BIGINT NOT NULL,
    field      TEXT   NOT NULL,
    target     BIGINT NOT NULL,
    item       BIGINT NOT NULL,
    state      TEXT   NOT NULL, -- open, done
    text       TEXT   NOT NULL,
    data       TEXT   NOT NULL, -- JSON of numbers
    count      BIGINT NOT NULL,
    first_at   BIGINT NOT NULL,
    last_at    BIGINT NOT NULL,
    closed_by  TEXT   NOT NULL,
    PRIMARY KEY (tenant, finding)
) {clustered};
CREATE UNIQUE INDEX findings_open ON findings (tenant, cause) WHERE state = 'open';
CREATE INDEX findings_target ON findings (tenant, account, field, target);

CREATE TABLE suggestions (
    tenant  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    listing BIGINT NOT NULL,
    item    BIGINT NOT NULL,
    pack    BIGINT NOT NULL,
    score   BIGINT NOT NULL, -- 1 … 999
    reason  TEXT   NOT NULL,
    PRIMARY KEY (tenant, account, listing, item)
) {clustered};

-- Operational log: what happened, when, to which account. No bodies, no references.
CREATE TABLE events (
    tenant  BIGINT NOT NULL,
    event   BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    account BIGINT NOT NULL,
    kind    TEXT   NOT NULL,
    actor   TEXT   NOT NULL,
    text    TEXT   NOT NULL,
    PRIMARY KEY (tenant, event)
) {clustered};
CREATE INDEX events_account ON events (tenant, account, event) WHERE account <> 0;
CREATE INDEX events_at ON events (tenant, at);

CREATE TABLE limits (
    tenant  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    state   TEXT   NOT NULL, -- JSON of buckets
    at      BIGINT NOT NULL,
    PRIMARY KEY (tenant, account)
) {clustered};

-- Measured delays as histograms: stage, hour, upper bound of the bucket in microseconds.
CREATE TABLE latency (
    tenant  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    stage   TEXT   NOT NULL,
    hour    BIGINT NOT NULL,
    upto    BIGINT NOT NULL,
    n       BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, stage, hour, upto)
) {clustered};
CREATE INDEX latency_hour ON latency (tenant, hour);

-- Durable mark of a webhook: topic, id, seen. Never data.
CREATE TABLE hints (
    tenant  BIGINT NOT NULL,
    account BIGINT NOT NULL,
    topic   TEXT   NOT NULL,
    hint    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (tenant, account, topic, hint)
) {clustered};
CREATE INDEX hints_at ON hints (tenant, at);
