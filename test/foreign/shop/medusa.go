package shop

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Medusa is a running Medusa store: one region (Italy, EUR and USD prices), one sales channel, one stock location.
type Medusa struct {
	*host
	settings medusaSettings
	token    string // of the administrator: a JWT costs the server far less per call than a secret key

	mu      sync.Mutex
	variant map[string]medusaVariant // by SKU; filled when a SKU is not found in it
}

// medusaSettings are the ids of what the store needs besides goods. They stand in the store's own metadata, so that
// they come back with its data. APIKey is what a seller would paste into the connector.
type medusaSettings struct {
	APIKey      string `json:"api_key"`
	Publishable string `json:"publishable"`
	Region      string `json:"region"`
	Channel     string `json:"channel"`
	Location    string `json:"location"`
	Profile     string `json:"profile"`
	Shipping    string `json:"shipping"`
}

// identified is any answer with one object in it: {"region": {"id": …}}.
type identified map[string]struct {
	ID    string `json:"id"`
	Token string `json:"token"`
}

// StartMedusa starts a Medusa store and returns when it answers.
func StartMedusa(ctx context.Context, opt Options) (*Medusa, error) {
	h, fresh, err := open(ctx, "medusa", opt)
	if err != nil {
		return nil, err
	}
	m := &Medusa{host: h}
	if err := m.begin(ctx, fresh); err != nil {
		m.Close()
		return nil, fault.Wrap("set up medusa", err)
	}
	return m, nil
}

// APIKey is the secret API key for our adapter. Medusa gives every key all rights.
func (m *Medusa) APIKey() string { return m.settings.APIKey }

// LocationID is the id of the stock location.
func (m *Medusa) LocationID() string { return m.settings.Location }

// Start serves the same data again after Stop.
func (m *Medusa) Start(ctx context.Context) error {
	if err := m.resume(ctx); err != nil {
		return err
	}
	return m.begin(ctx, false)
}

// Snapshot keeps the present data under name. The store restarts.
func (m *Medusa) Snapshot(ctx context.Context, name string) error {
	if err := m.snapshot(ctx, name); err != nil {
		return err
	}
	return m.Start(ctx)
}

// Restore brings back the data of a snapshot. The store restarts.
func (m *Medusa) Restore(ctx context.Context, name string) error {
	if err := m.restore(ctx, name); err != nil {
		return err
	}
	return m.Start(ctx)
}

func (m *Medusa) begin(ctx context.Context, fresh bool) error {
	m.mu.Lock()
	m.variant = nil
	m.mu.Unlock()
	login := map[string]string{"email": adminMail, "password": adminPassword}
	var in struct{ Token string }
	if _, err := m.call(ctx, http.MethodPost, "/auth/user/emailpass", nil, login, &in); err != nil {
		return err
	}
	m.token = in.Token
	var list struct {
		Stores []struct {
			ID       string
			Metadata medusaSettings
		}
	}
	if err := m.admin(ctx, http.MethodGet, "/admin/stores?fields=id,metadata", nil, &list); err != nil {
		return err
	}
	if len(list.Stores) != 1 {
		return fault.New(fault.Internal, "medusa has %d stores, want 1", len(list.Stores))
	}
	if err := m.welcome(ctx); err != nil {
		return err
	}
	if m.settings = list.Stores[0].Metadata; !fresh {
		return nil
	}
	if err := m.furnish(ctx); err != nil {
		return err
	}
	return m.admin(ctx, http.MethodPost, "/admin/stores/"+list.Stores[0].ID, object{
		"metadata":             m.settings,
		"supported_currencies": []object{{"currency_code": "eur", "is_default": true}, {"currency_code": "usd"}},
	}, nil)
}

// welcome makes the buyer known. Medusa keeps one guest per address, and of several first orders at once only one would
// get through.
func (m *Medusa) welcome(ctx context.Context) error {
	b := m.canary
	err := m.admin(ctx, http.MethodPost, "/admin/customers", object{
		"email": b.Mail, "first_name": b.First, "last_name": b.Last, "phone": b.Phone,
	}, nil)
	if no, ok := errors.AsType[*refusal](err); ok && strings.HasSuffix(no.Message, "already exists.") {
		return nil
	}
	return fault.Wrap("create the buyer", err)
}

type object = map[string]any

// furnish makes everything between an empty store and its first sale, in the order in which one thing needs the other.
func (m *Medusa) furnish(ctx context.Context) error {
	s := &m.settings
	steps := []struct {
		path string
		body func() object // evaluated after the steps before it
		name string        // of the object in the answer
		id   *string
	}{
		{"/admin/sales-channels", func() object { return object{"name": "Web"} }, "sales_channel", &s.Channel},
		{"/admin/regions", func() object {
			return object{
				"name": "Italia", "currency_code": "eur", "countries": []string{"it"}, "automatic_taxes": false,
				"payment_providers": []string{"pp_system_default"},
			}
		}, "region", &s.Region},
		{"/admin/stock-locations", func() object { return object{"name": "Magazzino"} }, "stock_location", &s.Location},
		{"/admin/shipping-profiles", func() object { return object{"name": "Parcels", "type": "default"} }, "shipping_profile", &s.Profile},
	}
	for _, step := range steps {
		if err := m.create(ctx, step.path, step.body(), step.name, step.id); err != nil {
			return err
		}
	}
	if err := m.furnishShipping(ctx); err != nil {
		return err
	}
	return m.furnishKeys(ctx)
}

func (m *Medusa) furnishShipping(ctx context.Context) error {
	s := &m.settings
	at := "/admin/stock-locations/" + s.Location
	if err := m.admin(ctx, http.MethodPost, at+"/sales-channels", object{"add": []string{s.Channel}}, nil); err != nil {
		return err
	}
	if err := m.admin(ctx, http.MethodPost, at+"/fulfillment-providers", object{"add": []string{"manual_manual"}}, nil); err != nil {
		return err
	}
	var located struct {
		StockLocation struct {
			FulfillmentSets []struct{ ID string } `json:"fulfillment_sets"`
		} `json:"stock_location"`
	}
	set := object{"name": "Shipping", "type": "shipping"}
	if err := m.admin(ctx, http.MethodPost, at+"/fulfillment-sets?fields=id,*fulfillment_sets", set, &located); err != nil {
		return err
	}
	if len(located.StockLocation.FulfillmentSets) != 1 {
		return fault.New(fault.Internal, "medusa made %d fulfilment sets, want 1", len(located.StockLocation.FulfillmentSets))
	}
	var zoned struct {
		FulfillmentSet struct {
			ServiceZones []struct{ ID string } `json:"service_zones"`
		} `json:"fulfillment_set"`
	}
	zone := object{"name": "Italia", "geo_zones": []object{{"type": "country", "country_code": "it"}}}
	path := "/admin/fulfillment-sets/" + located.StockLocation.FulfillmentSets[0].ID + "/service-zones?fields=id,*service_zones"
	if err := m.admin(ctx, http.MethodPost, path, zone, &zoned); err != nil {
		return err
	}
	if len(zoned.FulfillmentSet.ServiceZones) != 1 {
		return fault.New(fault.Internal, "medusa made %d service zones, want 1", len(zoned.FulfillmentSet.ServiceZones))
	}
	return m.create(ctx, "/admin/shipping-options", object{
		"name": "Courier", "service_zone_id": zoned.FulfillmentSet.ServiceZones[0].ID, "shipping_profile_id": s.Profile,
		"provider_id": "manual_manual", "price_type": "flat", "type": object{"label": "Courier", "code": "courier"},
		"prices": []object{{"currency_code": "eur", "amount": 5}},
	}, "shipping_option", &s.Shipping)
}

func (m *Medusa) furnishKeys(ctx context.Context) error {
	var made identified
	if err := m.admin(ctx, http.MethodPost, "/admin/api-keys", object{"title": "Web", "type": "publishable"}, &made); err != nil {
		return err
	}
	m.settings.Publishable = made["api_key"].Token
	path := "/admin/api-keys/" + made["api_key"].ID + "/sales-channels"
	if err := m.admin(ctx, http.MethodPost, path, object{"add": []string{m.settings.Channel}}, nil); err != nil {
		return err
	}
	if err := m.admin(ctx, http.MethodPost, "/admin/api-keys", object{"title": "Connector", "type": "secret"}, &made); err != nil {
		return err
	}
	m.settings.APIKey = made["api_key"].Token
	return nil
}

// create posts body and keeps the id of the named object in the answer.
func (m *Medusa) create(ctx context.Context, path string, body object, name string, id *string) error {
	var made identified
	if err := m.admin(ctx, http.MethodPost, path, body, &made); err != nil {
		return fault.Wrap("create "+name, err)
	}
	*id = made[name].ID
	return nil
}

func (m *Medusa) admin(ctx context.Context, method, path string, in, out any) error {
	_, err := m.call(ctx, method, path, map[string]string{"Authorization": "Bearer " + m.token}, in, out)
	return err
}

func (m *Medusa) store(ctx context.Context, method, path string, in, out any) error {
	_, err := m.call(ctx, method, path, map[string]string{"x-publishable-api-key": m.settings.Publishable}, in, out)
	return err
}
