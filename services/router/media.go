package router

import (
	"context"
	"fmt"
	"iter"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// mediaIndex keeps the index of files that are to be fetched, and of those that
// messages show.
func mediaIndex(account string, body any, change *eventstore.IndexChange) {
	unfetched := func(mediaID string) eventstore.IndexKey {
		return eventstore.IndexKey{Account: installation, Index: indexUnfetched, Key: join(account, mediaID)}
	}
	shown := func(ids ...string) {
		for _, id := range ids {
			if id != "" {
				change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: blobKey(account, id)})
			}
		}
	}
	switch e := body.(type) {
	case *eventv1.MediaRequested:
		change.Put = append(change.Put, eventstore.IndexEntry{IndexKey: unfetched(e.GetMediaId())})
	case *eventv1.MediaFailed:
		change.Delete = append(change.Delete, unfetched(e.GetMediaId()))
	case *eventv1.MediaStored:
		change.Delete = append(change.Delete, unfetched(e.GetMediaId()))
		shown(e.GetStored().GetBlobId(), e.GetStored().GetThumbnailId())
	case *eventv1.ReplyQueued:
		shown(e.GetBlobIds()...)
	case *eventv1.NoteAdded:
		shown(e.GetBlobIds()...)
	case *eventv1.MessageUnsent:
		for _, id := range e.GetBlobIds() {
			change.Delete = append(change.Delete, blobKey(account, id))
		}
	}
}

func blobKey(account, id string) eventstore.IndexKey {
	return eventstore.IndexKey{Account: account, Index: indexBlob, Key: []byte(id)}
}

// ShowsBlob says whether a message of an account shows a file of the blob store.
func ShowsBlob(ctx context.Context, store *eventstore.Store, account, blobID string) (bool, error) {
	_, _, ok, err := store.IndexGet(ctx, blobKey(account, blobID))
	return ok, err
}

// Blobs returns the files of the blob store that messages of an account show, in
// the order of their keys, those of erased customers among them.
func Blobs(ctx context.Context, store *eventstore.Store, account string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for hit, err := range store.IndexScan(ctx, account, indexBlob, nil, nil) {
			if !yield(string(hit.Key), err) || err != nil {
				return
			}
		}
	}
}

// CustomerKey returns the key that seals what belongs to a customer; empty where
// there is no such customer. Where they were erased, the key is gone.
func CustomerKey(ctx context.Context, store *eventstore.Store, account, customer string) (string, error) {
	value, _, _, err := store.IndexGet(ctx, eventstore.IndexKey{Account: account, Index: indexKey, Key: []byte(customer)})
	return string(value), err
}

// fetchOf makes of a request what a fetcher needs.
func (e *Engine) fetchOf(ctx context.Context, account string, position uint64, request *eventv1.MediaRequested) (*ingressv1.FetchMedia, error) {
	fetch := &ingressv1.FetchMedia{
		MediaId: request.GetMediaId(), Attempt: request.GetAttempt(), AccountId: account,
		IntegrationId: request.GetIntegrationId(), Channel: request.GetChannel(), CustomerId: request.GetCustomerId(),
		ConversationId: request.GetConversationId(), Position: position,
	}
	content, err := e.Content(ctx, account, request.GetContentEventId())
	if err != nil {
		return nil, err
	}
	if parts := content.GetParts(); int(request.GetPart()) < len(parts) {
		fetch.Media = proto.CloneOf(parts[request.GetPart()].GetMedia())
	}
	fetch.Erased = fetch.Media == nil
	at, err := e.connected(ctx, account, request.GetIntegrationId())
	if err != nil {
		return nil, err
	}
	fetch.ProviderAccountId = at.providerAccount
	return fetch, nil
}

// relayRequest puts what a record asks for on its stream.
func (r *Relay) relayRequest(ctx context.Context, rec *eventstore.Record, body proto.Message) error {
	switch request := body.(type) {
	case *eventv1.SendRequested:
		send, err := r.engine.sendOf(ctx, rec.Stream.Account, rec.Position, request)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, r.within)
		defer cancel()
		return r.send(ctx, send)
	case *eventv1.MediaRequested:
		fetch, err := r.engine.fetchOf(ctx, rec.Stream.Account, rec.Position, request)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, r.within)
		defer cancel()
		return r.fetch(ctx, fetch)
	}
	return fmt.Errorf("router: nothing is asked for by a %T", body)
}
