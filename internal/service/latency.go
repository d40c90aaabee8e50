package service

import (
	"context"
	"time"

	"carpediemstore.it/sync-connector/internal/ident"
	"carpediemstore.it/sync-connector/internal/store"
)

// Latency is a measured delay of one account and stage, in microseconds. Percentiles come from a histogram: they are at most
// a fifth too high, never too low.
type Latency struct {
	Account     ident.Account `json:"account"`
	AccountName string        `json:"account_name,omitempty"`
	Stage       string        `json:"stage"`
	N           int64         `json:"n"`
	P50         int64         `json:"p50_us"`
	P95         int64         `json:"p95_us"`
	P99         int64         `json:"p99_us"`
}

// Latencies returns the delays measured within the last time: sale to known to sent to verified, stage by stage.
func (s *Service) Latencies(ctx context.Context, who Caller, ref string, back time.Duration) (out []Latency, err error) {
	err = s.Store.Read(ctx, func(tx *store.Tx) error {
		a, err := scope(ctx, tx, who.Tenant, ref)
		if err != nil {
			return err
		}
		names, err := accountNames(ctx, tx, who.Tenant)
		if err != nil {
			return err
		}
		delays, err := tx.Delays(ctx, who.Tenant, a, s.Now().Add(-back))
		out = latenciesOf(delays)
		for i := range out {
			out[i].AccountName = names[out[i].Account]
		}
		return err
	})
	return out, err
}

// latenciesOf reads percentiles from buckets, which come sorted by account, stage and bound.
func latenciesOf(bs []store.Bucket) []Latency {
	out := []Latency{}
	for len(bs) > 0 {
		n := 1
		for n < len(bs) && bs[n].Account == bs[0].Account && bs[n].Stage == bs[0].Stage {
			n++
		}
		out = append(out, latencyOf(bs[:n]))
		bs = bs[n:]
	}
	return out
}

func latencyOf(bs []store.Bucket) Latency {
	l := Latency{Account: bs[0].Account, Stage: bs[0].Stage}
	for _, b := range bs {
		l.N += b.N
	}
	l.P50, l.P95, l.P99 = quantile(bs, l.N, 50), quantile(bs, l.N, 95), quantile(bs, l.N, 99)
	return l
}

// quantile returns the bound of the bucket that holds the value which percent of all do not exceed.
func quantile(bs []store.Bucket, all, percent int64) int64 {
	rank := (all*percent + 99) / 100
	var seen int64
	for _, b := range bs {
		if seen += b.N; seen >= rank {
			return b.Upto
		}
	}
	return bs[len(bs)-1].Upto
}
