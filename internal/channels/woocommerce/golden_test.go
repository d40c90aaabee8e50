package woocommerce

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/channels/channeltest"
)

var update = flag.Bool("update", false, "rewrite golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s differs; look at the change and run with -update.\nwant:\n%s\ngot:\n%s", path, want, got)
	}
}

// TestRequestedFields is the list of all that is asked for and all that can be decoded. A buyer field in it is a defect.
func TestRequestedFields(t *testing.T) {
	var b strings.Builder
	for _, x := range []struct{ name, fields string }{
		{"products", productFields},
		{"variations", variationFields},
		{"orders", orderFields},
		{"refunds", refundFields},
		{"newest order", newestFields},
		{"index", indexFields},
		{"probes", idField},
		{"decoded of products", strings.Join(productMembers, ",")},
		{"decoded of orders", strings.Join(orderMembers, ",")},
		{"decoded of order lines", strings.Join(lineMembers, ",")},
		{"decoded of line metadata", strings.Join(metaMembers, ",")},
		{"kept of line metadata", strings.Join([]string{reducedKey, restockedKey, refundedKey}, ",")},
		{"decoded of refunds", strings.Join(refundMembers, ",")},
		{"decoded of refund lines", strings.Join(refundedMembers, ",")},
		{"decoded of batches", strings.Join(batchMembers, ",")},
		{"decoded of batch rows", strings.Join(resultMembers, ",")},
		{"decoded of errors", strings.Join(errorMembers, ",")},
		{"decoded of error data", strings.Join(statusMembers, ",")},
		{"decoded of webhooks", strings.Join(webhookMembers, ",")},
		{"decoded of the index", strings.Join(indexMembers, ",")},
	} {
		b.WriteString(x.name + ": " + x.fields + "\n")
	}
	golden(t, "fields.txt", b.String())
	for _, buyer := range []string{"billing", "shipping", "customer", "email", "phone", "address", "note", "ip_", "user_agent", "reason"} {
		if strings.Contains(b.String(), buyer) {
			t.Errorf("a field with %q is asked for or decoded", buyer)
		}
	}
}

// TestRequests is every request the adapter makes in one life of a small shop.
func TestRequests(t *testing.T) {
	b := newBench(t)
	b.Add(simple("MUG", 5, 1200), channeltest.Product{SKU: "SHIRT-S", Group: "shirt", Title: "S", Stock: 3, Price: euro(2000)})
	b.AddPool("cup", 40, simple("CUP-A", 0, 900))
	drive(b)
	golden(t, "requests.txt", strings.Join(b.log.seen, "\n")+"\n")
}
