package privacy

// tenants: who uses the installation, their accounts and what opens these.
func tenants() []table {
	return []table{
		{
			name:    "tenants",
			rest:    Data{Connection, "tell tenants apart", wholeLife(), TenantRows},
			columns: "tenant name settings created_at",
		},
		{
			name:    "tenant_keys",
			rest:    Data{Key, "seal a tenant's credentials and hash its order references", wholeLife(), DestroyKey},
			columns: "tenant class version wrapped_by wrapped created_at",
		},
		{
			name:    "accounts",
			rest:    Data{Connection, "reach a marketplace or store, and know what may be done there", wholeLife(), TenantRows},
			columns: "tenant account name kind mode role on_drift settings caps created_at",
			except: []except{
				{"state fault", Data{Purpose: "say whether the account answers, and why not", Retention: Retention{From: Replaced}}},
			},
		},
		{
			name:    "credentials",
			rest:    Data{Key, "sign in at the channel", Retention{From: WithAccount}, DeleteRow},
			columns: "tenant account field created_at",
			except:  []except{{"sealed", Data{Erase: DestroyKey}}},
		},
		{
			name:    "credential_uses",
			rest:    Data{Log, "show every opening of a credential (C15)", wholeLife(), TenantRows},
			columns: "tenant account slot field purpose version n last_at",
			except:  []except{who("actor person", "say who opened a credential")},
		},
	}
}
