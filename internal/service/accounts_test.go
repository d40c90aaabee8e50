package service_test

import (
	"strings"
	"testing"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/channels/model"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/flow"
	"carpediemstore.it/sync-connector/internal/secret"
	"carpediemstore.it/sync-connector/internal/service"
	"carpediemstore.it/sync-connector/internal/service/servicetest"
	"carpediemstore.it/sync-connector/internal/store"
	"carpediemstore.it/sync-connector/internal/store/storetest"
)

func TestConnectTriesTheCredentialsAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 5))
		account := func(token string) service.NewAccount {
			return service.NewAccount{Kind: "model", Name: "north", Settings: map[string]string{"market": "north"}, Secrets: map[string]secret.Text{"token": secret.New(token)}}
		}
		for name, c := range map[string]struct {
			change func(*service.NewAccount)
			kind   fault.Kind
		}{
			"a wrong token":      {func(n *service.NewAccount) { n.Secrets["token"] = secret.New("wrong") }, fault.Unauthorized},
			"an unknown kind":    {func(n *service.NewAccount) { n.Kind = "none" }, fault.NotFound},
			"a missing setting":  {func(n *service.NewAccount) { n.Settings = nil }, fault.Invalid},
			"an unknown setting": {func(n *service.NewAccount) { n.Settings["x"] = "y" }, fault.Invalid},
			"a missing secret":   {func(n *service.NewAccount) { n.Secrets = nil }, fault.Invalid},
			"an empty secret":    {func(n *service.NewAccount) { n.Secrets["token"] = secret.New("") }, fault.Invalid},
			"an unknown secret":  {func(n *service.NewAccount) { n.Secrets["x"] = secret.New("y") }, fault.Invalid},
			"a name like an id":  {func(n *service.NewAccount) { n.Name = "12" }, fault.Invalid},
			"a hostile name":     {func(n *service.NewAccount) { n.Name = "a\x1b[2J" }, fault.Invalid},
		} {
			n := account(servicetest.Token)
			c.change(&n)
			_, err := w.Service.Connect(t.Context(), w.Who, n)
			refused(t, name, err, c.kind)
		}
		if n := storetest.Int(t, w.DB, `SELECT count(*) FROM accounts`) + storetest.Int(t, w.DB, `SELECT count(*) FROM credentials`); n != 0 {
			t.Fatalf("%d rows are left of refused connections, want none", n)
		}
		c := ok(w.Service.Connect(t.Context(), w.Who, account(servicetest.Token)))(t)
		if c.Mode != flow.Observe || c.Grant == nil || len(c.Missing) != 0 || c.Capabilities.Stock.Mode != channel.Absolute {
			t.Errorf("Connect = %+v, want mode observe with what was granted", c)
		}
		_, err := w.Service.Connect(t.Context(), w.Who, account(servicetest.Token))
		refused(t, "the same name", err, fault.Exists)
		w.Run(30 * time.Second)
		if s := m.Stats(); s.Writes != 0 {
			t.Errorf("%d writes in mode observe, want none", s.Writes)
		}
		d := ok(w.Service.Account(t.Context(), w.Who, "north"))(t)
		if d.Progress.SweepDone == 0 || len(d.Credentials) != 1 || d.Credentials[0] != "token" {
			t.Errorf("Account = %+v, want a catalogue that was read and one credential", d)
		}
	})
}

func TestASecretIsNowhereInTheDatabase(t *testing.T) { // C13
	w := servicetest.New(t, storetest.SQLite(t))
	w.Market("north", model.Absolute(model.Options{}))
	w.Connect("north")
	if n := storetest.Int(t, w.DB, `SELECT count(*) FROM credentials WHERE instr(sealed, $1) > 0`, []byte(servicetest.Token)); n != 0 {
		t.Errorf("the token is stored in plain")
	}
	if n := storetest.Int(t, w.DB, `SELECT count(*) FROM events WHERE instr(text, $1) > 0`, servicetest.Token); n != 0 {
		t.Errorf("the token is in the log")
	}
}

func TestReconnectKeepsWhatWorkedUntilTheNewWorks(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		w.Market("north", model.Absolute(model.Options{}))
		c := w.Connect("north")
		_, err := w.Service.Reconnect(t.Context(), w.Who, "north", nil, map[string]secret.Text{"token": secret.New("wrong")})
		refused(t, "Reconnect with a wrong token", err, fault.Unauthorized)
		ok(w.Service.Test(t.Context(), w.Who, "north"))(t) // the former token is still there
		ok(w.Service.Reconnect(t.Context(), w.Who, "north", map[string]string{"note": "x"}, nil))(t)
		a := ok(w.Service.Account(t.Context(), w.Who, "north"))(t)
		if a.Settings["note"] != "x" || a.Settings["market"] != "north" {
			t.Errorf("settings = %v, want the old one and the new one", a.Settings)
		}
		if n := storetest.Int(t, w.DB, `SELECT sum(n) FROM credential_uses WHERE account = $1 AND person = 1`, c.Account); n < 2 {
			t.Errorf("%d uses of credentials by a person are on record, want each (C15)", n)
		}
	})
}

func TestDisconnectStopsAndDeletesCredentials(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 5))
		c := w.Connect("north")
		w.Run(20 * time.Second)
		a, revoked, err := w.Service.Disconnect(t.Context(), w.Who, "north")
		if err != nil || a.State != "disconnected" || a.Mode != flow.Observe || !revoked {
			t.Errorf("Disconnect = %+v, %v, %v, want disconnected and revoked", a, revoked, err)
		}
		if n := storetest.Int(t, w.DB, `SELECT count(*) FROM credentials WHERE account = $1`, c.Account); n != 0 {
			t.Errorf("%d credentials are left, want none", n)
		}
		_, err = w.Service.SetMode(t.Context(), w.Who, "north", flow.Live)
		refused(t, "live while disconnected", err, fault.Conflict)
		_, err = w.Service.Test(t.Context(), w.Who, "north")
		refused(t, "test while disconnected", err, fault.Conflict)
		if l := ok(w.Service.Bindings(t.Context(), w.Who, "north", service.BindingFilter{}))(t); len(l.Rows) != 1 {
			t.Errorf("%d listings are left, want 1: history stays", len(l.Rows))
		}
	})
}

func TestLiveNeedsNoDifferencesOrAnAppliedPlan(t *testing.T) {
	each(t, func(t *testing.T, w *servicetest.World) {
		m := w.Market("north", model.Absolute(model.Options{}))
		m.Add(servicetest.Product("A", 5), servicetest.Product("B", 7))
		item(t, w, "A", 5)
		item(t, w, "B", 3)
		w.Connect("north")
		_, err := w.Service.SetMode(t.Context(), w.Who, "north", flow.Live)
		refused(t, "live before the catalogue was read", err, fault.Held)
		w.Run(30 * time.Second)
		_, err = w.Service.SetMode(t.Context(), w.Who, "north", flow.Live)
		refused(t, "live with a difference", err, fault.Held)
		if err == nil || !strings.Contains(err.Error(), "carpediem plan create --account") {
			t.Errorf("error = %v, want it to say what to do", err)
		}
		p := ok(w.Service.CreatePlan(t.Context(), w.Who, "north", ""))(t)
		_, err = w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{})
		refused(t, "a plan in mode observe", err, fault.Held)
		ok(w.Service.SetMode(t.Context(), w.Who, "north", flow.Approve))(t)
		w.Run(10 * time.Second)
		if n := m.Sellable("B"); n != 7 {
			t.Fatalf("north shows %d of B in mode approve without a plan, want 7", n)
		}
		if d := ok(w.Service.Apply(t.Context(), w.Who, p.ID, service.ApplyOptions{}))(t); d.State != store.PlanApplying {
			t.Errorf("plan = %s, want applying", d.State)
		}
		w.Run(20 * time.Second)
		if n := m.Sellable("B"); n != 3 {
			t.Errorf("north shows %d of B after the plan, want 3", n)
		}
		if d := ok(w.Service.Plan(t.Context(), w.Who, p.ID))(t); d.State != store.PlanApplied {
			t.Errorf("plan = %+v, want applied", d)
		}
		if a := ok(w.Service.SetMode(t.Context(), w.Who, "north", flow.Live))(t); a.Mode != flow.Live {
			t.Errorf("mode = %s, want live", a.Mode)
		}
	})
}

func TestEachActHasOneAuditLeafAndNoActHappensWithoutIt(t *testing.T) { // I24, F39
	each(t, func(t *testing.T, w *servicetest.World) {
		w.Market("north", model.Absolute(model.Options{}))
		w.Connect("north")
		before := len(w.Acts)
		ok(w.Service.SetRole(t.Context(), w.Who, "north", flow.Master, ""))(t)
		if n := len(w.Acts) - before; n != 1 || w.Acts[before].Kind != "role" || w.Acts[before].Name != "ann" {
			t.Errorf("%d leaves of one act, want 1", n)
		}
		w.AuditFault = fault.New(fault.Unavailable, "the audit does not answer")
		_, err := w.Service.SetRole(t.Context(), w.Who, "north", flow.Sales, "")
		refused(t, "an act without its leaf", err, fault.Unavailable)
		w.AuditFault = nil
		if a := ok(w.Service.Account(t.Context(), w.Who, "north"))(t); a.Role != flow.Master {
			t.Errorf("role = %s, want master: the refused act must leave nothing", a.Role)
		}
	})
}
