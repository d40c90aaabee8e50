package flow

import (
	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/ledger"
	"carpediemstore.it/sync-connector/internal/merge"
	"carpediemstore.it/sync-connector/internal/money"
)

// Mode says whether an account is written to.
type Mode string

// The modes.
const (
	Observe Mode = "observe" // never writes
	Approve Mode = "approve" // writes the rows of applied plans
	Live    Mode = "live"
)

// Role says whose word counts when somebody edits the channel by hand.
type Role string

// The roles.
const (
	Master Role = "master"  // the shop where the seller types goods in: edits are adopted as counts
	Sales  Role = "channel" // edits are drift: see OnDrift
)

// OnDrift is what happens to a proven external edit on a sales channel.
type OnDrift string

// The answers to drift.
const (
	Report OnDrift = "report" // tell and ask; a decrease is never delayed by the question
	Heal   OnDrift = "heal"   // write the counter back to its target
	Adopt  OnDrift = "adopt"  // book a count
)

// Account is one connected marketplace account or store.
type Account struct {
	Tenant    ident.Tenant
	ID        ident.Account
	Name      string
	Kind      channel.Kind
	Mode      Mode
	Role      Role
	OnDrift   OnDrift
	Settings  map[string]string
	State     string // connected, broken, disconnected
	Fault     string // why it is broken
	CreatedAt ident.Micros
}

// Fence is the right to drive an account: the epoch that the lease was taken under.
type Fence struct {
	Tenant  ident.Tenant
	Account ident.Account
	Epoch   ident.Epoch
	Owner   string
}

// Feed says how far the account's order feed and catalogue have been read; times are our own clock.
type Feed struct {
	SalesCursor  channel.Cursor
	Backfilled   bool         // the first complete read is done: lines are news from now on
	PollStarted  ident.Micros // start of the feed read under way; 0 for none
	SalesThrough ident.Micros // start of the last complete feed read
	SalesDue     ident.Micros
	Sweep        int64
	SweepCursor  channel.Cursor
	SweepStarted ident.Micros // 0 when no catalogue read is under way
	SweepSeen    int64
	SweepTotal   int64        // -1: the channel does not say
	SweepBegan   ident.Micros // of the last finished catalogue read
	SweepDone    ident.Micros
	ReadAsked    ident.Micros // when a person asked to read everything now; not the driver's to write
	SweepDue     ident.Micros
	MatchFrom    ident.Listing // unbound listings after this one wait to be matched; -1: none
	BlindSince   ident.Micros  // 0: orders are readable
	// The run that guards count changes in: it begins anew when nothing has changed for a while.
	RunStarted ident.Micros
	RunPrices  int64 // prices changed in it
	RunZeroed  int64 // counters taken to zero in it without a sale
	Failures   int64
	WaitUntil  ident.Micros
}

// Line is a stored order line with what it did to items.
type Line struct {
	ledger.Line
	Order   string // plain reference of a new line, kept apart and dropped early; "" otherwise
	Effects []ledger.Effect
	Fresh   bool // not stored yet
}

// Bound is a listing as bookings need it.
type Bound struct {
	Listing ident.Listing
	Key     channel.ListingKey
	Item    ident.Item // 0: not bound
	Recipe  ledger.Recipe
	// Counted is when the recipe's items were first counted, the latest of them; 0 when one never was.
	Counted ident.Micros
	Draws   []Draw
}

// Draw is one counter of a listing with the units one piece takes.
type Draw struct {
	Counter ident.Counter
	Units   int64
}

// Counter is the number a channel keeps, with its three copies.
type Counter struct {
	ID  ident.Counter
	Key channel.StockKey
	merge.Copies
	Reserved *int64
	Untaken  int64
	Target   *int64 // what the policy wants to be sellable; nil: absent
	Wire     *int64 // the channel's number for it
	Rev      int64
	Lane     Lane
	ReadDue  ident.Micros
	ProveDue ident.Micros
	State    State
	Since    ident.Micros
	Open     *Intent // the unresolved write, if any
}

// Price is the price of a listing, with its three copies.
type Price struct {
	Listing  ident.Listing
	Key      channel.ListingKey
	Group    string
	Currency money.Currency
	Want     *int64 // minor units
	Seen     *int64
	SeenAt   ident.Micros
	Fence    ident.Micros
	Accepted *int64 // last accepted or verified value: what guards compare with
	Rev      int64
	Lane     Lane
	ReadDue  ident.Micros
	State    State
	Since    ident.Micros
	Open     *Intent
}

// Lane orders what is sent first.
type Lane int64

// The lanes. Stock goes before price on every channel.
const (
	Quiet    Lane = 0 // nothing to send
	ToZero   Lane = 1
	Decrease Lane = 2
	Increase Lane = 3
)

// State is how a counter or a price stands.
type State string

// The states.
const (
	Undecided State = "new"      // never decided
	Verified  State = "verified" // read back and equal: in sync
	Pending   State = "pending"  // on its way
	Held      State = "held"     // a guard holds the change
	Denied    State = "refused"  // the channel refused the value; tried again when another is decided
	Absent    State = "absent"   // there is no target (not bound, not counted, no price)
	Asked     State = "asked"    // a person was asked about an external edit
	Foreign   State = "foreign"  // not ours to write (channel-fulfilled, not managed)
)

// Intent is one write recorded before it is sent.
type Intent struct {
	ID        ident.Intent
	Field     channel.Field
	Target    int64 // counter or listing
	Rev       int64
	Value     int64 // the channel's number, or minor units
	Base      int64
	Currency  money.Currency
	Key       string
	Epoch     ident.Epoch
	NotAfter  ident.Micros
	State     IntentState
	Code      string
	Note      string
	Ticket    channel.Ticket
	Decision  ident.Decision
	Plan      ident.Plan
	CreatedAt ident.Micros
	SettledAt ident.Micros
}

// IntentState is how far an intent got. The first three are unresolved (I6).
type IntentState string

// The states of an intent.
const (
	Recorded   IntentState = "recorded"
	Accepted   IntentState = "accepted" // a ticket is polled
	Unanswered IntentState = "unknown"
	Applied    IntentState = "applied"
	Rejected   IntentState = "rejected"
	Superseded IntentState = "superseded" // not sent, or not applied and newer work took over
	Confirmed  IntentState = "verified"
	Refuted    IntentState = "refuted"
)

// Pause keeps writes of a scope from leaving. Zero fields mean "all".
type Pause struct {
	ID      ident.Pause
	Account ident.Account
	Field   channel.Field
	Item    ident.Item
	Mode    PauseMode
}

// PauseMode says what a pause still lets through.
type PauseMode string

// The pause modes.
const (
	PauseAll    PauseMode = "all"
	NoIncreases PauseMode = "no-increases"
	ToZeroOnly  PauseMode = "to-zero-only"
)

// Rule is one version of a rule, as stored.
type Rule struct {
	ID      ident.Rule
	Field   string // stock, price, guard
	Account ident.Account
	Item    ident.Item
	Version int64
	Body    string // JSON
}

// Finding is one cause that needs a person. Cause is unique while it is open, so a cause repeats as a count.
type Finding struct {
	ID      ident.Finding
	Class   string // stable, kebab-case: external-edit, missed-sale, failed-push, unmapped-sale, price-held …
	Cause   string
	Account ident.Account
	Field   channel.Field
	Target  int64
	Item    ident.Item
	Text    string
	Data    string // JSON of numbers
	At      ident.Micros
}

// Decision is the stored record of one changed target. Record is JSON: inputs, output of each step, versions.
type Decision struct {
	ID      ident.Decision
	Account ident.Account
	Field   channel.Field
	Target  int64
	At      ident.Micros
	Outcome string // send, absent, held, refused
	Value   *int64
	Record  string
}

// Event is one line of the operational log.
type Event struct {
	Account ident.Account
	Kind    string
	Actor   string
	Text    string
	At      ident.Micros
}
