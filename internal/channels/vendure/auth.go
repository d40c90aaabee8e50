package vendure

import (
	"context"
	"net/http"
	"sync"

	"carpediemstore.it/sync-connector/internal/channel"
	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/secret"
)

// The names of the sealed credentials: a login, or a key where the store allows keys.
const (
	secretUser     = "username"
	secretPassword = "password"
	secretKey      = "api_key"
)

// credential is what a request is signed with: a session token from a login, or an API key. The zero one signs nothing.
type credential struct {
	token secret.Text
	key   secret.Text
}

// sign puts c into the headers.
func (c credential) sign(h http.Header) {
	if !c.key.Empty() {
		h.Set("vendure-api-key", c.key.Reveal())
	} else if !c.token.Empty() {
		h.Set("Authorization", "Bearer "+c.token.Reveal())
	}
}

// session keeps the credential in memory. Logins are single-flight: whoever comes second finds the new token.
type session struct {
	secret func(ctx context.Context, name string) (secret.Text, error)

	mu   sync.Mutex
	held credential
}

// credential returns what requests are signed with and logs in when there is nothing yet.
func (s *session) credential(ctx context.Context, c *client) (credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != (credential{}) {
		return s.held, nil
	}
	return s.open(ctx, c)
}

// renew replaces stale, which the store no longer accepts, unless somebody has done so already.
func (s *session) renew(ctx context.Context, c *client, stale credential) (credential, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != (credential{}) && s.held != stale {
		return s.held, nil
	}
	s.held = credential{}
	if !stale.key.Empty() {
		// The next call reads the key again: it may have been replaced meanwhile.
		e := fault.New(fault.Unauthorized, "the store does not accept the API key: it was removed, or authOptions.tokenMethod lacks 'api-key'")
		e.Sent = true
		return credential{}, e
	}
	return s.open(ctx, c)
}

// open reads the account's secrets and turns them into a credential.
func (s *session) open(ctx context.Context, c *client) (credential, error) {
	key, err := s.optional(ctx, secretKey)
	if err != nil {
		return credential{}, err
	}
	if !key.Empty() {
		s.held = credential{key: key}
		return s.held, nil
	}
	user, err := s.optional(ctx, secretUser)
	if err != nil {
		return credential{}, err
	}
	password, err := s.optional(ctx, secretPassword)
	if err != nil {
		return credential{}, err
	}
	if user.Empty() || password.Empty() {
		return credential{}, fault.New(fault.Unauthorized, "the account has neither username and password nor api_key")
	}
	data, header, err := c.exchange(ctx, channel.OpAuth, request{docLogin, loginVars{user.Reveal(), password.Reveal()}}, credential{})
	if err != nil {
		return credential{}, fault.Wrap("log in", err)
	}
	if err := decodeLogin(data); err != nil {
		return credential{}, err
	}
	token := header.Get("vendure-auth-token")
	if token == "" {
		return credential{}, fault.New(fault.Unauthorized, "the store accepts the login but hands out no token: add 'bearer' to authOptions.tokenMethod")
	}
	s.held = credential{token: secret.New(token)}
	return s.held, nil
}

// optional reads a secret that an account may lack.
func (s *session) optional(ctx context.Context, name string) (secret.Text, error) {
	t, err := s.secret(ctx, name)
	if fault.Is(err, fault.NotFound) {
		return secret.Text{}, nil
	}
	return t, err
}

// loginVars are the variables of docLogin, in memory for one request.
type loginVars struct {
	Username string `json:"username"`
	Password string `json:"password"`
}
