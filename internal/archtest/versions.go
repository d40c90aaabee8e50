package archtest

import (
	"fmt"
	"strings"
)

// required returns the version of module that the text of a go.mod asks for, "" when it does not.
func required(goMod, module string) string {
	for line := range strings.Lines(goMod) {
		fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(fields) >= 2 && fields[0] == module {
			return fields[1]
		}
	}
	return ""
}

// SameLibc checks that the C library under the SQLite driver is the version the driver was made and tested with: another
// one compiles, and crashes later.
func SameLibc(ours, drivers string) []Finding {
	const libc = "modernc.org/libc"
	have, want := required(ours, libc), required(drivers, libc)
	if want == "" || have != want {
		return []Finding{{"go.mod", fmt.Sprintf("%s is %q, want %q, the version in the go.mod of modernc.org/sqlite", libc, have, want)}}
	}
	return nil
}
