package shop

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// PlaceOrder buys lines through the store API as a storefront does: cart, shipping, payment, completion.
func (m *Medusa) PlaceOrder(ctx context.Context, lines []OrderLine) (Receipt, error) {
	r, err := m.placeOrder(ctx, lines)
	if no, ok := errors.AsType[*refusal](err); ok && no.tooLittleStock() {
		return Receipt{Reason: no.Message}, nil
	}
	return r, fault.Wrap("order from medusa", err)
}

// tooLittleStock reports whether the store had too little of something: seen when it fills the cart or, when another
// buyer was quicker, when it completes it.
func (r *refusal) tooLittleStock() bool {
	return r.Code == "insufficient_inventory" || (r.Code == "not_allowed" && strings.HasPrefix(r.Message, "Not enough stock"))
}

func (m *Medusa) placeOrder(ctx context.Context, lines []OrderLine) (Receipt, error) {
	b := m.canary
	var items []object
	for _, l := range lines {
		v, err := m.find(ctx, l.SKU)
		if err != nil {
			return Receipt{}, err
		}
		items = append(items, object{"variant_id": v.ID, "quantity": l.Quantity, "metadata": object{"gift_note": b.GiftNote}})
	}
	address := object{
		"first_name": b.First, "last_name": b.Last, "address_1": b.Street, "city": b.City, "postal_code": b.PostCode,
		"phone": b.Phone, "country_code": "it",
	}
	var made identified
	err := m.store(ctx, http.MethodPost, "/store/carts?fields=id", object{
		"region_id": m.settings.Region, "email": b.Mail, "shipping_address": address, "billing_address": address,
		"items": items, "metadata": object{"gift_note": b.GiftNote},
	}, &made)
	if err != nil {
		return Receipt{}, err
	}
	cart := made["cart"].ID
	ship := object{"option_id": m.settings.Shipping}
	if err := m.store(ctx, http.MethodPost, "/store/carts/"+cart+"/shipping-methods?fields=id", ship, nil); err != nil {
		return Receipt{}, err
	}
	if err := m.store(ctx, http.MethodPost, "/store/payment-collections", object{"cart_id": cart}, &made); err != nil {
		return Receipt{}, err
	}
	path := "/store/payment-collections/" + made["payment_collection"].ID + "/payment-sessions"
	if err := m.store(ctx, http.MethodPost, path, object{"provider_id": "pp_system_default"}, nil); err != nil {
		return Receipt{}, err
	}
	var done struct {
		Type  string
		Order struct{ ID string }
		Error struct{ Message string }
	}
	if err := m.store(ctx, http.MethodPost, "/store/carts/"+cart+"/complete?fields=id", object{}, &done); err != nil {
		return Receipt{}, err
	}
	if done.Type != "order" {
		return Receipt{}, fault.New(fault.Unavailable, "medusa did not complete the cart: %s", done.Error.Message)
	}
	return Receipt{ID: done.Order.ID, Accepted: true}, nil
}

type medusaOrder struct {
	ID           string
	Status       string
	Fulfillment  string `json:"fulfillment_status"`
	Fulfillments []struct{ ID string }
	Items        []struct {
		ID       string
		SKU      string `json:"variant_sku"`
		Quantity int64
	}
}

// Ship fulfils and ships everything of an order: units leave the reservation and the stock at fulfilment.
func (m *Medusa) Ship(ctx context.Context, orderID string) error {
	at := "/admin/orders/" + orderID
	var got struct{ Order medusaOrder }
	if err := m.admin(ctx, http.MethodGet, at+"?fields=id,*items", nil, &got); err != nil {
		return fault.Wrap("read order "+orderID, err)
	}
	var items []object
	for _, i := range got.Order.Items {
		items = append(items, object{"id": i.ID, "quantity": i.Quantity})
	}
	fulfil := object{"items": items, "location_id": m.settings.Location}
	if err := m.admin(ctx, http.MethodPost, at+"/fulfillments?fields=id,fulfillments.id", fulfil, &got); err != nil {
		return fault.Wrap("fulfil order "+orderID, err)
	}
	if len(got.Order.Fulfillments) != 1 {
		return fault.New(fault.Internal, "order %s has %d fulfilments, want 1", orderID, len(got.Order.Fulfillments))
	}
	path := at + "/fulfillments/" + got.Order.Fulfillments[0].ID + "/shipments?fields=id"
	return fault.Wrap("ship order "+orderID, m.admin(ctx, http.MethodPost, path, object{"items": items}, nil))
}

// Cancel cancels an order that is not shipped; its reservations end.
func (m *Medusa) Cancel(ctx context.Context, orderID string) error {
	return fault.Wrap("cancel order "+orderID, m.admin(ctx, http.MethodPost, "/admin/orders/"+orderID+"/cancel?fields=id", object{}, nil))
}

// Orders reads every placed order, oldest first.
func (m *Medusa) Orders(ctx context.Context) ([]Order, error) {
	var out []Order
	fields := "id,status,fulfillment_status,*items"
	err := medusaPages(ctx, m, "/admin/orders?order=created_at&fields="+fields, "orders", func(o medusaOrder) error {
		order := Order{ID: o.ID, Phase: Open, State: o.Status + "/" + o.Fulfillment}
		switch {
		case o.Status == "canceled":
			order.Phase = Cancelled
		case o.Fulfillment == "shipped" || o.Fulfillment == "delivered":
			order.Phase = Shipped
		}
		for _, i := range o.Items {
			order.Lines = append(order.Lines, OrderLine{i.SKU, i.Quantity})
		}
		slices.SortFunc(order.Lines, bySKU)
		out = append(out, order)
		return nil
	})
	return out, fault.Wrap("read the orders of medusa", err)
}
