package shop

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"carpediemstore.it/sync-connector/internal/fault"
)

// outcome is what Vendure answers to a step of an order: the thing asked for, or an ErrorResult with a code.
type outcome struct {
	ID, ErrorCode, Message, TransitionError string
	QuantityAvailable                       int64
}

// failed returns the first step, in the order of steps, that did not succeed; nil when all did.
func failed(answers map[string]outcome, steps ...string) error {
	for _, step := range steps {
		if o := answers[step]; o.ErrorCode != "" {
			return &refusal{Status: 200, Code: o.ErrorCode, Message: strings.TrimSpace(o.Message + " " + o.TransitionError)}
		}
	}
	return nil
}

// PlaceOrder buys lines through the shop API as a storefront does: items, buyer, shipping, payment.
//
// Vendure reads, adds and writes back its numbers without a lock: of six buyers at once for three units all were
// accepted, and one unit was allocated. A test that compares numbers places the orders of one SKU one after the other.
func (v *Vendure) PlaceOrder(ctx context.Context, lines []OrderLine) (Receipt, error) {
	token, refused, err := v.fill(ctx, lines)
	if err != nil || refused != "" {
		return Receipt{Reason: refused}, fault.Wrap("order from vendure", err)
	}
	r, err := v.checkout(ctx, token)
	return r, fault.Wrap("order from vendure", err)
}

// fill puts lines into the order of a new session and returns its token, or why there is too little stock.
func (v *Vendure) fill(ctx context.Context, lines []OrderLine) (token, refused string, err error) {
	var inputs []object
	for _, l := range lines {
		id, err := v.find(ctx, l.SKU)
		if err != nil {
			return "", "", err
		}
		inputs = append(inputs, object{
			"productVariantId": id, "quantity": l.Quantity, "customFields": object{"giftNote": v.canary.GiftNote},
		})
	}
	var out struct {
		Added struct{ ErrorResults []outcome }
	}
	const add = `mutation ($in: [AddItemInput!]!) { added: addItemsToOrder(inputs: $in) { errorResults { ` + errorResult + ` } } }`
	head, err := v.graph(ctx, "/shop-api", "", add, object{"in": inputs}, &out)
	if err != nil {
		return "", "", err
	}
	for _, e := range out.Added.ErrorResults {
		if e.ErrorCode == "INSUFFICIENT_STOCK_ERROR" {
			return "", e.Message, nil
		}
		return "", "", &refusal{Status: 200, Code: e.ErrorCode, Message: e.Message}
	}
	return head.Get(tokenHeader), "", nil
}

const errorResult = `... on ErrorResult { errorCode message }`

// checkout gives the order of a session its buyer and pays for it. The stock is looked at again on the way: a buyer who
// was quicker makes this one go away empty-handed.
func (v *Vendure) checkout(ctx context.Context, token string) (Receipt, error) {
	b := v.canary
	var answers map[string]outcome
	const buyer = `mutation ($customer: CreateCustomerInput!, $address: CreateAddressInput!, $note: UpdateOrderInput!, $by: ID!) {
		customer: setCustomerForOrder(input: $customer) { ... on Order { id } ` + errorResult + ` }
		shipTo: setOrderShippingAddress(input: $address) { ... on Order { id } ` + errorResult + ` }
		billTo: setOrderBillingAddress(input: $address) { ... on Order { id } ` + errorResult + ` }
		note: setOrderCustomFields(input: $note) { ... on Order { id } ` + errorResult + ` }
		shipping: setOrderShippingMethod(shippingMethodId: [$by]) { ... on Order { id } ` + errorResult + ` }
		arrange: transitionOrderToState(state: "ArrangingPayment") {
			... on Order { id } ` + errorResult + ` ... on OrderStateTransitionError { transitionError }
		}
	}`
	_, err := v.graph(ctx, "/shop-api", token, buyer, object{
		"customer": object{"firstName": b.First, "lastName": b.Last, "emailAddress": b.Mail, "phoneNumber": b.Phone},
		"address": object{
			"fullName": b.First + " " + b.Last, "streetLine1": b.Street, "city": b.City, "postalCode": b.PostCode,
			"countryCode": "IT", "phoneNumber": b.Phone,
		},
		"note": object{"customFields": object{"giftNote": b.GiftNote}}, "by": v.shipping,
	}, &answers)
	if err != nil {
		return Receipt{}, err
	}
	if e := answers["arrange"]; e.ErrorCode == "ORDER_STATE_TRANSITION_ERROR" && strings.Contains(e.TransitionError, "insufficient stock") {
		return Receipt{Reason: e.TransitionError}, nil
	}
	if err := failed(answers, "customer", "shipTo", "billTo", "note", "shipping", "arrange"); err != nil {
		return Receipt{}, err
	}
	const pay = `mutation {
		paid: addPaymentToOrder(input: { method: "card", metadata: {} }) { ... on Order { id } ` + errorResult + ` }
	}`
	if _, err := v.graph(ctx, "/shop-api", token, pay, nil, &answers); err != nil {
		return Receipt{}, err
	}
	if err := failed(answers, "paid"); err != nil {
		return Receipt{}, err
	}
	return Receipt{ID: answers["paid"].ID, Accepted: true}, nil
}

type vendureOrder struct {
	ID, State string
	Lines     []struct {
		ID                            string
		Quantity, OrderPlacedQuantity int64
		ProductVariant                struct{ SKU string }
	}
}

// Ship fulfils and ships everything of an order: units leave the allocation and the stock at fulfilment.
func (v *Vendure) Ship(ctx context.Context, orderID string) error {
	var got struct{ Order *vendureOrder }
	if err := v.admin(ctx, `query ($id: ID!) { order(id: $id) { id lines { id quantity } } }`, object{"id": orderID}, &got); err != nil {
		return fault.Wrap("read order "+orderID, err)
	}
	if got.Order == nil {
		return fault.New(fault.NotFound, "vendure has no order %s", orderID)
	}
	var lines []object
	for _, l := range got.Order.Lines {
		lines = append(lines, object{"orderLineId": l.ID, "quantity": l.Quantity})
	}
	var answers map[string]outcome
	const fulfil = `mutation ($lines: [OrderLineInput!]!) {
		fulfilled: addFulfillmentToOrder(input: { lines: $lines, handler: { code: "manual-fulfillment", arguments: [
			{ name: "method", value: "courier" }, { name: "trackingCode", value: "" }
		] } }) { ... on Fulfillment { id } ` + errorResult + ` }
	}`
	if err := v.admin(ctx, fulfil, object{"lines": lines}, &answers); err != nil {
		return fault.Wrap("fulfil order "+orderID, err)
	}
	if err := failed(answers, "fulfilled"); err != nil {
		return fault.Wrap("fulfil order "+orderID, err)
	}
	const ship = `mutation ($id: ID!) {
		shipped: transitionFulfillmentToState(id: $id, state: "Shipped") { ... on Fulfillment { id } ` + errorResult + ` }
	}`
	if err := v.admin(ctx, ship, object{"id": answers["fulfilled"].ID}, &answers); err != nil {
		return fault.Wrap("ship order "+orderID, err)
	}
	return fault.Wrap("ship order "+orderID, failed(answers, "shipped"))
}

// Cancel cancels an order that is not shipped; its allocations end.
func (v *Vendure) Cancel(ctx context.Context, orderID string) error {
	var answers map[string]outcome
	const cancel = `mutation ($id: ID!) {
		cancelled: cancelOrder(input: { orderId: $id, cancelShipping: true }) { ... on Order { id } ` + errorResult + ` }
	}`
	if err := v.admin(ctx, cancel, object{"id": orderID}, &answers); err != nil {
		return fault.Wrap("cancel order "+orderID, err)
	}
	return fault.Wrap("cancel order "+orderID, failed(answers, "cancelled"))
}

// Orders reads every placed order, oldest first; carts are none.
func (v *Vendure) Orders(ctx context.Context) ([]Order, error) {
	var out []Order
	const query = `query ($skip: Int!, $take: Int!) {
		list: orders(options: { skip: $skip, take: $take, sort: { id: ASC }, filter: { orderPlacedAt: { isNull: false } } }) {
			items { id state lines { id quantity orderPlacedQuantity productVariant { sku } } }
		}
	}`
	err := vendurePages(ctx, v, query, func(o vendureOrder) error {
		order := Order{ID: o.ID, State: o.State}
		switch o.State {
		case "PaymentAuthorized", "PaymentSettled", "PartiallyShipped":
			order.Phase = Open
		case "Shipped", "PartiallyDelivered", "Delivered":
			order.Phase = Shipped
		case "Cancelled":
			order.Phase = Cancelled
		default:
			return fault.New(fault.Internal, "order %s is in the unexpected state %s", o.ID, o.State)
		}
		for _, l := range o.Lines {
			order.Lines = append(order.Lines, OrderLine{l.ProductVariant.SKU, l.OrderPlacedQuantity})
		}
		slices.SortFunc(order.Lines, bySKU)
		out = append(out, order)
		return nil
	})
	return out, fault.Wrap(fmt.Sprintf("read the orders of %s", v.kind), err)
}
