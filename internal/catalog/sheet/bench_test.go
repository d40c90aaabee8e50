package sheet_test

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"github.com/xuri/excelize/v2"

	"carpediemstore.it/sync-connector/internal/catalog"
	"carpediemstore.it/sync-connector/internal/catalog/sheet"
)

// million is how many rows the benchmarks read.
const million = 1_000_000

// stockCSV and stockXLSX are files of stock with n rows.
func stockCSV(tb testing.TB, n int) []byte {
	tb.Helper()
	var b bytes.Buffer
	b.WriteString("sku,location,quantity\r\n")
	for i := range n {
		fmt.Fprintf(&b, "SKU-%07d-X,main,%d\r\n", i, i%1000)
	}
	return b.Bytes()
}

func stockXLSX(tb testing.TB, n int) []byte {
	tb.Helper()
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		tb.Fatal(err)
	}
	rows := [][]any{{"sku", "location", "quantity"}}
	for i := range n {
		rows = append(rows[:min(len(rows), 1)], []any{fmt.Sprintf("SKU-%07d-X", i), "main", i % 1000})
		if i == 0 {
			if err := w.SetRow("A1", rows[0]); err != nil {
				tb.Fatal(err)
			}
		}
		if err := w.SetRow(fmt.Sprintf("A%d", i+2), rows[1]); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func read(tb testing.TB, data []byte) (rows int, heap uint64) {
	tb.Helper()
	f, bad := sheet.Open(catalog.Plan{File: "stock", Kind: catalog.Stock}, bytes.NewReader(data), sheet.Defaults())
	if len(bad) > 0 {
		tb.Fatal(bad)
	}
	var m runtime.MemStats
	for _, err := range f.Rows() {
		if err != nil {
			tb.Fatal(err)
		}
		if rows++; rows%(million/10) == 0 {
			runtime.ReadMemStats(&m)
			heap = max(heap, m.HeapInuse)
		}
	}
	if !f.Done() {
		tb.Fatal("the file was not read to its end")
	}
	return rows, heap
}

func BenchmarkMillionRows(b *testing.B) {
	for name, make := range map[string]func(testing.TB, int) []byte{"csv": stockCSV, "xlsx": stockXLSX} {
		b.Run(name, func(b *testing.B) {
			data := make(b, million-1)
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				rows, heap := read(b, data)
				b.ReportMetric(float64(heap)/(1<<20), "MiB")
				b.ReportMetric(float64(len(data))/(1<<20), "fileMiB")
				if rows != million-1 {
					b.Fatalf("%d rows", rows)
				}
			}
		})
	}
}
