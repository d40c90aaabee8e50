package model

import (
	"strconv"
	"time"
)

// access is the token a caller holds after it logged in. Only the newest is good.
type access struct {
	token   string
	expires time.Time // zero: does not expire
}

// make gives out a new access.
func (a *access) make(m *Market) wireToken {
	a.token = "access-" + strconv.FormatUint(m.o.Rand.Uint64(), 36)
	a.expires = time.Time{}
	if m.o.Token.Life > 0 {
		a.expires = m.now.Add(m.o.Token.Life)
	}
	return wireToken{Access: a.token, ExpiresIn: int64(m.o.Token.Life / time.Second)}
}

// renew makes the present access worthless.
func (a *access) renew() { a.token = "" }

// good reports whether token opens the door at t.
func (a *access) good(token string, t time.Time) bool {
	return token != "" && token == a.token && (a.expires.IsZero() || t.Before(a.expires))
}
