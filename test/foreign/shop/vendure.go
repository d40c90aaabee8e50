package shop

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Vendure is a running Vendure store: the default channel with EUR and USD prices, one tax rate, one stock location.
type Vendure struct {
	*host
	token    string // session of the superadministrator
	location string
	shipping string

	mu      sync.Mutex
	variant map[string]string // variant id by SKU; filled when a SKU is not found in it
}

const (
	connectorMail     = "connector@example.com"
	connectorPassword = "another long test password"

	tokenHeader = "vendure-auth-token"
)

// StartVendure starts a Vendure store and returns when it answers.
func StartVendure(ctx context.Context, opt Options) (*Vendure, error) {
	h, fresh, err := open(ctx, "vendure", opt)
	if err != nil {
		return nil, err
	}
	v := &Vendure{host: h}
	if err = v.begin(ctx); err == nil && fresh {
		err = v.furnish(ctx, !opt.NetPrices)
	}
	if err == nil {
		err = v.learn(ctx)
	}
	if err != nil {
		v.Close()
		return nil, fault.Wrap("set up vendure", err)
	}
	return v, nil
}

// Credentials returns the sign-in for our adapter: an administrator with the rights ReadCatalog, UpdateCatalog,
// ReadStockLocation and ReadOrder, and no other.
func (v *Vendure) Credentials() (username, password string) { return connectorMail, connectorPassword }

// LocationID is the id of the stock location.
func (v *Vendure) LocationID() string { return v.location }

// Start serves the same data again after Stop.
func (v *Vendure) Start(ctx context.Context) error {
	if err := v.resume(ctx); err != nil {
		return err
	}
	if err := v.begin(ctx); err != nil {
		return err
	}
	return v.learn(ctx)
}

// Snapshot keeps the present data under name. The store restarts.
func (v *Vendure) Snapshot(ctx context.Context, name string) error {
	if err := v.snapshot(ctx, name); err != nil {
		return err
	}
	return v.Start(ctx)
}

// Restore brings back the data of a snapshot. The store restarts.
func (v *Vendure) Restore(ctx context.Context, name string) error {
	if err := v.restore(ctx, name); err != nil {
		return err
	}
	return v.Start(ctx)
}

func (v *Vendure) begin(ctx context.Context) error {
	v.mu.Lock()
	v.variant = nil
	v.mu.Unlock()
	var out struct {
		Login struct {
			Typename string `json:"__typename"`
		}
	}
	const login = `mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { __typename } }`
	head, err := v.graph(ctx, "/admin-api", "", login, object{"u": adminMail, "p": adminPassword}, &out)
	if err != nil {
		return err
	}
	if out.Login.Typename != "CurrentUser" {
		return fault.New(fault.Unauthorized, "vendure refuses the superadministrator: %s", out.Login.Typename)
	}
	v.token = head.Get(tokenHeader)
	return nil
}

// learn reads the ids of what furnish has made.
func (v *Vendure) learn(ctx context.Context) error {
	var found struct {
		StockLocations, ShippingMethods struct{ Items []struct{ ID string } }
	}
	if err := v.admin(ctx, `{ stockLocations { items { id } } shippingMethods { items { id } } }`, nil, &found); err != nil {
		return err
	}
	at, by := found.StockLocations.Items, found.ShippingMethods.Items
	if len(at) != 1 || len(by) != 1 {
		return fault.New(fault.Internal, "vendure has %d stock locations and %d shipping methods, want 1 of each", len(at), len(by))
	}
	v.location, v.shipping = at[0].ID, by[0].ID
	return nil
}

// furnish makes everything between an empty store and its first sale, in the order in which one thing needs the other.
func (v *Vendure) furnish(ctx context.Context, taxIncluded bool) error {
	var made struct {
		Country, Zone, TaxCategory, Role struct{ ID string }
		Channel                          struct{ ID, ErrorCode string }
	}
	err := v.admin(ctx, `mutation {
		country: createCountry(input: { code: "IT", enabled: true, translations: [{ languageCode: en, name: "Italia" }] }) { id }
		taxCategory: createTaxCategory(input: { name: "Standard", isDefault: true }) { id }
		role: createRole(input: {
			code: "connector", description: "Connector", permissions: [ReadCatalog, UpdateCatalog, ReadStockLocation, ReadOrder]
		}) { id }
	}`, nil, &made)
	if err != nil {
		return err
	}
	if err := v.admin(ctx, `mutation ($country: ID!) { zone: createZone(input: { name: "Italia", memberIds: [$country] }) { id } }`,
		object{"country": made.Country.ID}, &made); err != nil {
		return err
	}
	var channel struct{ ActiveChannel struct{ ID string } }
	if err := v.admin(ctx, `{ activeChannel { id } }`, nil, &channel); err != nil {
		return err
	}
	err = v.admin(ctx, `mutation ($zone: ID!, $tax: ID!, $channel: ID!, $role: ID!, $mail: String!, $password: String!, $included: Boolean!) {
		createTaxRate(input: { name: "IVA", enabled: true, value: 22, categoryId: $tax, zoneId: $zone }) { id }
		channel: updateChannel(input: {
			id: $channel, defaultCurrencyCode: EUR, availableCurrencyCodes: [EUR, USD], pricesIncludeTax: $included,
			defaultTaxZoneId: $zone, defaultShippingZoneId: $zone
		}) { ... on Channel { id } ... on ErrorResult { errorCode } }
		createShippingMethod(input: {
			code: "courier", fulfillmentHandler: "manual-fulfillment",
			checker: { code: "default-shipping-eligibility-checker", arguments: [{ name: "orderMinimum", value: "0" }] },
			calculator: { code: "default-shipping-calculator", arguments: [
				{ name: "rate", value: "500" }, { name: "taxRate", value: "22" }, { name: "includesTax", value: "auto" }
			] },
			translations: [{ languageCode: en, name: "Courier", description: "" }]
		}) { id }
		createPaymentMethod(input: {
			code: "card", enabled: true,
			handler: { code: "dummy-payment-handler", arguments: [{ name: "automaticSettle", value: "true" }] },
			translations: [{ languageCode: en, name: "Card" }]
		}) { id }
		createAdministrator(input: {
			firstName: "Connector", lastName: "Account", emailAddress: $mail, password: $password, roleIds: [$role]
		}) { id }
	}`, object{
		"zone": made.Zone.ID, "tax": made.TaxCategory.ID, "channel": channel.ActiveChannel.ID, "role": made.Role.ID,
		"mail": connectorMail, "password": connectorPassword, "included": taxIncluded,
	}, &made)
	if err == nil && made.Channel.ErrorCode != "" {
		return fault.New(fault.Internal, "vendure refuses the channel: %s", made.Channel.ErrorCode)
	}
	return err
}

func (v *Vendure) admin(ctx context.Context, query string, variables object, out any) error {
	_, err := v.graph(ctx, "/admin-api", v.token, query, variables, out)
	return err
}

// graph runs one GraphQL document. Vendure answers every error with status 200; it comes back as a *refusal.
func (h *host) graph(ctx context.Context, path, token, query string, variables object, out any) (http.Header, error) {
	header := map[string]string{}
	if token != "" {
		header["Authorization"] = "Bearer " + token
	}
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	head, err := h.call(ctx, http.MethodPost, path, header, object{"query": query, "variables": variables}, &answer)
	if err != nil {
		return nil, err
	}
	if len(answer.Errors) > 0 {
		e := answer.Errors[0]
		return nil, &refusal{Status: http.StatusOK, Code: e.Extensions.Code, Message: e.Message}
	}
	if out == nil {
		return head, nil
	}
	return head, fault.Wrap("decode the answer of "+h.kind, json.Unmarshal(answer.Data, out))
}

// each runs one mutation for every input in one request and returns the ids of the answers in the same order.
func (v *Vendure) each(ctx context.Context, mutation, inputType string, inputs []object) ([]string, error) {
	var head, body strings.Builder
	variables := object{}
	for i, in := range inputs {
		name := alias(i)
		head.WriteString("$" + name + ": " + inputType + "! ")
		body.WriteString(name + ": " + mutation + "(input: $" + name + ") { id } ")
		variables[name] = in
	}
	made := map[string]struct{ ID string }{}
	if err := v.admin(ctx, "mutation ("+head.String()+") { "+body.String()+"}", variables, &made); err != nil {
		return nil, fault.Wrap(mutation, err)
	}
	ids := make([]string, len(inputs))
	for i := range inputs {
		ids[i] = made[alias(i)].ID
	}
	return ids, nil
}
