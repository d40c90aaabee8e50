package woocommerce

// What is asked for, and nothing else. The orders' line_items and refunds cannot be narrowed further (the shop's _fields
// works one level deep); what comes along there is skipped by the decoder.
const (
	productFields   = "id,type,status,name,sku,global_unique_id,regular_price,manage_stock,stock_quantity,date_modified_gmt,variations"
	variationFields = "id,status,name,sku,global_unique_id,regular_price,manage_stock,stock_quantity,date_modified_gmt"
	orderFields     = "id,status,date_created_gmt,date_modified_gmt,date_completed_gmt,line_items,refunds"
	refundFields    = "id,line_items"
	newestFields    = "id,date_modified_gmt"
	indexFields     = "name,namespaces"
	idField         = "id"
)

// The members each decoder may see. A member that is not named here cannot be parsed (C02).
var (
	productMembers = []string{
		"id", "type", "status", "name", "sku", "global_unique_id", "regular_price", "sale_price", "manage_stock",
		"stock_quantity", "date_modified_gmt", "variations",
	}
	orderMembers    = []string{"id", "status", "date_created_gmt", "date_modified_gmt", "date_completed_gmt", "line_items", "refunds"}
	lineMembers     = []string{"id", "product_id", "variation_id", "quantity", "meta_data"}
	metaMembers     = []string{"key", "value"}
	refundMembers   = []string{"line_items"}
	refundedMembers = []string{"quantity", "meta_data"}
	resultMembers   = []string{"id", "error"}
	batchMembers    = []string{"update"}
	errorMembers    = []string{"code", "data"}
	statusMembers   = []string{"status"}
	webhookMembers  = []string{"id", "type", "parent_id", "arg"}
	indexMembers    = []string{"name", "namespaces"}
)
