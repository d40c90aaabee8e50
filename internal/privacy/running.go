package privacy

import "time"

// running: how the installation runs.
func running() []table {
	return []table{
		{
			name:    "events",
			rest:    Data{Log, "what happened, when, to which account; no content of messages, no references", Retention{400 * day, Happened}, DeleteRow},
			columns: "tenant event at account kind text",
			except:  []except{who("actor", "say who or what did it")},
		},
		{
			name:    "latency",
			rest:    Data{Log, "how long sales take to reach the other channels", Retention{90 * day, HourEnded}, DeleteRow},
			columns: "tenant account stage hour upto n",
		},
		{
			name:    "sequences",
			rest:    Data{Machinery, "number rows", Retention{From: WithPlace}, Never},
			columns: "tenant name next",
		},
		{
			name:    "schema_versions",
			rest:    Data{Machinery, "know which migrations ran", Retention{From: WithPlace}, Never},
			columns: "id version_id is_applied tstamp",
		},
	}
}

// JobTables is what the names of the task engine's tables begin with. The tables are there once tasks have started.
const JobTables = "river_"

// jobs: the task engine's own tables. Jobs carry no arguments; of an error only its kind is kept.
func jobs() []table {
	kept := Retention{7 * day, Finished} // a completed job is deleted after one day, one that was given up after seven
	return []table{
		{
			name:    "river_job",
			rest:    Data{Log, "run what has time, once in its period", kept, DeleteRow},
			columns: "id state attempt max_attempts attempted_at created_at finalized_at scheduled_at priority args kind metadata queue tags unique_key unique_states",
			except: []except{
				{"attempted_by", Data{Purpose: "the random name of the process that tried, not of its machine"}},
				{"errors", Data{Purpose: "the kind of what went wrong, not its text"}},
			},
		},
		{
			name:    "river_leader",
			rest:    Data{Machinery, "let one process begin what is periodic", Retention{From: Replaced}, DeleteRow},
			columns: "elected_at expires_at leader_id name",
		},
		{
			name:    "river_queue",
			rest:    Data{Machinery, "know which queues are worked", Retention{From: Replaced}, DeleteRow},
			columns: "name created_at metadata paused_at updated_at",
		},
		{
			name:    "river_notification",
			rest:    Data{Machinery, "wake processes", Retention{5 * time.Minute, Sent}, DeleteRow},
			columns: "id created_at payload topic",
		},
		{
			name:    "river_migration",
			rest:    Data{Machinery, "know which migrations ran", Retention{From: WithPlace}, Never},
			columns: "line version created_at",
		},
	}
}
