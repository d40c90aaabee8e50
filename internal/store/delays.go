package store

import (
	"context"
	"database/sql"
	"math/bits"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/ident"
)

const delayHead = `INSERT INTO latency (tenant, account, stage, hour, upto, n) VALUES `

const delayTail = `ON CONFLICT (tenant, account, stage, hour, upto) DO UPDATE SET n = latency.n + excluded.n`

// SaveLatency adds measured delays to the histogram of a stage: four buckets for each doubling, so a percentile read from
// it is at most a fifth too high.
func (t *Tx) SaveLatency(ctx context.Context, f flow.Fence, stage string, at ident.Micros, delays []time.Duration) error {
	counts := map[int64]int64{}
	for _, d := range delays {
		counts[bucketOf(d)]++
	}
	upto := make([]int64, 0, len(counts))
	for b := range counts {
		upto = append(upto, b)
	}
	slices.Sort(upto)
	hour := int64(at) / int64(time.Hour/time.Microsecond)
	return t.insert(ctx, delayHead, 6, delayTail, len(upto), func(i int, args []any) []any {
		return append(args, f.Tenant, f.Account, stage, hour, upto[i], counts[upto[i]])
	})
}

// bucketOf returns the upper bound in microseconds of the bucket that d falls in.
func bucketOf(d time.Duration) int64 {
	us := max(d.Microseconds(), 1)
	step := int64(1) << max(0, bits.Len64(uint64(us))-3)
	return (us + step - 1) / step * step
}

// Tallies counts the listings of a tenant, the writes that asserted a number which had just been read, and the drift that
// was found so far.
func (t *Tx) Tallies(ctx context.Context, tenant ident.Tenant) (listings, equal, drift int64, err error) {
	for _, c := range []struct {
		to   *int64
		text string
	}{
		{&listings, `SELECT count(*) FROM listings WHERE tenant = $1 AND gone = 0`},
		{&equal, `SELECT count(*) FROM intents WHERE tenant = $1 AND value = base AND rev <> 0`},
		{&drift, `SELECT coalesce(sum(count), 0) FROM findings WHERE tenant = $1 AND class = 'external-edit'`},
	} {
		if _, err := t.one(ctx, c.text, []any{c.to}, tenant); err != nil {
			return 0, 0, 0, err
		}
	}
	return listings, equal, drift, nil
}

const delayText = `
SELECT upto, sum(n) FROM latency WHERE tenant = $1 AND account = $2 AND stage = $3 AND hour >= $4 GROUP BY upto ORDER BY upto`

// Delay returns the 95th percentile of a stage measured since a time; 0 when nothing was measured.
func (t *Tx) Delay(ctx context.Context, f flow.Fence, stage string, since ident.Micros) (time.Duration, error) {
	type bucket struct{ upto, n int64 }
	var all []bucket
	var total int64
	err := t.each(ctx, delayText, func(rs *sql.Rows) error {
		var b bucket
		err := rs.Scan(&b.upto, &b.n)
		all, total = append(all, b), total+b.n
		return err
	}, f.Tenant, f.Account, stage, int64(since)/int64(time.Hour/time.Microsecond))
	var seen int64
	for _, b := range all {
		if seen += b.n; seen*100 >= total*95 {
			return time.Duration(b.upto) * time.Microsecond, err
		}
	}
	return 0, err
}
