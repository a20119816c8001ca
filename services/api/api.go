// Package api is what Weiche answers over HTTP: the services of the widget, the
// workspace and the administrator, by Connect, gRPC and gRPC-Web. It holds no
// state: a command is published and waits for the router's answer, a question is
// answered from the views.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	"weiche/proto/gen/weiche/widget/v1/widgetv1connect"
	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"
	"weiche/services/blob"
	"weiche/services/channel"
	"weiche/services/keyring"
	"weiche/services/password"
	"weiche/services/reference"
	"weiche/services/stream"
)

// The largest request of each service, in bytes.
const (
	maxRequest      = 64 << 10
	maxAdminRequest = 1 << 20
)

// passwordsAtOnce is how many passwords are checked at a time: each takes 19 MiB.
const passwordsAtOnce = 4

// Config is what the API is made of.
type Config struct {
	// Publisher takes commands.
	Publisher channel.Publisher
	// Signals tells whoever listens that somebody types or has seen; nobody if nil.
	Signals func(*ingressv1.Signal) error
	// Queries answers questions about the set-up and the log.
	Queries Queries
	// Views answers questions about conversations.
	Views Views
	// Media holds the files of messages; none are shown and taken if nil.
	Media *blob.Store
	// Keys binds tokens and makes the codes of links.
	Keys keyring.Hasher
	// Links makes the address that takes a code to an account of a channel; without
	// a code, that of the chat with it. It is empty where the channel has no such.
	Links func(channel, address, language, code string) string
	// Templates asks the provider of an integration for its approved templates.
	// The error is a *channel.SendError, or channel.ErrNoIntegration. No
	// integration has any if it is nil.
	Templates func(ctx context.Context, account, integrationID string) ([]channel.Template, error)
	// Check asks the provider of an integration whether it would serve it as it is
	// given; where it has no token, with the one that is set up. The error is a
	// *channel.SendError. Nobody is asked if it is nil.
	Check func(ctx context.Context, integration channel.Integration) error
	// Webhooks tells of the webhooks of apps.
	Webhooks Webhooks
	// Stream tells what happens; nobody follows anything if nil. New shows it the
	// pages.
	Stream *stream.Hub
	// Log is what happened as it is public; nothing if nil.
	Log stream.Log
	// CheckStreams is how often it is asked whether those who follow still may; 20 s
	// if 0.
	CheckStreams time.Duration
	// Limits bounds how often somebody may call; the zero value is good for use.
	Limits Limits
	// Proxies are the networks whose word in X-Forwarded-For is taken for the
	// caller's address; none if nil.
	Proxies []netip.Prefix
	// AllowRemoteTokens lets agents and administrators call from other machines.
	// Their tokens are not meant for that: they end only with the keyring.
	AllowRemoteTokens bool
	// Passwords hashes and checks passwords; a few at a time if nil.
	Passwords *password.Hasher
	// Workspace says that there is a page to go to for who has logged in.
	Workspace bool
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what callers are not told; slog.Default if nil.
	Logger *slog.Logger
	// Events is told what is asked.
	Events Events
}

// Webhooks tells of the webhooks of apps. What is nil is not known.
type Webhooks struct {
	// Takes says whether this installation takes webhooks of a channel.
	Takes func(channel string) bool
	// URL returns the address of an app's webhooks; empty where it has none, and
	// where it is not known how this server is reached.
	URL func(channel, appID string) string
	// Last returns when a webhook of an app was last taken.
	Last func(channel, appID string) (time.Time, bool)
}

func (c *Config) ensureDefaults() {
	c.Limits.ensureDefaults()
	if c.CheckStreams == 0 {
		c.CheckStreams = 20 * time.Second
	}
	c.Events.ensureDefaults()
	if c.Passwords == nil {
		c.Passwords = password.NewHasher(passwordsAtOnce)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
}

// server is what the services share.
type server struct {
	Config

	errors    *connecthttp.ErrorWriter
	visitors  *limiter
	addresses *limiter
	// callers bounds agents and API keys, guesses who logs in, and noting how often
	// the use of a key is noted.
	callers, guesses, noting *limiter
	// uploads bounds how often somebody may begin an upload, uploading how many of
	// agents are under way and visiting how many of visitors.
	uploads             *limiter
	uploading, visiting chan struct{}
	// tally counts the streams and sockets that are open, and the uploads of a caller.
	tally tally
	// looking counts the pages in which somebody looks at a conversation.
	looking   tally
	templates *templateShelf
}

// New returns the handler of the whole API but for that of operators, and of GET
// /livez. Every other path is 404. gRPC needs HTTP/2, also without TLS: set
// http.Server.Protocols to HTTP1, HTTP2 and UnencryptedHTTP2.
func New(config Config) http.Handler {
	s := newServer(config)
	s.templates = &templateShelf{now: s.Now, ask: s.Templates, held: map[string]heldTemplates{}}
	service := s.calls()
	widgetv1connect.RegisterWidgetServiceHandler(service, &widgetService{server: s})
	workspacev1connect.RegisterWorkspaceServiceHandler(service, &workspaceService{server: s})
	workspacev1connect.RegisterAccessServiceHandler(service, &accessService{server: s})
	streamv1connect.RegisterStreamServiceHandler(service, &streamService{server: s})
	if s.Stream != nil {
		s.Stream.Show(pages{s})
	}
	adminv1connect.RegisterAdminServiceHandler(service, &adminService{server: s})

	r := routes{server: s, mux: http.NewServeMux()}
	calls, setups := s.mounted(service, maxRequest), s.mounted(service, maxAdminRequest)
	r.mux.Handle("/"+widgetv1connect.WidgetServiceName+"/", s.acrossOrigins(calls))
	r.mux.Handle("/"+workspacev1connect.WorkspaceServiceName+"/", s.ofOurOrigin(calls))
	r.mux.Handle("/"+workspacev1connect.AccessServiceName+"/", s.ofOurOrigin(calls))
	r.mux.Handle("/"+streamv1connect.StreamServiceName+"/", s.ofEitherOrigin(s.streams(calls)))
	r.handle("GET "+socketPath, nil, s.told(socketPath, s.serveSocket))
	r.mux.Handle("/"+adminv1connect.AdminServiceName+"/", s.ofOurOrigin(setups))
	if s.Media != nil {
		r.handle("GET "+blob.Path+"{token}", nil, s.told(blob.Path, s.serveMedia))
		r.handle("POST "+agentUploads, s.ofOurOrigin, s.told(agentUploads, s.uploadOfAgent))
		r.handle(visitorUploads, s.acrossOrigins, s.told(visitorUploads, s.uploadOfVisitor))
	}
	reference.Register(r)
	s.reflect(r)
	r.handle("GET "+loginPages+"{token}", s.ofOurOrigin, s.told(loginPages, s.showLogin))
	r.handle("POST "+loginPages+"{token}", s.ofOurOrigin, s.told(loginPages, s.logInOnPage))
	r.handle("GET /livez", nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("ok\n"))
	}))
	return secured(r.mux)
}

// NewOperations returns the handler of what operators may do. It is for an address
// that only they can reach; New has nothing of it.
func NewOperations(config Config, operations adminv1connect.OperationsServiceHandler) http.Handler {
	s := newServer(config)
	service := s.calls()
	adminv1connect.RegisterOperationsServiceHandler(service, operations)
	mux := http.NewServeMux()
	mux.Handle("/"+adminv1connect.OperationsServiceName+"/",
		http.NewCrossOriginProtection().Handler(s.operated(s.mounted(service, maxAdminRequest))))
	return secured(mux)
}

func newServer(config Config) *server {
	config.ensureDefaults()
	s := &server{Config: config, errors: connecthttp.NewErrorWriter(), tally: tally{have: map[string]int{}}, looking: tally{have: map[string]int{}}}
	s.visitors = newLimiter(s.Limits.VisitorPerSecond, s.Limits.VisitorBurst, s.Now)
	s.addresses = newLimiter(s.Limits.AddressPerSecond, s.Limits.AddressBurst, s.Now)
	s.callers = newLimiter(s.Limits.CallerPerSecond, s.Limits.CallerBurst, s.Now)
	s.guesses = newLimiter(s.Limits.LoginPerSecond, s.Limits.LoginBurst, s.Now)
	s.noting = newLimiter(1.0/3600, 1, s.Now)
	s.uploads = newLimiter(s.Limits.UploadPerSecond, s.Limits.UploadBurst, s.Now)
	s.uploading, s.visiting = make(chan struct{}, s.Limits.Uploads), make(chan struct{}, s.Limits.Uploads)
	return s
}

// calls makes the server of calls, each of which passes authorize.
func (s *server) calls() *connect.Server {
	return connect.NewServer(s.tellCalls, AnswerErrors(s.Logger), s.recoverPanics, s.authorized)
}

// mounted serves a service with a bound on its requests, as they come and
// unpacked.
func (s *server) mounted(service *connect.Server, maxBytes int) http.Handler {
	mux := http.NewServeMux()
	connecthttp.Mount(mux, service, connecthttp.WithReadMaxBytes(maxBytes), connecthttp.WithCodecs(Codecs()...))
	return http.MaxBytesHandler(s.saysWhy(s.methodsOf(service, mux)), int64(maxBytes))
}

// secured sets the headers that every answer has.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Cache-Control", "no-store")
		header.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		header.Set("Referrer-Policy", "no-referrer")
		if r.TLS != nil {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
