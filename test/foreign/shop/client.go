package shop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"carpediemstore.it/sync-connector/internal/fault"
)

const maxAnswer = 64 << 20

// refusal is an answer of the store that is not what was asked for.
type refusal struct {
	Status  int
	Code    string
	Message string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("the store answered %d %s: %s", r.Status, r.Code, r.Message)
}

// call sends in as JSON (nil for no body) and decodes the answer into out (nil to ignore it). Any status but 2xx is a
// *refusal. The returned header is that of the answer.
func (h *host) call(ctx context.Context, method, path string, header map[string]string, in, out any) (http.Header, error) {
	var body io.Reader = http.NoBody
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, fault.Wrap("encode a request", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, h.URL()+path, body)
	if err != nil {
		return nil, fault.Wrap("make a request", err)
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := h.httpClient.Do(req)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "%s does not answer: %w", h.kind, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "read the answer of %s: %w", h.kind, err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		r := &refusal{Status: res.StatusCode, Message: tail(b)}
		var told struct{ Code, Type, Message string }
		if json.Unmarshal(b, &told) == nil && told.Message != "" {
			r.Code, r.Message = told.Type, told.Message
			if told.Code != "" {
				r.Code = told.Code
			}
		}
		return nil, r
	}
	if out == nil {
		return res.Header, nil
	}
	if err := json.Unmarshal(b, out); err != nil {
		return nil, fault.Wrap("decode the answer of "+h.kind, err)
	}
	return res.Header, nil
}
