package vault

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/secret"
)

// ReadSecret reads a secret that a command was told as @FILE, or as @- to take it from stdin. A value given on the
// command line itself is refused, because other users of the machine and the shell's history can see it. One line end at
// the end is taken off. The note, if any, is a warning for the person.
func ReadSecret(spec string, stdin io.Reader) (text secret.Text, note string, err error) {
	name, isFile := strings.CutPrefix(spec, "@")
	if !isFile || name == "" {
		// The refused value stays out of the message.
		return secret.Text{}, "", fault.New(fault.Usage, "a secret is not taken from the command line, where others can see it: "+
			"write it to a file and pass k=@FILE, or k=@- to type it")
	}
	if name == "-" {
		text, err = readSecret("standard input", stdin)
		return text, "", err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return secret.Text{}, "", fault.New(fault.NotFound, "there is no file %s", name)
	}
	if err != nil {
		return secret.Text{}, "", fault.New(fault.Invalid, "secret file: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return secret.Text{}, "", fault.New(fault.Invalid, "secret file: %w", err)
	}
	if info.IsDir() {
		return secret.Text{}, "", fault.New(fault.Invalid, "%s is a folder", name)
	}
	// A pipe (k=@<(pass show shop)) has mode bits that mean nothing.
	if info.Mode().IsRegular() && info.Mode().Perm()&0o044 != 0 {
		note = fmt.Sprintf("%s can be read by others (mode %04o): run chmod 600 on it, or remove it now", name, info.Mode().Perm())
	}
	text, err = readSecret(name, f)
	return text, note, err
}

func readSecret(from string, r io.Reader) (secret.Text, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxPlain+1))
	defer clear(b)
	if err != nil {
		return secret.Text{}, fault.New(fault.Invalid, "read %s: %w", from, err)
	}
	if len(b) > maxPlain {
		return secret.Text{}, fault.New(fault.TooLarge, "%s holds more than %d bytes: that is no secret of a channel", from, maxPlain)
	}
	s, cut := strings.CutSuffix(string(b), "\r\n")
	if !cut {
		s = strings.TrimSuffix(s, "\n")
	}
	if s == "" {
		return secret.Text{}, fault.New(fault.Invalid, "%s is empty", from)
	}
	if strings.ContainsRune(s, 0) {
		return secret.Text{}, fault.New(fault.Invalid, "%s holds zero bytes: save it as plain text (UTF-8)", from)
	}
	return secret.New(s), nil
}
