package router

import (
	"context"
	"sync"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// maxConnections bounds the accounts whose integrations are remembered.
const maxConnections = 1024

// connections are what the providers call the integrations of each account, read
// from its stream as far as its version says: a stream holds all agents, too, and
// most that is sent finds nothing new in it.
type connections struct {
	mu       sync.Mutex
	accounts map[string]*connection
}

type connection struct {
	version      uint64
	integrations map[string]connected
}

// connected is what a provider calls an integration.
type connected struct{ providerAccount, page string }

// connected returns what the provider calls an integration now; nothing where there
// is none.
func (e *Engine) connected(ctx context.Context, account, integration string) (connected, error) {
	c := &e.connections
	c.mu.Lock()
	defer c.mu.Unlock()
	of := c.accounts[account]
	if of == nil {
		if c.accounts == nil || len(c.accounts) >= maxConnections {
			c.accounts = map[string]*connection{}
		}
		of = &connection{integrations: map[string]connected{}}
		c.accounts[account] = of
	}
	stream := eventstore.Stream{Account: account, Category: conversation.CategoryAccount, ID: account}
	for rec, err := range e.store.ReadStream(ctx, stream, of.version+1) {
		if err != nil {
			return connected{}, err
		}
		if rec.Type == typeOf(&eventv1.IntegrationConnected{}) {
			event, err := Decode(rec)
			if err != nil {
				return connected{}, err
			}
			if body, ok := event.Body.(*eventv1.IntegrationConnected); ok {
				of.integrations[body.GetIntegrationId()] = connected{body.GetProviderAccountId(), body.GetPageId()}
			}
		}
		of.version = rec.Version
	}
	return of.integrations[integration], nil
}
