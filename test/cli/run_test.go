package cli_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// patience is how long a script waits for something that happens by itself.
const patience = 20 * time.Second

// run runs carpediem and returns its exit code.
func run(ts *testscript.TestScript, args []string) int {
	err := ts.Exec("carpediem", args...)
	if left, ok := errors.AsType[*exec.ExitError](err); ok {
		return left.ExitCode()
	}
	ts.Check(err)
	return 0
}

// exits is exits CODE COMMAND….
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) >= 2, "exits CODE COMMAND…")
	if got := run(ts, args[1:]); strconv.Itoa(got) != args[0] {
		ts.Fatalf("carpediem %q ends with %d, want %s", args[1:], got, args[0])
	}
	if !slices.Contains(args, "--json") {
		return
	}
	v := decode(ts)
	if e, ok := v.(map[string]any); args[0] == "0" && ok && e["error"] != nil {
		ts.Fatalf("carpediem %q ends with 0 and answers with an error: %v", args[1:], e["error"])
	}
}

// decode reads the one JSON value that the last command wrote.
func decode(ts *testscript.TestScript) any {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		ts.Fatalf("standard output is no JSON: %v", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		ts.Fatalf("standard output holds more than one JSON value")
	}
	return v
}

// find follows a path like targets.0.decision.rebuilt; len is the length of a list.
func find(v any, path string) (any, bool) {
	for _, name := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			inner, ok := x[name]
			if !ok {
				return nil, false
			}
			v = inner
		case []any:
			if name == "len" {
				v = len(x)
				continue
			}
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(x) {
				return nil, false
			}
			v = x[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// jsonValue is json PATH WANT, where WANT is the whole value as text, * for anything, or ~ and a pattern.
func jsonValue(ts *testscript.TestScript, neg bool, args []string) {
	want(ts, len(args) == 2, "json PATH WANT")
	v, found := find(decode(ts), args[0])
	text := fmt.Sprint(v)
	same := found && (args[1] == "*" || text == args[1])
	if pattern, ok := strings.CutPrefix(args[1], "~"); ok {
		same = found && regexp.MustCompile(pattern).MatchString(text)
	}
	if same == neg {
		ts.Fatalf("%s is %s (there: %v)", args[0], text, found)
	}
}

// keepValue is keep NAME PATH.
func keepValue(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "keep NAME PATH")
	v, found := find(decode(ts), args[1])
	if !found {
		ts.Fatalf("there is no %s", args[1])
	}
	ts.Setenv(args[0], fmt.Sprint(v))
}

// until is until PATTERN COMMAND….
func until(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) >= 2, "until PATTERN COMMAND…")
	pattern := regexp.MustCompile("(?m)" + args[0])
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		out, err := program(ts, args[1:]...).Output() // only the last one is worth a place in the log
		if pattern.Match(out) {
			_, err = ts.Stdout().Write(out)
			ts.Check(err)
			return
		}
		if time.Now().After(end) {
			ts.Fatalf("carpediem %q never said %s, last: %v %s", args[1:], args[0], err, out)
		}
	}
}

// program makes a call of carpediem in the script's place.
func program(ts *testscript.TestScript, args ...string) *exec.Cmd {
	c := exec.Command("carpediem", args...)
	c.Dir = ts.MkAbs(".")
	c.Env = append(os.Environ(), "CARPEDIEM_DATA="+ts.Getenv("CARPEDIEM_DATA"), "CARPEDIEM_ALLOW_NETS="+ts.Getenv("CARPEDIEM_ALLOW_NETS"))
	return c
}

// writeBytes is bytes FILE TEXT.
func writeBytes(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "bytes FILE TEXT")
	text, err := strconv.Unquote(`"` + args[1] + `"`)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

var plainNumber = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]+)?$`)

// writeBook is xlsx FILE CSV.
func writeBook(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, len(args) == 2, "xlsx FILE CSV")
	book := excelize.NewFile()
	for y, line := range strings.Split(strings.TrimSuffix(ts.ReadFile(args[1]), "\n"), "\n") {
		for x, cell := range strings.Split(line, ",") {
			at, err := excelize.CoordinatesToCellName(x+1, y+1)
			ts.Check(err)
			switch {
			case strings.HasPrefix(cell, "="):
				ts.Check(book.SetCellFormula("Sheet1", at, cell))
			case plainNumber.MatchString(cell):
				n, err := strconv.ParseFloat(cell, 64)
				ts.Check(err)
				ts.Check(book.SetCellFloat("Sheet1", at, n, -1, 64))
			case cell != "":
				ts.Check(book.SetCellStr("Sheet1", at, cell))
			}
		}
	}
	ts.Check(book.SaveAs(ts.MkAbs(args[0])))
	ts.Check(book.Close())
}
