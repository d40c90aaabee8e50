package vendure

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
)

// refusal is an answer of the store itself: it understood the request and did nothing. A write behind it was rolled
// back whole. Code is extensions.code; "" is an error nobody classified, such as one of the store's database.
type refusal struct{ code string }

func (r *refusal) Error() string {
	if r.code == "" {
		return "the store answered with an error of its own, without a code"
	}
	return "the store refused the request with " + r.code
}

// The codes this package decides by.
const (
	codeForbidden = "FORBIDDEN"
	codeUnauth    = "UNAUTHORIZED"
	codeNotFound  = "ENTITY_NOT_FOUND"
	codeChannel   = "CHANNEL_NOT_FOUND"
	codeBadInput  = "BAD_USER_INPUT"
	codeUserInput = "USER_INPUT_ERROR"
	codeIllegal   = "ILLEGAL_OPERATION"
	codeInvalid   = "GRAPHQL_VALIDATION_FAILED"
	codeParse     = "GRAPHQL_PARSE_FAILED"
)

// rights says what a login or key needs, for errors and the probe.
const rights = "ReadCatalog (or ReadProduct with ReadStockLocation), UpdateCatalog (or UpdateProduct) and ReadOrder"

// refused turns an error code of the store into a fault.
func refused(code string) error {
	cause := &refusal{code}
	var e *fault.Error
	switch code {
	case codeForbidden:
		e = fault.New(fault.Forbidden, "the store denies this to the login or key: its role needs %s: %w", rights, cause)
	case codeUnauth:
		e = fault.New(fault.Unauthorized, "the store does not accept the login or key: %w", cause)
	case codeNotFound:
		e = fault.New(fault.NotFound, "the store does not have it: %w", cause)
	case codeChannel:
		e = fault.New(fault.Invalid, "the store has no channel with the token in the setting channel_token: %w", cause)
	case codeInvalid, codeParse:
		e = fault.New(fault.Invalid, "this store's version does not know what the connector asks; Vendure 3 is needed: %w", cause)
	case codeBadInput, codeUserInput, codeIllegal:
		e = fault.New(fault.Invalid, "the store does not accept a value: %w", cause)
	default:
		e = fault.New(fault.Unavailable, "the store failed inside: %w", cause)
	}
	e.Sent = true
	return e
}

// codeOf returns the store's own error code behind err; ok is false when err is not the store's answer to the request.
func codeOf(err error) (code string, ok bool) {
	r, ok := errors.AsType[*refusal](err)
	if !ok || !fault.SentOf(err) {
		return "", false
	}
	return r.code, true
}

// broken is an answer that cannot be understood: whether a write was done is not known.
func broken(format string, args ...any) error {
	e := fault.New(fault.Unavailable, format, args...)
	e.Sent = true
	return e
}

// unsent marks err as one after which nothing of the wanted request has left.
func unsent(err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{Kind: fault.KindOf(err), After: fault.AfterOf(err), Err: err}
}

// beside is the error of a call that stood beside the wanted one: it keeps kind and text, and is no answer to it.
func beside(err error) error {
	return &fault.Error{Kind: fault.KindOf(err), Msg: err.Error(), After: fault.AfterOf(err), Sent: true}
}

// carried turns an error of the transport into a fault. The text of the error is not kept: it holds addresses.
func carried(ctx context.Context, err error, sent bool) error {
	var e *fault.Error
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e = fault.New(fault.Canceled, "the call was stopped")
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
		e = fault.New(fault.Unavailable, "the store did not answer in time")
	case sent:
		e = fault.New(fault.Unavailable, "the connection to the store broke before its answer was complete")
	default:
		e = fault.New(fault.Unavailable, "no connection to the store could be made")
	}
	e.Sent = sent
	return e
}

// retryDefault is how long to wait after a 429 that does not say.
const retryDefault = 30 * time.Second

// refusedStatus turns a status other than 200 into a fault; nil for 200. Vendure itself answers 200 and 400 only: the
// others come from what stands before it.
func refusedStatus(status int, after time.Duration) error {
	var e *fault.Error
	switch {
	case status == http.StatusOK, status == http.StatusBadRequest:
		return nil
	case status >= 300 && status < 400:
		e = fault.New(fault.Invalid, "the address leads elsewhere (status %d): set url to the address it leads to", status)
	case status == http.StatusUnauthorized:
		e = fault.New(fault.Unauthorized, "something before the store asks for credentials (status 401)")
	case status == http.StatusForbidden:
		e = fault.New(fault.Forbidden, "something before the store forbids the call (status 403)")
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		e = fault.New(fault.Invalid, "there is no Admin API at this address (status %d): url ends with /admin-api unless the store moved it", status)
	case status == http.StatusTooManyRequests:
		e = fault.New(fault.RateLimited, "too many requests for what stands before the store")
		if after <= 0 {
			after = retryDefault
		}
	default:
		e = fault.New(fault.Unavailable, "the store does not answer properly (status %d)", status)
	}
	e.Sent, e.After = true, after
	return e
}

// retryAfter reads a Retry-After header: seconds or a date; 0 when it says nothing usable.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := h.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n >= 0 && n <= 86400 {
		return time.Duration(n) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil && t.After(now) {
		return min(t.Sub(now), 24*time.Hour)
	}
	return 0
}

// answered turns the error of a whole write call into outcomes where the error says what became of each row; else it
// returns the error itself.
func answered(b channel.Batch, err error) (channel.Receipt, error) {
	if fault.Is(err, fault.RateLimited) {
		return channel.Receipt{Outcomes: b.Outcomes(channel.Outcome{
			State: channel.RetryAfter, After: fault.AfterOf(err), Text: err.Error(),
		})}, nil
	}
	code, ok := codeOf(err)
	if !ok {
		return channel.Receipt{}, err
	}
	o := channel.Outcome{State: channel.Rejected}
	switch code {
	case codeNotFound:
		o.Code, o.Text = channel.CodeNotFound, "the store does not have this variant in the account's channel"
	case codeBadInput, codeUserInput:
		o.Code, o.Text = channel.CodeInvalid, "the store does not accept this value ("+code+")"
	case codeForbidden, codeUnauth, codeChannel, codeIllegal, codeInvalid, codeParse:
		return channel.Receipt{}, err // about the account, not about a row
	default:
		// A database error: rolled back, but of one row nobody can say whether it is bad or the moment was.
		o = channel.Outcome{State: channel.Unknown, Text: "the store failed inside on this row"}
	}
	if len(b.Writes) > 1 {
		o = channel.Outcome{State: channel.Rejected, Code: channel.CodeBatch, Text: "the store refused the batch because of one of its rows"}
	}
	return channel.Receipt{Outcomes: b.Outcomes(o)}, nil
}
