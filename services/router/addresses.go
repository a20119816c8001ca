package router

import (
	"context"
	"iter"
	"slices"
	"sync"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// maxAddressed bounds the identities of which it is remembered where their addresses
// are.
const maxAddressed = 1 << 14

// addressed remembers which records say the addresses of each identity, as far as its
// version says: its stream holds all that was ever sent to it, too. The addresses
// themselves are opened each time, since they may be erased meanwhile.
type addressed struct {
	read func(context.Context, eventstore.Stream, uint64) iter.Seq2[*eventstore.Record, error]
	at   func(context.Context, uint64) (*eventstore.Record, error)

	mu         sync.Mutex
	identities map[eventstore.Stream]*saidIn
}

// saidIn is where the addresses of one identity are.
type saidIn struct {
	mu        sync.Mutex
	version   uint64
	positions []uint64
}

func newAddressed(store *eventstore.Store) *addressed {
	return &addressed{read: store.ReadStream, at: store.ReadAt, identities: map[eventstore.Stream]*saidIn{}}
}

// of returns what is remembered of an identity.
func (a *addressed) of(stream eventstore.Stream) *saidIn {
	a.mu.Lock()
	defer a.mu.Unlock()
	of := a.identities[stream]
	if of == nil {
		if len(a.identities) >= maxAddressed {
			clear(a.identities)
		}
		of = &saidIn{}
		a.identities[stream] = of
	}
	return of
}

// positions returns where the log says the addresses of an identity, in order. It reads
// what is new in the stream.
func (a *addressed) positions(ctx context.Context, stream eventstore.Stream) ([]uint64, error) {
	of := a.of(stream)
	of.mu.Lock()
	defer of.mu.Unlock()
	created, changed := typeOf(&eventv1.IdentityCreated{}), typeOf(&eventv1.IdentityAliasesChanged{})
	for rec, err := range a.read(ctx, stream, of.version+1) {
		if err != nil {
			return nil, err
		}
		if rec.Type == created || rec.Type == changed {
			of.positions = append(of.positions, rec.Position)
		}
		of.version = rec.Version
	}
	return slices.Clone(of.positions), nil
}

// addresses returns the aliases of an identity in clear, the strongest first;
// none where they were erased.
func (e *Engine) addresses(ctx context.Context, account, identityID string) ([]*eventv1.Alias, error) {
	stream := eventstore.Stream{Account: account, Category: conversation.CategoryIdentity, ID: identityID}
	positions, err := e.addressed.positions(ctx, stream)
	if err != nil {
		return nil, err
	}
	var aliases []*eventv1.Alias
	var hashes []string
	for _, position := range positions {
		rec, err := e.addressed.at(ctx, position)
		if err != nil {
			return nil, err
		}
		event, err := DecodeOpened(e.keys, rec)
		if err != nil {
			return nil, err
		}
		switch body := event.Body.(type) {
		case *eventv1.IdentityCreated:
			aliases, hashes = learn(aliases, hashes, body.GetAliases(), body.GetSealed().GetAliases())
		case *eventv1.IdentityAliasesChanged:
			for _, gone := range body.GetRemoved() {
				if at := slices.Index(hashes, string(gone.GetHash())); at >= 0 {
					aliases, hashes = slices.Delete(aliases, at, at+1), slices.Delete(hashes, at, at+1)
				}
			}
			aliases, hashes = learn(aliases, hashes, body.GetAdded(), body.GetSealed().GetAdded())
		}
	}
	return aliases, nil
}

// learn adds aliases in clear, each with its hash; those that cannot be opened any more
// are not known.
func learn(aliases []*eventv1.Alias, hashes []string, added []*eventv1.AliasHash, clear []*eventv1.Alias) ([]*eventv1.Alias, []string) {
	for at, alias := range clear {
		if at < len(added) {
			aliases = append(aliases, alias)
			hashes = append(hashes, string(added[at].GetHash()))
		}
	}
	return aliases, hashes
}
