// Package ident holds the typed ids and the instant of the core.
//
// Ids are int64, given out in blocks by the database (store: table sequences), so they are compact, ordered by creation
// and never collide between nodes. A type per thing makes mixing them up a compile error. Instants are whole
// microseconds UTC; ordering between machines is never decided by comparing them (I21).
package ident

import (
	"strconv"
	"time"
)

// Ids of the things in architecture.md's word list. Zero is "none".
type (
	Tenant   int64
	Account  int64
	Item     int64
	Listing  int64
	Counter  int64
	Line     int64
	Entry    int64
	Intent   int64
	Decision int64
	Plan     int64
	Rule     int64
	Pause    int64
	Finding  int64
)

// Epoch is the number that fences older drivers of an account.
type Epoch int64

// Micros is an instant: microseconds since 1970-01-01 UTC on this installation's clock. Zero is "never".
type Micros int64

// At converts t.
func At(t time.Time) Micros { return Micros(t.UnixMicro()) }

// Time converts m to UTC.
func (m Micros) Time() time.Time { return time.UnixMicro(int64(m)).UTC() }

// Add returns m moved by d.
func (m Micros) Add(d time.Duration) Micros { return m + Micros(d.Microseconds()) }

// Sub returns the time from n to m.
func (m Micros) Sub(n Micros) time.Duration { return time.Duration(m-n) * time.Microsecond }

// String renders m as RFC 3339 with microseconds; "never" for zero.
func (m Micros) String() string {
	if m == 0 {
		return "never"
	}
	return m.Time().Format("2006-01-02T15:04:05.000000Z")
}

// MarshalText implements encoding.TextMarshaler, so JSON shows instants as text.
func (m Micros) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads what MarshalText wrote, or any RFC 3339 instant.
func (m *Micros) UnmarshalText(b []byte) error {
	if len(b) == 0 || string(b) == "never" {
		*m = 0
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return err
	}
	*m = At(t)
	return nil
}

// Text renders any id in decimal.
func Text[T ~int64](id T) string { return strconv.FormatInt(int64(id), 10) }
