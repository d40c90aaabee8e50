package medusa

import (
	"context"
	"encoding/base64"
	"net/http"

	"carpediemstore.it/sync-connector/internal/fault"
)

// secretKey is the name of the account's credential.
const secretKey = "api_key"

// sign adds the secret API key: basic authentication with the key as the user and no password. As a bearer token the
// shop refuses it.
func (c *client) sign(ctx context.Context, r *http.Request) error {
	key, err := c.secret(ctx, secretKey)
	if err != nil {
		return fault.Wrap("read the API key", err)
	}
	if key.Empty() {
		return fault.New(fault.Unauthorized, "the API key is empty")
	}
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(key.Reveal()+":")))
	return nil
}
