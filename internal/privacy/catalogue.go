package privacy

// catalogue: the seller's items, what channels sell, and which listing is which item.
func catalogue() []table {
	return []table{
		{
			name:    "items",
			rest:    Data{Mapping, "the seller's catalogue", wholeLife(), TenantRows},
			columns: "tenant item sku gtin title bundle updated_at",
			except: []except{
				{"on_hand reserved held counted_at", Data{Class: Quantity, Purpose: "how much there is: the fold of entries"}},
				{"base_price cost currency price_extra price_rev", Data{Class: Price, Purpose: "what prices are computed from"}},
			},
		},
		{
			name:    "components",
			rest:    Data{Mapping, "what a bundle is made of", wholeLife(), TenantRows},
			columns: "tenant bundle component",
			except:  []except{{"quantity", Data{Class: Quantity}}},
		},
		{
			name:    "places",
			rest:    Data{Quantity, "how much there is at each place", wholeLife(), TenantRows},
			columns: "on_hand",
			except:  []except{{"tenant item place", Data{Class: Mapping}}},
		},
		{
			name:    "listings",
			rest:    Data{Mapping, "what a channel sells, and which item that is", wholeLife(), TenantRows},
			columns: "tenant account listing channel_key group_key sku gtin title pool active item pack bound_at stock_on price_on sweep gone",
			except: []except{
				{"currency price_want price_seen price_at price_fence price_ok price_rev", Data{Class: Price, Purpose: "the three copies of a price"}},
				{"price_lane price_read price_state price_since", Data{Class: Price, Purpose: "what is to be done about a price"}},
				{"bound_by", Data{Purpose: "say whether a rule or a person bound the listing, not which person"}},
			},
		},
		{
			name:    "suggestions",
			rest:    Data{Mapping, "propose an item for a listing", Retention{From: ListingGone}, DeleteRow},
			columns: "tenant account listing item pack score reason",
		},
		{
			name:    "draws",
			rest:    Data{Mapping, "which counters a listing draws from", wholeLife(), TenantRows},
			columns: "tenant account counter listing",
			except:  []except{{"units", Data{Class: Quantity}}},
		},
	}
}
