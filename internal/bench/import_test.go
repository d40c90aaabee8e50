package bench_test

import (
	"testing"
	"time"
)

// BenchmarkImport imports items, reads a catalogue of as many listings from one marketplace, binds them by SKU and decides
// stock and price of each. The account is in mode observe: nothing is written to the channel.
func BenchmarkImport(b *testing.B) {
	n := size(1_000_000)
	s := startShops(b, shopPlan{Preset: "absolute", Shops: 1, Products: n, Stock: 40, Poll: time.Hour, Page: 1000})
	w := open(b)
	b.ResetTimer()
	for range b.N {
		began, used := time.Now(), cpu()
		w.stock(n, 40)
		imported := time.Since(began)
		at, cpuAt := time.Now(), cpu()
		w.connect(s.URLs)
		w.until("the catalogue is read", listed)
		w.note("read catalogue", at, cpuAt)
		at, cpuAt = time.Now(), cpu()
		w.until("the listings are bound", matched)
		w.note("match", at, cpuAt)
		at, cpuAt = time.Now(), cpu()
		w.until("everything is decided", idle(false))
		w.note("decide", at, cpuAt)
		w.note("all", began, used)
		b.ReportMetric(imported.Seconds(), "import-s")
	}
	b.ReportMetric(float64(peak()>>20), "MiB-resident")
	b.ReportMetric(float64(w.bytes()>>20), "MiB-database")
}
