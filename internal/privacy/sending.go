package privacy

// sending: what was decided, what was written to channels, and what came of it.
func sending() []table {
	return []table{
		{
			name:    "marks",
			rest:    Data{Machinery, "remember what must be decided again", Retention{From: Replaced}, TenantRows},
			columns: "tenant account field target gen done_gen urgent",
		},
		{
			name:    "decisions",
			rest:    Data{Log, "explain why a number or price is what it is", wholeLife(), TenantRows},
			columns: "tenant decision account field target at outcome",
			except:  []except{{"value record", Data{Class: Quantity, Purpose: "the number or price that was decided, with what it was computed from"}}},
		},
		{
			name:    "intents",
			rest:    Data{Log, "know of every write whether it reached the channel (I6)", wholeLife(), TenantRows},
			columns: "tenant intent account field target rev idem_key epoch not_after state code note ticket decision plan created_at settled_at",
			except: []except{
				{"value base", Data{Class: Quantity, Purpose: "the number or price that was sent"}},
				{"currency", Data{Class: Price, Purpose: "the currency of a price that was sent"}},
			},
		},
		{
			name:    "drives",
			rest:    Data{Machinery, "let one process at a time work on an account", Retention{From: Replaced}, TenantRows},
			columns: "tenant account gen done_gen next_due epoch lease_until",
			except:  []except{{"owner", Data{Purpose: "the random name of the process that works, not of its machine"}}},
		},
		{
			name:    "limits",
			rest:    Data{Machinery, "stay within a channel's quota after a restart", Retention{From: Replaced}, TenantRows},
			columns: "tenant account state at",
		},
	}
}
