// Package secret holds text that must not be printed, logged or marshalled (C13, C14, C28).
//
// Every way of turning a Text into bytes gives "[secret]". The plain text comes out of Reveal only, whose callers are
// limited by a test (archtest) to the vault and to the files that sign requests.
package secret

import (
	"fmt"
	"log/slog"
)

const hidden = "[secret]"

// Text is a secret. The zero Text is empty.
type Text struct{ plain *string }

// New wraps plain.
func New(plain string) Text { return Text{&plain} }

// Reveal returns the plain text. Never store or log what it returns.
func (t Text) Reveal() string {
	if t.plain == nil {
		return ""
	}
	return *t.plain
}

// Empty reports whether there is nothing to keep secret.
func (t Text) Empty() bool { return t.plain == nil || *t.plain == "" }

// String hides the text.
func (Text) String() string { return hidden }

// GoString hides the text from %#v.
func (Text) GoString() string { return hidden }

// Format hides the text from every verb.
func (Text) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hidden)) }

// LogValue hides the text from slog.
func (Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the text from encoders that use it, JSON among them.
func (Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// MarshalBinary hides the text from gob.
func (Text) MarshalBinary() ([]byte, error) { return []byte(hidden), nil }
