package medusa

import "strings"

// The members asked for, by call. No request asks for a member of a buyer, an address, a payment or free text (C02); the
// golden test over Asked shows every change.
const (
	variantFields = "id,sku,ean,upc,barcode,title,product_id,manage_inventory,product.title,product.status," + priceFields + "," +
		"inventory_items.inventory_item_id,inventory_items.required_quantity," +
		"inventory_items.inventory.location_levels.location_id,inventory_items.inventory.location_levels.stocked_quantity," +
		"inventory_items.inventory.location_levels.reserved_quantity"
	// Without price_rules the shop shows each row's rules as empty.
	priceFields = "prices.id,prices.amount,prices.currency_code,prices.min_quantity,prices.max_quantity," +
		"prices.price_rules.attribute,prices.price_rules.value"
	priceRowFields   = "id,product_id," + priceFields
	levelFields      = "id,location_levels.location_id,location_levels.stocked_quantity,location_levels.reserved_quantity"
	orderFields      = "id,status,version,created_at,updated_at,items.id,items.variant_id,items.quantity,items.detail.fulfilled_quantity,items.detail.return_received_quantity"
	orderLineFields  = "item_id,version,item.variant_id"
	locationFields   = "id"
	preferenceFields = "attribute,value,is_tax_inclusive"
	storeFields      = "id,name,supported_currencies.currency_code"
	idFields         = "id"
)

// Asked lists every member that any request asks for, by the kind of call.
func Asked() map[string][]string {
	out := map[string][]string{}
	for call, fields := range map[string]string{
		"variants": variantFields, "price rows": priceRowFields, "levels": levelFields, "orders": orderFields,
		"order lines": orderLineFields, "stock locations": locationFields, "price preferences": preferenceFields,
		"stores": storeFields, "probes": idFields,
	} {
		out[call] = strings.Split(fields, ",")
	}
	return out
}
