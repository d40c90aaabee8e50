package fault

// Kind says what sort of trouble an error is. The zero Kind is Internal: an error nobody classified is our own.
type Kind uint8

// The kinds. Exit codes and HTTP statuses are a public contract: see table.
const (
	Internal     Kind = iota // a defect of ours
	Usage                    // the command line is wrong
	Invalid                  // a value cannot be accepted: nothing of it was applied
	NotFound                 // the thing named does not exist
	Exists                   // the thing to be made is there already
	Conflict                 // the state changed meanwhile; read again and decide again
	Held                     // a guard holds the change until a person releases it
	Paused                   // a pause forbids the change
	Unauthorized             // the channel refuses our credentials
	Forbidden                // the credentials are good but lack a right
	RateLimited              // not now: the error carries when
	Unavailable              // the other side does not answer properly; nothing is known to be done
	Unknown                  // sent, and no answer: it may have happened
	TooLarge                 // more than the stated limit
	Fenced                   // another driver owns the account now
	Canceled                 // stopped by the caller
	Unsettled                // work is left when the time given is over
)

type row struct {
	name string
	exit int
	http int
}

// table is the one place where a kind meets the outside world.
var table = [...]row{
	Internal:     {"internal", 1, 500},
	Usage:        {"usage", 2, 400},
	Invalid:      {"invalid", 3, 422},
	NotFound:     {"not-found", 4, 404},
	Exists:       {"exists", 5, 409},
	Conflict:     {"conflict", 6, 409},
	Held:         {"held", 7, 409},
	Paused:       {"paused", 8, 409},
	Unauthorized: {"unauthorized", 9, 502},
	Forbidden:    {"forbidden", 10, 502},
	RateLimited:  {"rate-limited", 11, 429},
	Unavailable:  {"unavailable", 12, 503},
	Unknown:      {"unknown-outcome", 13, 502},
	TooLarge:     {"too-large", 14, 413},
	Fenced:       {"fenced", 15, 409},
	Canceled:     {"canceled", 16, 499},
	Unsettled:    {"unsettled", 17, 503},
}

// String returns the stable name of k, used in JSON answers and metric labels.
func (k Kind) String() string { return k.row().name }

// Exit returns the exit code of the command line for k; 0 is never among them.
func (k Kind) Exit() int { return k.row().exit }

// HTTP returns the status an API answers for k.
func (k Kind) HTTP() int { return k.row().http }

func (k Kind) row() row {
	if int(k) >= len(table) {
		return table[Internal]
	}
	return table[k]
}

// Kinds lists every kind in the order of the exit codes; documentation is generated from it.
func Kinds() []Kind {
	out := make([]Kind, len(table))
	for i := range out {
		out[i] = Kind(i)
	}
	return out
}
