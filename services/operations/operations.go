// Package operations is what an operator does to a whole installation: backups,
// erasure, the quarantine. It is the service of that name of the API, and the
// command line uses the same one, by the running server or on the folder.
package operations

import (
	"log/slog"
	"sync"
	"time"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	"weiche/services/channel"
	"weiche/services/keyring"
)

// Config is what operations work on.
type Config struct {
	// Store is the log.
	Store *eventstore.Store
	// Keys opens what is sealed.
	Keys *keyring.Keyring
	// Views follow the log.
	Views *projections.Views
	// Publisher takes commands.
	Publisher channel.Publisher
	// Directory knows apps and integrations as they are today.
	Directory channel.Directory
	// Readers are the parsers of the channels, by their names.
	Readers map[string]channel.Reader
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Logger gets what callers are not told; slog.Default if nil.
	Logger *slog.Logger
}

func (c *Config) ensureDefaults() {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
}

// Operations is the service. Its methods may be called concurrently.
type Operations struct {
	adminv1connect.UnimplementedOperationsServiceHandler
	Config

	// backingUp is held by Backup: two at once would write everything twice.
	backingUp sync.Mutex
}

// New returns the service of an open folder.
func New(config Config) *Operations {
	config.ensureDefaults()
	return &Operations{Config: config}
}
