package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	_ "embed" // the stylesheet
	"encoding/hex"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"carpediemstore.it/sync-connector/internal/fault"
	"carpediemstore.it/sync-connector/internal/service"
)

//go:embed style.css
var style []byte

// Overviews is what the page shows (service.Service).
type Overviews interface {
	Overview(ctx context.Context, who service.Caller) (service.Overview, error)
}

// Server shows the overview. Its token opens it; a browser keeps it as a cookie after the first visit.
type Server struct {
	overviews Overviews
	who       service.Caller
	log       *slog.Logger
	token     string
	hash      [sha256.Size]byte
	http      *http.Server
	url       string
}

// New returns a server for one tenant with a new token.
func New(o Overviews, who service.Caller, log *slog.Logger) (*Server, error) {
	token, err := random()
	if err != nil {
		return nil, err
	}
	s := &Server{overviews: o, who: who, log: log, token: token, hash: sha256.Sum256([]byte(token))}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.index)
	mux.HandleFunc("GET /live", s.live)
	mux.HandleFunc("GET /style.css", s.style)
	s.http = &http.Server{
		Handler: s.guard(http.NewCrossOriginProtection().Handler(mux)), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
	}
	return s, nil
}

func random() (string, error) {
	var b [32]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fault.Wrap("make a token", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// Listen starts serving at address, which must be on loopback until there are accounts for people.
func (s *Server) Listen(ctx context.Context, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fault.New(fault.Usage, "%q is not an address to listen on: write 127.0.0.1:8420", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fault.New(fault.Usage, "the overview listens on this machine only (127.0.0.1), not on %s: there is no sign-in yet", host)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fault.New(fault.Unavailable, "the overview cannot listen on %s: %w", address, err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return fault.Wrap("listen", err)
	}
	s.url = "http://localhost:" + port + "/?token=" + s.token
	go func() {
		if err := s.http.Serve(l); err != nil && err != http.ErrServerClosed { //nolint:errorlint // Serve returns it unwrapped
			s.log.Error("the overview ended", "error", err)
		}
	}()
	return nil
}

// URL is where the overview is, with the one token that opens it.
func (s *Server) URL() string { return s.url }

// Stop ends serving; open requests get a moment.
func (s *Server) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	return s.http.Shutdown(ctx)
}

const cookie = "carpediem"

// guard sets the headers of every answer and lets in who has the token.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Content-Security-Policy", policy("'none'"))
		if !local(r.Host) { // a foreign name that leads here is not ours (DNS rebinding)
			http.Error(w, "ask for localhost", http.StatusMisdirectedRequest)
			return
		}
		if t := r.URL.Query().Get("token"); t != "" && s.good(t) {
			http.SetCookie(w, &http.Cookie{Name: cookie, Value: t, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, MaxAge: 12 * 3600})
			http.Redirect(w, r, "/", http.StatusSeeOther) // the token leaves the address bar
			return
		}
		if c, err := r.Cookie(cookie); err != nil || !s.good(c.Value) {
			http.Error(w, "Open the address that carpediem printed when it started: it holds the token for this page.", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func local(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (s *Server) good(token string) bool {
	h := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(h[:], s.hash[:]) == 1
}

// policy is the content security policy; script is the only source of scripts.
func policy(script string) string {
	return "default-src 'none'; script-src " + script + "; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
		"form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
}

func (s *Server) index(w http.ResponseWriter, r *http.Request) {
	nonce, err := random()
	if err != nil {
		s.fail(w, err)
		return
	}
	o, err := s.overviews.Overview(r.Context(), s.who)
	if err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Security-Policy", policy("'nonce-"+nonce+"'"))
	s.render(w, r, page(nonce, true, o, o.At.Time().Format(time.TimeOnly)))
}

func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	o, err := s.overviews.Overview(r.Context(), s.who)
	if err != nil {
		s.fail(w, err)
		return
	}
	s.render(w, r, live(o, o.At.Time().Format(time.TimeOnly)))
}

func (s *Server) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write(style) // a reader that went away needs nothing
}

// render writes a page only when all of it could be made.
func (s *Server) render(w http.ResponseWriter, r *http.Request, c templ.Component) {
	var b bytes.Buffer
	if err := c.Render(r.Context(), &b); err != nil {
		s.fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(b.Bytes())
}

// fail answers with a sentence that tells nothing of the inside; the log has the cause.
func (s *Server) fail(w http.ResponseWriter, err error) {
	s.log.Error("the overview failed", "kind", fault.KindOf(err).String(), "error", err)
	http.Error(w, "This page cannot be shown right now. The connector's log says why.", fault.KindOf(err).HTTP())
}
