package fake

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	productStatuses = []string{"any", "future", "trash", "draft", "pending", "private", "publish"}
	orderStatuses   = []string{"any", "trash", "auto-draft", "pending", "processing", "on-hold", "completed", "cancelled", "refunded", "failed", "checkout-draft"}
)

// paging is the part of a list that was asked for.
type paging struct {
	perPage, offset int64
	orderby         string
	descending      bool
}

// readPaging checks the arguments every list has.
func readPaging(c call) (paging, *answer) {
	p := paging{perPage: 10, orderby: "date", descending: true}
	page := int64(1)
	for _, x := range []struct {
		name     string
		into     *int64
		min, max int64
	}{{"per_page", &p.perPage, 1, 100}, {"page", &page, 1, 1 << 40}, {"offset", &p.offset, 0, 1 << 40}} {
		text := c.arg(x.name)
		if text == "" {
			continue
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return p, fail(invalid(x.name, "rest_invalid_type", x.name+" is not of type integer."))
		}
		if n < x.min || n > x.max {
			message := fmt.Sprintf("%s must be between %d (inclusive) and %d (inclusive)", x.name, x.min, x.max)
			if x.name == "page" {
				message = "page must be greater than or equal to 1"
			}
			return p, fail(invalid(x.name, "rest_out_of_bounds", message))
		}
		*x.into = n
	}
	if p.offset == 0 {
		p.offset = (page - 1) * p.perPage
	}
	if text := c.arg("orderby"); text != "" {
		if !slices.Contains([]string{"date", "id", "include", "title", "slug", "modified"}, text) {
			return p, fail(notIn("orderby", "date, id, include, title, slug, modified"))
		}
		p.orderby = text
	}
	if text := c.arg("order"); text != "" {
		if text != "asc" && text != "desc" {
			return p, fail(notIn("order", "asc, desc"))
		}
		p.descending = text == "desc"
	}
	return p, nil
}

func fail(a answer) *answer { return &a }

func notIn(name, list string) answer {
	return invalid(name, "rest_not_in_enum", name+" is not one of "+list+".")
}

// cut returns the part of rows that was asked for.
func cut[T any](p paging, rows []T) []T {
	if p.offset >= int64(len(rows)) {
		return nil
	}
	return rows[p.offset:min(int64(len(rows)), p.offset+p.perPage)]
}

// readIDs reads a list of ids: include=1,2,3.
func readIDs(c call, name string) ([]int64, *answer) {
	text := c.arg(name)
	if text == "" {
		return nil, nil
	}
	var out []int64
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(part), 10, 64)
		if err != nil {
			return nil, fail(invalid(name, "rest_invalid_type", name+"[0] is not of type integer."))
		}
		out = append(out, n)
	}
	return out, nil
}

// readStatuses checks a comma list of statuses; nil means any.
func readStatuses(c call, known []string) ([]string, *answer) {
	text := c.arg("status")
	if text == "" {
		return nil, nil
	}
	out := strings.Split(text, ",")
	for _, st := range out {
		if !slices.Contains(known, st) {
			return nil, fail(notIn("status", strings.Join(known, ", ")))
		}
	}
	if slices.Contains(out, "any") {
		return nil, nil
	}
	return out, nil
}

// readAfter makes the filter of modified_after: exclusive, whole seconds. Without dates_are_gmt the value is the shop's
// local time. A value with a zone is turned into local time and then compared as it stands, which in a shop away from UTC
// lets hours of other rows through.
func (s *Server) readAfter(c call) (func(time.Time) bool, *answer) {
	text := c.arg("modified_after")
	if text == "" {
		return func(time.Time) bool { return true }, nil
	}
	gmt := c.arg("dates_are_gmt") == "true"
	bare := func(t time.Time) time.Time { // how the row's time reads in the column that is compared
		if !gmt {
			t = t.Add(s.opt.Zone)
		}
		return t
	}
	t, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		zoned, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, fail(invalid("modified_after", "rest_invalid_date", "Invalid date."))
		}
		t = zoned.UTC().Add(s.opt.Zone)
	}
	return func(m time.Time) bool { return bare(m).After(t) }, nil
}
