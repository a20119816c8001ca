// Package operations is what an operator does to a whole installation: backups,
// erasure, the quarantine. It is the service of that name of the API, and the
// command line uses the same one, by the running server or on the folder.
package operations

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	"weiche/projections"
	"weiche/proto/gen/weiche/admin/v1/adminv1connect"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/blob"
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
	// Media holds the files of messages; nil where this process cannot reach them.
	Media *blob.Store
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

// operator is who says what an operator asks for: the actor of its events.
const operator = "operator"

// say gives a command of the operator and returns what became of it.
func (o *Operations) say(ctx context.Context, account string, item *ingressv1.Item) (*ingressv1.ItemAnswer, error) {
	from := channel.Source{Kind: channel.KindAgent, Account: account, ID: operator}
	answer, err := o.Publisher.Publish(ctx, from, &ingressv1.Batch{
		ReceivedAt: timestamppb.New(o.Now()), Items: []*ingressv1.Item{item},
	})
	if err != nil {
		return nil, err
	}
	if len(answer.GetItems()) != 1 {
		return nil, fmt.Errorf("operations: %d answers to one item: %s", len(answer.GetItems()), answer.GetError())
	}
	return answer.GetItems()[0], nil
}
