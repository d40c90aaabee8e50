package vault

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"carpediemstore.it/sync-connector/internal/fault"
)

func TestReadSecretFromFileAndStdin(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return "@" + path
	}
	tests := []struct {
		name, spec, stdin string
		want              string
		note              bool
	}{
		{"file", file("a", "s3cret", 0o600), "", "s3cret", false},
		{"one line end goes", file("b", "s3cret\n\n", 0o600), "", "s3cret\n", false},
		{"windows line end goes", file("c", "s3cret\r\n", 0o600), "", "s3cret", false},
		{"a lone carriage return stays", file("d", "s3cret\r", 0o600), "", "s3cret\r", false},
		{"inner lines stay", file("e", "a\nb\n", 0o600), "", "a\nb", false},
		{"spaces stay", file("f", " s3cret ", 0o600), "", " s3cret ", false},
		{"group readable", file("g", "s3cret", 0o640), "", "s3cret", true},
		{"world readable", file("h", "s3cret", 0o604), "", "s3cret", true},
		{"stdin", "@-", "typed\n", "typed", false},
		{"as long as allowed", file("i", strings.Repeat("k", maxPlain), 0o600), "", strings.Repeat("k", maxPlain), false},
	}
	for _, tt := range tests {
		got, note, err := ReadSecret(tt.spec, strings.NewReader(tt.stdin))
		if err != nil || got.Reveal() != tt.want || (note != "") != tt.note {
			t.Errorf("%s: ReadSecret = %q, note %q, %v, want %q, a note: %v", tt.name, got.Reveal(), note, err, tt.want, tt.note)
		}
		if strings.Contains(note, "s3cret") {
			t.Errorf("%s: the note holds the secret", tt.name)
		}
	}
}

func TestReadSecretRefuses(t *testing.T) {
	folder := t.TempDir()
	big := filepath.Join(folder, "big")
	if err := os.WriteFile(big, make([]byte, maxPlain+1), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, spec, stdin string
		want              fault.Kind
	}{
		{"value on the command line", canary, "", fault.Usage},
		{"nothing", "", "", fault.Usage},
		{"at sign alone", "@", "", fault.Usage},
		{"no such file", "@" + filepath.Join(folder, "none"), "", fault.NotFound},
		{"folder", "@" + folder, "", fault.Invalid},
		{"empty stdin", "@-", "", fault.Invalid},
		{"line end alone", "@-", "\n", fault.Invalid},
		{"zero bytes", "@-", "s\x003\x00", fault.Invalid},
		{"file too long", "@" + big, "", fault.TooLarge},
		{"stdin too long", "@-", strings.Repeat("k", maxPlain+1), fault.TooLarge},
	}
	for _, tt := range tests {
		got, _, err := ReadSecret(tt.spec, strings.NewReader(tt.stdin))
		if !fault.Is(err, tt.want) || !got.Empty() {
			t.Errorf("%s: ReadSecret = %v, want kind %v", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error holds the secret: %v", tt.name, err)
		}
	}
}
