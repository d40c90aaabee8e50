package model

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
)

// Delivery is one webhook on its way to the connector.
type Delivery struct {
	Header http.Header
	Body   []byte
	At     time.Time // when it arrives
	Forged bool      // signed with a secret that is not the account's
}

// hooks holds deliveries that nobody has fetched yet.
type hooks struct {
	waiting []Delivery
	serial  int64
}

// mostWaiting is how many deliveries are kept for a receiver that does not come; the oldest are lost then.
const mostWaiting = 10_000

// signatureHeader carries hex(HMAC-SHA256(secret, body)).
const signatureHeader = "X-Model-Signature"

// hint plans the webhook for a change of one listing.
func (m *Market) hint(topic string, key channel.ListingKey) {
	h := m.o.Hooks
	if h.Secret == "" || m.chance(h.Lose) {
		return
	}
	m.hooks.serial++
	body := m.hookBody(topic, key, m.hooks.serial)
	send := func(secret string, forged bool) {
		d := Delivery{Header: http.Header{}, Body: body, At: m.now.Add(m.within(h.Delay)), Forged: forged}
		d.Header.Set("Content-Type", "application/json")
		d.Header.Set(signatureHeader, sign(secret, body))
		if len(m.hooks.waiting) >= mostWaiting {
			m.hooks.waiting = slices.Delete(m.hooks.waiting, 0, mostWaiting/10)
		}
		m.hooks.waiting = append(m.hooks.waiting, d)
	}
	send(h.Secret, false)
	if m.chance(h.Repeat) {
		send(h.Secret, false)
	}
	if m.chance(h.Forge) {
		send(h.Secret+" of somebody else", true)
	}
}

// hookBody is a webhook as channels send it: with more than anybody needs, a buyer among it.
func (m *Market) hookBody(topic string, key channel.ListingKey, serial int64) []byte {
	body := map[string]any{"id": serial, "topic": topic, "listing": string(key), "at": m.now.Add(m.o.Skew).UnixMicro()}
	if x := m.byKey[key]; topic != "orders" && x != nil {
		body["group"], body["stock"] = x.group, keysOf(x)
	}
	if topic == "orders" {
		body["buyer"] = m.buyer()
	}
	b, err := json.Marshal(body)
	if err != nil {
		return []byte("{}") // strings and numbers always marshal
	}
	return b
}

func keysOf(x *listing) []wireKey {
	var out []wireKey
	for _, c := range x.counters {
		out = append(out, wireKey{c.key.Key, c.key.Location})
	}
	return out
}

func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// Deliveries takes out the webhooks that have arrived by now, in the order of their arrival.
func (m *Market) Deliveries() []Delivery {
	defer m.enter()()
	var due []Delivery
	m.hooks.waiting = slices.DeleteFunc(m.hooks.waiting, func(d Delivery) bool {
		if d.At.After(m.now) {
			return false
		}
		due = append(due, d)
		return true
	})
	slices.SortStableFunc(due, func(a, b Delivery) int { return a.At.Compare(b.At) })
	return due
}
