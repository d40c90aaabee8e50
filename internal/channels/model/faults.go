package model

import (
	"net/http"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// pause is waited after a 429 that does not say how long.
const pause = 10 * time.Second

// refused turns a status of 400 and more into a fault. Refusals below 500 have done nothing, so they count as not sent;
// after a 5xx nothing is known.
func refused(r *http.Response) error {
	switch s := r.StatusCode; s {
	case http.StatusUnauthorized:
		return fault.New(fault.Unauthorized, "the market refuses this account's token; connect the account again")
	case http.StatusForbidden:
		return fault.New(fault.Forbidden, "the market does not let this account do that; connect it again with the right")
	case http.StatusNotFound:
		return fault.New(fault.NotFound, "the market does not know what was asked for")
	case http.StatusConflict:
		return fault.New(fault.Conflict, "the bookmark is no longer good; read again from the start")
	case http.StatusRequestEntityTooLarge:
		return fault.New(fault.TooLarge, "the market refuses a request of this size")
	case http.StatusTooManyRequests:
		err := fault.New(fault.RateLimited, "the market asks for a pause")
		if err.After = retryAfter(r.Header); err.After == 0 {
			err.After = pause
		}
		return err
	default:
		if s < 500 {
			return fault.New(fault.Invalid, "the market refuses the request (status %d)", s)
		}
		err := lost("the market has a defect (status %d)", s)
		err.After = retryAfter(r.Header)
		return err
	}
}

// refusal makes outcomes of a refusal of the whole batch; answered is false when err is something else.
func refusal(b channel.Batch, err error) (r channel.Receipt, answered bool) {
	if err == nil || fault.SentOf(err) {
		return channel.Receipt{}, false
	}
	o := channel.Outcome{State: channel.Rejected, Code: channel.CodeBatch, Text: "the market refuses the whole batch"}
	switch fault.KindOf(err) {
	case fault.RateLimited:
		o = channel.Outcome{State: channel.RetryAfter, After: fault.AfterOf(err), Text: "the budget of requests is used up"}
	case fault.Invalid, fault.TooLarge, fault.NotFound:
		if len(b.Writes) == 1 {
			o.Code, o.Text = channel.CodeInvalid, "the market does not take this value"
		}
	default:
		return channel.Receipt{}, false
	}
	return channel.Receipt{Outcomes: b.Outcomes(o)}, true
}
