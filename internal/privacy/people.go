package privacy

// people: rules, plans, pauses and findings: what people decided, and what waits for them.
func people() []table {
	return []table{
		{
			name:    "rules",
			rest:    Data{Connection, "how stock and prices are computed, with every older version", wholeLife(), TenantRows},
			columns: "tenant rule field account item version body at",
			except:  []except{who("actor", "say who changed a rule")},
		},
		{
			name:    "plans",
			rest:    Data{Log, "show a change before it is made, and undo it", wholeLife(), TenantRows},
			columns: "tenant plan kind title state counts created_at decided_at",
			except:  []except{who("actor", "say who made a plan")},
		},
		{
			name:    "plan_rows",
			rest:    Data{Log, "the single changes of a plan", wholeLife(), TenantRows},
			columns: "tenant plan row_no account field target action rev state note",
			except:  []except{{"old new", Data{Class: Quantity, Purpose: "the number, price or binding before and after"}}},
		},
		{
			name:    "pauses",
			rest:    Data{Support, "stop writing where a person wants it", wholeLife(), TenantRows},
			columns: "tenant pause account field item mode state reason at lifted_at",
			except:  []except{who("actor", "say who paused")},
		},
		{
			name:    "findings",
			rest:    Data{Support, "tell a person what needs an answer", wholeLife(), TenantRows},
			columns: "tenant finding class cause account field target item state text count first_at last_at",
			except: []except{
				{"data", Data{Class: Quantity, Purpose: "the numbers that a finding is about"}},
				who("closed_by", "say who answered"),
			},
		},
	}
}
