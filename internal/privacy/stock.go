package privacy

// channels: how far accounts were read, and the numbers that they keep.
func channels() []table {
	return []table{
		{
			name: "feeds",
			rest: Data{SyncEvent, "know how far orders and catalogue were read", Retention{From: Replaced}, TenantRows},
			columns: "tenant account sales_cursor backfilled poll_started sales_through sales_due sweep sweep_cursor sweep_started sweep_seen " +
				"sweep_total sweep_began sweep_done sweep_due read_asked match_from blind_since run_started run_prices run_zeroed failures wait_until",
		},
		{
			name:    "hints",
			rest:    Data{SyncEvent, "act once on a webhook that comes twice; its topic and id, never its content", Retention{7 * day, Arrived}, DeleteRow},
			columns: "tenant account topic hint at",
		},
		{
			name:    "counters",
			rest:    Data{Quantity, "the three copies of a number that a channel keeps", wholeLife(), TenantRows},
			columns: "known expected below above exact doubt holds surpluses observed observed_at fence reserved untaken target wire",
			except: []except{
				{"tenant account counter stock_key location", Data{Class: Mapping, Purpose: "find the number at the channel"}},
				{"rev lane read_due prove_due state since", Data{Purpose: "what is to be done about a number"}},
			},
		},
	}
}

// stock: the ledger, whose fold is the stock (I1).
func stock() []table {
	return []table{
		{
			name:    "entries",
			rest:    Data{Quantity, "the ledger: every change of stock, whose sum is the stock", wholeLife(), TenantRows},
			columns: "tenant entry source item kind place on_hand reserved held account counter line at",
			except: []except{
				who("actor", "say who counted, received or corrected"),
				{"note", Data{Class: Support, Purpose: "why somebody changed the stock"}},
			},
		},
		{
			name:    "holdings",
			rest:    Data{Quantity, "units held back until a channel's number is explained", Retention{From: Settled}, DeleteRow},
			columns: "tenant account counter item units",
		},
	}
}

// orders: what is kept of an order line. There is no column for its buyer.
func orders() []table {
	return []table{
		{
			name:    "lines",
			rest:    Data{SyncEvent, "count an order line once, whatever is repeated or reordered", wholeLife(), TenantRows},
			columns: "tenant account line listing version opening met backfill first_seen updated_at",
			except: []except{
				{"source", Data{Purpose: "recognise the line again: a keyed hash of its order reference", Erase: DestroyKey}},
				{"quantity shipped returned taken", Data{Class: Quantity, Purpose: "how many units the line is about"}},
			},
		},
		{
			name:    "effects",
			rest:    Data{Quantity, "what an order line did to the stock, to undo it when it changes", wholeLife(), TenantRows},
			columns: "tenant account line item reserved on_hand",
		},
		{
			name:    "order_refs",
			rest:    Data{SyncEvent, "answer which order it was (C05)", Retention{90 * day, LineChanged}, DeleteRow},
			columns: "tenant account line order_ref expires_at",
		},
	}
}
