package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"carpediemstore.it/sync-connector/internal/fault"
)

// Do sends req through c. Its errors are faults, without the URL that http.Client puts in front of them.
func Do(c *http.Client, req *http.Request) (*http.Response, error) {
	resp, err := c.Do(req)
	if err == nil {
		return resp, nil
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return nil, f
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, context.Canceled) {
		return nil, &fault.Error{Kind: fault.Canceled, Msg: "stopped by the caller", Sent: true}
	}
	return nil, &fault.Error{Kind: fault.Unavailable, Msg: err.Error(), Sent: true}
}

func tooLarge(host string, most int64) error {
	return &fault.Error{Kind: fault.TooLarge, Msg: host + " answers with more than " + size(most) + ": the rest was not read", Sent: true}
}

// fault turns what the transport says into a fault.
func (x *exchange) fault(err error) error {
	f := &fault.Error{Kind: fault.Unavailable, Sent: x.left.Load()}
	switch {
	case x.caller.Err() == context.Canceled:
		f.Kind, f.Msg = fault.Canceled, "stopped by the caller"
	case x.caller.Err() != nil:
		f.Msg = "no answer from " + x.host + " within the time given"
	case context.Cause(x.ctx) == errWhole:
		f.Msg = "no answer from " + x.host + " within " + x.deadlines.Whole.String()
	case !f.Sent:
		return dialFault(x, err)
	default:
		f.Msg = x.host + " gave no answer: " + reason(err)
		if isTimeout(err) {
			f.Msg = "no answer from " + x.host + " within " + x.deadlines.Header.String()
		}
	}
	return f
}

// bodyFault is fault for an error in the middle of a body.
func (x *exchange) bodyFault(err error) error {
	f := &fault.Error{Kind: fault.Unavailable, Sent: true}
	switch cause := context.Cause(x.ctx); {
	case cause == errIdle:
		f.Msg = "the answer of " + x.host + " stopped coming"
	case cause == errWhole:
		f.Msg = "the answer of " + x.host + " took more than " + x.deadlines.Whole.String()
	case x.caller.Err() == context.Canceled:
		f.Kind, f.Msg = fault.Canceled, "stopped by the caller"
	case x.caller.Err() != nil:
		f.Msg = "the answer of " + x.host + " did not end within the time given"
	default:
		f.Msg = "the answer of " + x.host + " broke off: " + reason(err)
	}
	return f
}

// dialFault explains why there was no connection. Nothing was sent.
func dialFault(x *exchange, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return f
	}
	f := &fault.Error{Kind: fault.Unavailable}
	dns, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case isDNS && dns.IsNotFound:
		f.Msg = "there is no host named " + x.host
	case isTimeout(err):
		f.Msg = "no connection to " + x.host + " within " + x.deadlines.Dial.String()
	case isDNS:
		f.Msg = "the name " + x.host + " cannot be looked up"
	default:
		f.Msg = "no connection to " + x.host + ": " + reason(err)
	}
	return f
}

// tlsFault explains a failed handshake. Nothing was sent.
func tlsFault(host string, d Deadlines, err error) error {
	f := &fault.Error{Kind: fault.Unavailable}
	if isTimeout(err) {
		f.Msg = "no TLS handshake with " + host + " within " + d.TLS.String()
		return f
	}
	if cert, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		f.Msg = "the certificate of " + host + " is not accepted: " + certReason(cert.Err)
		return f
	}
	f.Msg = "no TLS connection to " + host + ": " + reason(err)
	if text := err.Error(); strings.HasPrefix(text, "tls: server selected unsupported") || strings.HasPrefix(text, "remote error: tls: ") {
		f.Msg = "no TLS connection to " + host + " (" + text + ")" // fixed words of crypto/tls
	}
	return f
}

func certReason(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "nobody we trust has signed it"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "it is for another name"
	}
	if invalid, ok := errors.AsType[x509.CertificateInvalidError](err); ok && invalid.Reason == x509.Expired {
		return "it has expired or is not valid yet"
	}
	return "it is not valid"
}

// reason says in fixed words what broke: the texts of errors may quote what the other side sent.
func reason(err error) string {
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return "it does not speak TLS"
	}
	for _, known := range []struct {
		err  error
		text string
	}{
		{syscall.ECONNREFUSED, "it refuses the connection"},
		{syscall.ECONNRESET, "it cut the connection"},
		{syscall.EPIPE, "it cut the connection"},
		{syscall.EHOSTUNREACH, "there is no way to it"},
		{syscall.ENETUNREACH, "there is no way to it"},
		{io.ErrUnexpectedEOF, "it cut the connection"},
		{io.EOF, "it cut the connection"},
		{net.ErrClosed, "the connection was closed"},
	} {
		if errors.Is(err, known.err) {
			return known.text
		}
	}
	return "the connection failed"
}

func isTimeout(err error) bool {
	n, ok := errors.AsType[net.Error](err)
	return ok && n.Timeout()
}
