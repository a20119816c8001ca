package main

import (
	"context"
	"net/http"
	"time"

	"weiche/services/api"
	"weiche/services/blob"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/directory"
	"weiche/services/keyring"
	"weiche/services/query"
	"weiche/services/stream"
)

// known is what the roles of a process know of the installation: from the router
// beside them, or from the router over the broker.
type known struct {
	directory *directory.Directory
	views     api.Views
	log       query.Log
	public    query.Public
	// live tells what happens: the log, where it is here, or EVENTS.
	live  stream.Live
	keys  keyring.Hasher
	files blob.Keys
	// full says that the disk of the files takes no more; nil where nobody can say.
	full func() bool
	// providers answers what the API asks of the providers.
	providers query.Providers
	// lastWebhook returns when a webhook of an app was last taken; nil where those come
	// in elsewhere.
	lastWebhook func(channelName, appID string) (time.Time, bool)
	// loaded is closed once all of it is there; nil where it is from the beginning.
	loaded <-chan struct{}
}

// newRemote makes what a process knows whose router is elsewhere.
func (s *server) newRemote(_ context.Context) (part, error) {
	roles := s.config.roles()
	role := roles[0]
	if s.config.does(broker.RoleAPI) {
		role = broker.RoleAPI
	}
	client := query.NewClient(s.broker, role)
	s.directory = directory.New(query.NewSetups(s.broker, roles, s.config.logger))
	s.views, s.log, s.public, s.providers = client, client, query.PublicLog{Client: client}, client
	s.live = stream.FromBroker{Broker: s.broker}
	loaded := make(chan struct{})
	s.loaded = loaded
	follow := []func(context.Context) error{s.directory.Run}
	waits := []<-chan struct{}{s.directory.Loaded()}
	if s.config.needsFiles() {
		hashes := query.NewHashes(client)
		s.keys, s.files = hashes, query.Files{Client: client, Hasher: hashes}
		follow, waits = append(follow, hashes.Run), append(waits, hashes.Loaded())
		if err := s.openMedia(); err != nil {
			return part{}, err
		}
	}
	follow = append(follow, func(ctx context.Context) error {
		for _, wait := range waits {
			select {
			case <-wait:
			case <-ctx.Done():
				return nil
			}
		}
		if role == broker.RoleAPI {
			_ = client.Begin(ctx) // or the first answer will say it
		}
		close(loaded)
		return nil
	})
	return part{
		core:   follow,
		vitals: func(v *vitals) { v.current = s.current },
		close:  s.closeMedia,
	}, nil
}

// current says whether the process knows what it has to.
func (k *known) current() bool {
	select {
	case <-k.loaded:
		return k.directory.Current()
	default:
		return false
	}
}

// gate keeps requests out while the router does not say what it has to: nobody is
// told that something is not there, or let in who must not be, for want of knowing.
func (k *known) gate(next http.Handler) http.Handler {
	if k.loaded == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if k.current() {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", "1")
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"code":"unavailable","message":"not available now"}` + "\n"))
	})
}

// afterwards runs something once everything is known.
func (k *known) afterwards(run func(context.Context) error) func(context.Context) error {
	if k.loaded == nil {
		return run
	}
	return func(ctx context.Context) error {
		select {
		case <-k.loaded:
			return run(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// domains are those whose hashes each role computes.
func domains() map[broker.Role][]string {
	return map[broker.Role][]string{
		broker.RoleAPI:    append(api.Domains(), blob.Domains()...),
		broker.RoleEgress: blob.Domains(),
	}
}

var _ channel.Directory = (*directory.Directory)(nil)
