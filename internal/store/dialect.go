package store

import (
	"strconv"
	"strings"
)

// Dialect spells what the two databases say differently. Nothing outside this file asks which database it is.
//
//	{now}          microseconds since 1970 by the database's clock (leases only)
//	{ids $n}       a list of integers from one JSON argument, for IN
//	{texts $n}     a list of texts from one JSON argument, for IN
//	{for update}   locks the selected rows until commit
//	{skip locked}  locks them and leaves out rows that are locked
//	{clustered}    table option: rows are kept in primary key order
//	{blob}         type of raw bytes
//	{least a b}    the smaller of two values; {greatest a b} the larger
type Dialect struct {
	Name  string
	words map[string]string
	// turn waits for the tenant $1 until commit; "" where there is only one writer.
	turn string
	// numbered turns $1 into ?1: some SQLite drivers bind a plain $2 by name.
	numbered bool
}

// The dialects.
var (
	sqliteWords = map[string]string{
		"now":         "CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
		"ids":         "(SELECT value FROM json_each(%))",
		"texts":       "(SELECT value FROM json_each(%))",
		"for update":  "",
		"skip locked": "",
		"clustered":   "WITHOUT ROWID",
		"blob":        "BLOB",
		"least":       "min(%, %)",
		"greatest":    "max(%, %)",
	}
	postgresWords = map[string]string{
		"now":         "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)",
		"ids":         "(SELECT CAST(value AS BIGINT) FROM json_array_elements_text(CAST(% AS JSON)))",
		"texts":       "(SELECT value FROM json_array_elements_text(CAST(% AS JSON)))",
		"for update":  "FOR UPDATE",
		"skip locked": "FOR UPDATE SKIP LOCKED",
		"clustered":   "",
		"blob":        "BYTEA",
		"least":       "LEAST(%, %)",
		"greatest":    "GREATEST(%, %)",
	}
)

// SQLite returns the dialect of SQLite 3.45 and later.
func SQLite() Dialect { return Dialect{Name: "sqlite", words: sqliteWords, numbered: true} }

// Postgres returns the dialect of PostgreSQL 15 and later.
func Postgres() Dialect { return Dialect{Name: "postgres", words: postgresWords, turn: postgresTurn} }

// postgresTurn is the first statement of a tenant's write transaction: they run one after another, as all of them do on
// SQLite. A booking touches items, marks and drives of many accounts; taking its rows one by one beside others that do the
// same, each would sooner or later wait for the other. The first number keeps these locks apart from everybody else's.
const postgresTurn = `SELECT pg_advisory_xact_lock(25444, CAST($1 % 2147483647 AS INTEGER))`

// Spell returns text as this database reads it. An unknown {word} stays, so that the database refuses it.
func (d Dialect) Spell(text string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			break
		}
		j := strings.IndexByte(text[i:], '}')
		if j < 0 {
			break
		}
		b.WriteString(text[:i])
		b.WriteString(d.word(text[i+1 : i+j]))
		text = text[i+j+1:]
	}
	b.WriteString(text)
	out := b.String()
	if d.numbered {
		out = numbered(out)
	}
	return out
}

func (d Dialect) word(w string) string {
	if s, ok := d.words[w]; ok {
		return s
	}
	name, args, _ := strings.Cut(w, " ")
	s, ok := d.words[name]
	if !ok {
		return "{" + w + "}"
	}
	for _, a := range strings.Fields(args) {
		s = strings.Replace(s, "%", a, 1)
	}
	return s
}

// numbered turns $1 into ?1 outside of quoted text.
func numbered(text string) string {
	out := []byte(text)
	quoted := false
	for i := range out {
		switch {
		case out[i] == '\'':
			quoted = !quoted
		case out[i] == '$' && !quoted && i+1 < len(out) && out[i+1] >= '0' && out[i+1] <= '9':
			out[i] = '?'
		}
	}
	return string(out)
}

// rows returns "($1,$2),($3,$4)…" for n rows of k columns. SQLite gets plain question marks: it looks for the name of a
// numbered argument in a list, which takes longer the more there are.
func (d Dialect) rows(n, k int) string {
	var b strings.Builder
	b.Grow(n * k * 6)
	for i := range n * k {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%k == 0:
			b.WriteString("),(")
		default:
			b.WriteByte(',')
		}
		if d.numbered {
			b.WriteByte('?')
			continue
		}
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(i + 1))
	}
	b.WriteByte(')')
	return b.String()
}
