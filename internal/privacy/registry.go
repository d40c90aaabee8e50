package privacy

import (
	"slices"
	"strings"
	"time"
)

// Class is a kind of data.
type Class string

// The classes. None is for buyers.
const (
	Connection Class = "connection data" // which account, with which settings, in which state
	Mapping    Class = "SKU and mapping" // what is sold, and what is the same as what
	Quantity   Class = "quantity"        // numbers of units, and what follows from them
	Price      Class = "price"           // amounts of money, and what follows from them
	Log        Class = "operational log" // what the connector did and when
	SyncEvent  Class = "sync event"      // what a channel reported: order lines without their buyer, notices
	Support    Class = "support"         // what waits for a person, and what the person said to it
	Key        Class = "key material"    // wrapped keys and sealed credentials
	Staff      Class = "staff identity"  // who of the seller's people did something
	Machinery  Class = "inner machinery" // counters, versions and leases that describe nothing outside
)

// Classes returns every class, in the order of the data map.
func Classes() []Class {
	return []Class{Connection, Mapping, Quantity, Price, SyncEvent, Log, Support, Staff, Key, Machinery}
}

// Clock is what starts the time that something is kept for, or ends it.
type Clock string

// The clocks.
const (
	WithTenant  Clock = "until the tenant is erased"
	WithAccount Clock = "until the account is disconnected"
	WithPlace   Clock = "as long as the installation"
	Replaced    Clock = "until a newer value replaces it"
	LineChanged Clock = "after the order line was last seen to change"
	Arrived     Clock = "after it arrived"
	Happened    Clock = "after it happened"
	HourEnded   Clock = "after the end of its hour"
	Finished    Clock = "after the job ended"
	Sent        Clock = "after it was sent"
	Settled     Clock = "until it is settled"
	ListingGone Clock = "until it is answered or the channel shows the listing no more"
)

// Retention is how long something is kept. Without Keep, From itself names the end.
type Retention struct {
	Keep time.Duration
	From Clock
}

// Erase is how something is made to be no more.
type Erase string

// The ways to erase.
const (
	DeleteRow  Erase = "delete the row"
	Overwrite  Erase = "overwrite the value"
	DestroyKey Erase = "destroy the key, then delete the row"
	TenantRows Erase = "delete with the tenant"
	Never      Erase = "nothing to erase"
)

// Data is what is known of a column. In an exception, what is empty is as in the rest of the table.
type Data struct {
	Class     Class
	Purpose   string
	Retention Retention
	Erase     Erase
}

func (d Data) or(rest Data) Data {
	if d.Class == "" {
		d.Class = rest.Class
	}
	if d.Purpose == "" {
		d.Purpose = rest.Purpose
	}
	if d.Retention == (Retention{}) {
		d.Retention = rest.Retention
	}
	if d.Erase == "" {
		d.Erase = rest.Erase
	}
	return d
}

// Column is one column of the database.
type Column struct {
	Table string
	Name  string
	Data
}

// table is how the registry is written: what holds for most columns, and the exceptions. Names are parted by spaces.
type table struct {
	name    string
	rest    Data
	columns string
	except  []except
}

type except struct {
	columns string
	data    Data
}

// who is the exception for columns that name a person of the seller.
func who(columns, purpose string) except {
	return except{columns, Data{Class: Staff, Purpose: purpose}}
}

// Columns returns the registry, ordered by table as in the data map and by column as written.
func Columns() []Column {
	var out []Column
	for _, t := range slices.Concat(tenants(), catalogue(), channels(), stock(), orders(), sending(), people(), running(), jobs()) {
		for name := range strings.FieldsSeq(t.columns) {
			out = append(out, Column{t.name, name, t.rest})
		}
		for _, x := range t.except {
			for name := range strings.FieldsSeq(x.columns) {
				out = append(out, Column{t.name, name, x.data.or(t.rest)})
			}
		}
	}
	return out
}

const day = 24 * time.Hour

// wholeLife is the retention of what a tenant's books are made of.
func wholeLife() Retention { return Retention{From: WithTenant} }
