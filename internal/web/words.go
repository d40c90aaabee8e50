package web

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/store"
)

// headline says in one sentence how everything stands.
func headline(o service.Overview) string {
	for _, a := range o.Accounts {
		if a.State != "connected" {
			return a.Name + " is not connected; the others go on."
		}
		if a.Progress.BlindSince != 0 {
			return "The orders of " + a.Name + " cannot be read: its stock only goes down until they can."
		}
	}
	switch w := waiting(o); {
	case len(o.Accounts) == 0:
		return "Ready for the first account."
	case w == 0 && inSync(o) == "100 %":
		return "Everything is in sync."
	case w == 0:
		return "Nothing is waiting; what is not in sync waits for an answer or is not managed."
	default:
		return fmt.Sprintf("%d changes are on their way.", w)
	}
}

func waiting(o service.Overview) (n int64) {
	for _, a := range o.Accounts {
		n += a.Marked + a.Stock + a.Price + a.InFlight
	}
	return n
}

// inSync is the share of all counters and prices that were read back and equal, rounded down.
func inSync(o service.Overview) string {
	var s service.Share
	for _, a := range o.Accounts {
		s.Verified += a.Counters.Verified + a.Prices.Verified
		s.Managed += a.Counters.Managed + a.Prices.Managed
	}
	return fmt.Sprintf("%d %%", s.Percent())
}

func health(a service.AccountOverview) string {
	if a.State != "connected" || a.Progress.BlindSince != 0 || a.Progress.Failures > 2 {
		return "bad"
	}
	return ""
}

func latency(a service.AccountOverview) string {
	for _, l := range a.Latencies {
		if l.Stage == "booked-sent" && l.N > 0 {
			return fmt.Sprintf("%s · 95 %%: %s", short(l.P50), short(l.P95))
		}
	}
	return "–"
}

// short shows microseconds as a person reads them.
func short(us int64) string {
	d := time.Duration(us) * time.Microsecond
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}

func orders(o service.Overview, a service.AccountOverview) string {
	if a.Progress.SalesThrough == 0 {
		return "not yet"
	}
	return ago(o.At, a.Progress.SalesThrough)
}

func ago(now, at ident.Micros) string {
	d := now.Sub(at)
	switch {
	case d < 2*time.Second:
		return "just now"
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int64(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int64(d.Minutes()))
	}
	return at.Time().Format("2006-01-02 15:04")
}

func accountName(o service.Overview, id ident.Account) string {
	for _, a := range o.Accounts {
		if a.ID == id {
			return a.Name
		}
	}
	return ident.Text(id)
}

func saleState(s store.Sale) string {
	switch {
	case !s.Booked:
		return "not bound to an item"
	case s.Quantity == 0:
		return "cancelled"
	case s.Shipped >= s.Quantity:
		return "shipped"
	}
	return "reserved"
}

// others names what is not verified, by state.
func others(s service.Share) string {
	var parts []string
	for _, state := range slices.Sorted(maps.Keys(s.Other)) {
		if s.Other[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", s.Other[state], state))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return " · " + strings.Join(parts, ", ")
}
