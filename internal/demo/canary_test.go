package demo_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf16"

	"carpediemstore.it/sync-connector/internal/app"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/demo"
)

// TestNothingOfABuyerIsFoundAnywhere (C02, I23): every order of the demo's marketplaces has a buyer. No file of the data
// folder (database, journals, keys), while it runs and afterwards, no line of the log and no result holds anything of them.
func TestNothingOfABuyerIsFoundAnywhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log, said bytes.Buffer
	var open map[string][]byte
	r, err := demo.Run(t.Context(), demo.Options{
		For: 4 * time.Second, Data: dir, Seed: 99, SKUs: 30, Rate: 8, Say: &said,
		Log: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Serve: func(context.Context, *app.App) (string, func(), error) { // stopped while the database is still open
			return "nowhere", func() { open = files(t, dir) }, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.Sales == 0 || r.Writes == 0 {
		t.Fatalf("the demo sold and wrote nothing: %+v", r)
	}
	result, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	sinks := map[string][]byte{"log": log.Bytes(), "what it said": said.Bytes(), "result": result}
	for name, data := range open {
		sinks["while running: "+name] = data
	}
	maps.Copy(sinks, files(t, dir))
	for _, want := range []string{"carpediem.db", "master.key", "while running: carpediem.db-wal"} {
		if len(sinks[want]) == 0 {
			t.Errorf("%s is empty or missing: it was not looked at", want)
		}
	}
	// What the marketplaces sent beside the buyers is there, so the scan can see what is in the files.
	for _, want := range []string{"carpediem.db", "while running: carpediem.db-wal"} {
		if !bytes.Contains(sinks[want], []byte("CD-0001")) {
			t.Errorf("%s does not hold a SKU as plain text: the scan would not see a buyer either", want)
		}
	}
	for _, hit := range scan(sinks) {
		t.Error(hit)
	}
}

func TestTheScanFindsWhatIsPlanted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	plant := func(text []byte) []string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "carpediem.db-wal"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		return scan(files(t, dir))
	}
	if hits := plant([]byte("nothing of interest")); len(hits) != 0 {
		t.Errorf("the scan finds %q in a clean file", hits)
	}
	for _, word := range words() {
		texts := [][]byte{[]byte("before " + word + " after"), wide(word, binary.LittleEndian), wide(word, binary.BigEndian)}
		for _, before := range []string{"", "x", "xy"} {
			whole := []byte(before + word + " after")
			texts = append(texts, []byte(base64.StdEncoding.EncodeToString(whole)), []byte(base64.RawURLEncoding.EncodeToString(whole)))
		}
		for i, text := range texts {
			if len(plant(text)) == 0 {
				t.Errorf("the scan does not find %q planted as form %d: %q", word, i, text)
			}
		}
	}
}

// words are what is looked for: all of the buyer's data, and the parts of it that name them.
func words() []string {
	return append(model.Canary(), "Canarini", "canarini", "CANARINI", "Ottavia", "ottavia", "OTTAVIA", "del Canarino", "0405550172")
}

// forms spells a word as storage and transport do.
func forms(word string) [][]byte {
	out := [][]byte{[]byte(word), wide(word, binary.LittleEndian), wide(word, binary.BigEndian)}
	for skip := range 3 { // base64 has three spellings, by what comes before
		padded := append(make([]byte, skip), word...)
		from, to := (skip*8+5)/6, len(padded)*8/6 // the characters that hold bits of the word alone
		out = append(out, []byte(base64.RawStdEncoding.EncodeToString(padded)[from:to]), []byte(base64.RawURLEncoding.EncodeToString(padded)[from:to]))
	}
	return out
}

// wide spells a word in UTF-16.
func wide(word string, order binary.AppendByteOrder) (out []byte) {
	for _, u := range utf16.Encode([]rune(word)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

// scan looks for every word in every form and says where one is.
func scan(sinks map[string][]byte) (hits []string) {
	for _, word := range words() {
		for _, needle := range forms(word) {
			for name, data := range sinks {
				if bytes.Contains(data, needle) {
					hits = append(hits, fmt.Sprintf("%s holds %q as %q", name, word, needle))
				}
			}
		}
	}
	return hits
}

// files reads every file of a folder.
func files(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		out[filepath.Base(path)] = data
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
