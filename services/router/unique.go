package router

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/proto/schema"
	"weiche/services/conversation"
)

// uniqueIndex keeps the indexes of what only one may have in the whole installation.
// What ends is in the event that ends it, before what takes its place.
func uniqueIndex(account string, body proto.Message, change *eventstore.IndexChange) {
	put := func(index string, key, owner []byte) {
		change.Put = append(change.Put, eventstore.IndexEntry{
			IndexKey: eventstore.IndexKey{Account: installation, Index: index, Key: key}, Value: owner,
		})
	}
	end := func(index string, key []byte) {
		change.Delete = append(change.Delete, eventstore.IndexKey{Account: installation, Index: index, Key: key})
	}
	switch e := body.(type) {
	case *eventv1.AgentAdded:
		if e.GetEndedLogin() != "" {
			end(indexLogin, []byte(e.GetEndedLogin()))
		}
		if e.GetLogin() != "" {
			put(indexLogin, []byte(e.GetLogin()), join(account, e.GetAgentId()))
		}
	case *eventv1.AgentRemoved:
		if e.GetEndedLogin() != "" {
			end(indexLogin, []byte(e.GetEndedLogin()))
		}
	case *eventv1.AppConnected:
		put(indexApp, []byte(e.GetAppId()), []byte(account))
	case *eventv1.WidgetConfigured:
		put(indexWidget, []byte(e.GetWidgetId()), []byte(account))
	case *eventv1.IntegrationConnected:
		if e.GetEndedProviderAccountId() != "" {
			end(indexProvider, join(e.GetChannel(), e.GetEndedProviderAccountId()))
		}
		if e.GetProviderAccountId() != "" {
			put(indexProvider, join(e.GetChannel(), e.GetProviderAccountId()), []byte(account))
		}
	case *eventv1.IntegrationRemoved:
		if e.GetEndedProviderAccountId() != "" {
			end(indexProvider, join(e.GetChannel(), e.GetEndedProviderAccountId()))
		}
	}
}

// uniqueTypes are the types of the events that uniqueIndex knows.
func uniqueTypes() map[string]bool {
	types := map[string]bool{}
	for _, event := range []proto.Message{
		&eventv1.AgentAdded{}, &eventv1.AgentRemoved{}, &eventv1.AppConnected{}, &eventv1.WidgetConfigured{},
		&eventv1.IntegrationConnected{}, &eventv1.IntegrationRemoved{},
	} {
		types[typeOf(event)] = true
	}
	return types
}

// taken refuses a decision that would give somebody what another has. Nothing else
// writes the log, and what the round has decided before is looked at, so no two ever
// have the same, whichever processes asked for it at the same moment.
func (r *round) taken(ctx context.Context, account string, events []conversation.Event) (*conversation.Refusal, error) {
	for at, event := range events {
		var change eventstore.IndexChange
		uniqueIndex(account, event.Body, &change)
		for _, wanted := range change.Put {
			owner, err := r.owner(ctx, wanted.IndexKey)
			if err != nil {
				return nil, err
			}
			for _, earlier := range events[:at] {
				owner = ownerAfter(owner, wanted.IndexKey, account, earlier.Body)
			}
			if owner != "" && owner != string(wanted.Value) {
				return &conversation.Refusal{Reason: ingressv1.Refusal_REFUSAL_TAKEN, Detail: takenWords(wanted.IndexKey)}, nil
			}
		}
	}
	return nil, nil
}

// owner returns who has something as of what the round has decided; empty for nobody.
func (r *round) owner(ctx context.Context, key eventstore.IndexKey) (string, error) {
	value, _, _, err := r.engine.store.IndexGet(ctx, key)
	if err != nil {
		return "", err
	}
	owner, types := string(value), uniqueTypes()
	for _, commit := range r.commits {
		for _, event := range commit.Events {
			if !types[event.Type] {
				continue
			}
			body, err := schema.Facts(event.Type, event.SchemaVersion, event.Facts)
			if err != nil {
				return "", err
			}
			owner = ownerAfter(owner, key, event.Stream.Account, body)
		}
	}
	return owner, nil
}

// ownerAfter returns who has something after an event.
func ownerAfter(owner string, key eventstore.IndexKey, account string, body proto.Message) string {
	same := func(other eventstore.IndexKey) bool {
		return other.Index == key.Index && string(other.Key) == string(key.Key)
	}
	var change eventstore.IndexChange
	uniqueIndex(account, body, &change)
	for _, ended := range change.Delete {
		if same(ended) {
			owner = ""
		}
	}
	for _, entry := range change.Put {
		if same(entry.IndexKey) {
			owner = string(entry.Value)
		}
	}
	return owner
}

// takenWords says what somebody else has.
func takenWords(key eventstore.IndexKey) string {
	switch key.Index {
	case indexLogin:
		return fmt.Sprintf("somebody logs in as %s already", key.Key)
	case indexProvider:
		channel, id, _ := strings.Cut(string(key.Key), "\x00")
		return fmt.Sprintf("provider account %q of %s belongs to another account", id, channel)
	}
	return fmt.Sprintf("%s %q belongs to another account", key.Index, key.Key)
}
