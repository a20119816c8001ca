package projections

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/proto/schema"
)

// Opener decrypts the sealed part of the event eventID of the stream (account,
// category, id). It returns [ErrKeyGone] for a key that was destroyed: what was
// sealed with it then reads as erased. Any other error is that of the read.
type Opener func(account, category, id, eventID, keyID string, ciphertext []byte) ([]byte, error)

// sealedOf returns the sealed part of a record as it stands in the log, nil if
// the event never had one. What was redacted since has no ciphertext.
func sealedOf(rec *eventstore.Record) *viewv1.Sealed {
	if rec.SealedHash == [32]byte{} && len(rec.Sealed) == 0 {
		return nil
	}
	return &viewv1.Sealed{
		KeyId: rec.KeyID, Category: rec.Stream.Category, StreamId: rec.Stream.ID,
		EventId: rec.ID, EventType: rec.Type, SchemaVersion: rec.SchemaVersion, Ciphertext: rec.Sealed,
	}
}

// opened decrypts the sealed part of an event of a kind whose sealed message is an
// M. It returns false if there is nothing to open any more, or nothing of that
// kind; the message is empty then, and never nil.
func opened[T any, M interface {
	*T
	proto.Message
}](o Opener, account string, s *viewv1.Sealed,
) (M, bool, error) {
	message, err := o.open(account, s)
	if sealed, ok := message.(M); ok && err == nil {
		return sealed, true, nil
	}
	return new(T), false, err
}

// open decrypts a sealed part. It returns nil if there is nothing to open any
// more.
func (o Opener) open(account string, s *viewv1.Sealed) (proto.Message, error) {
	if o == nil || len(s.GetCiphertext()) == 0 {
		return nil, nil
	}
	plain, err := o(account, s.Category, s.StreamId, s.EventId, s.KeyId, s.Ciphertext)
	if errors.Is(err, ErrKeyGone) {
		return nil, nil
	}
	var message proto.Message
	if err == nil {
		message, err = schema.Sealed(s.EventType, s.SchemaVersion, plain)
	}
	if err != nil {
		return nil, fmt.Errorf("projections: open event %s: %w", s.EventId, err)
	}
	return message, nil
}

// contentHolder is the sealed message of an event whose content is shown.
type contentHolder interface{ GetContent() *eventv1.Content }

// content opens the content of an event. gone is true where there was some and
// it cannot be had any more.
func (o Opener) content(account string, s *viewv1.Sealed) (content *eventv1.Content, gone bool, err error) {
	switch s.GetEventType() {
	case "weiche.event.v1.MessageReceived", "weiche.event.v1.EchoReceived", "weiche.event.v1.ReplyQueued",
		"weiche.event.v1.NoteAdded", "weiche.event.v1.NoticeQueued", "weiche.event.v1.MessageEdited",
		"weiche.event.v1.LinkPrompted", "weiche.event.v1.LinkAnswered", "weiche.event.v1.MessageReparsed",
		"weiche.event.v1.AddressDoubted":
	default:
		return nil, false, nil
	}
	message, err := o.open(account, s)
	holder, ok := message.(contentHolder)
	if err != nil || !ok {
		return nil, err == nil, err
	}
	return holder.GetContent(), false, nil
}

// item opens a line for a reader and takes out what is sealed.
func (o Opener) item(account string, item *viewv1.TimelineItem) (err error) {
	defer func() { item.Sealed, item.Reparsed = nil, nil }()
	if err := o.edits(account, item); err != nil {
		return err
	}
	if err := o.reactions(account, item); err != nil {
		return err
	}
	if item.Sealed == nil {
		return nil
	}
	if item.Sealed.EventType == "weiche.event.v1.LinkMatched" {
		sealed, ok, err := opened[eventv1.LinkMatched_Sealed](o, account, item.Sealed)
		item.GetSystem().Hint, item.Erased = sealed.Hint, !ok
		return err
	}
	words := item.Sealed
	if item.Reparsed != nil {
		words = item.Reparsed
	}
	first, gone, err := o.content(account, words)
	if err != nil {
		return err
	}
	if len(item.Edits) == 0 {
		item.Content, item.Erased = first, gone
		return nil
	}
	newest := item.Edits[len(item.Edits)-1]
	item.Original, item.Content, item.Erased = first, newest.Content, newest.Erased
	return nil
}

func (o Opener) edits(account string, item *viewv1.TimelineItem) (err error) {
	for _, edit := range item.Edits {
		if edit.Content, edit.Erased, err = o.content(account, edit.Sealed); err != nil {
			return err
		}
		edit.Sealed = nil
	}
	return nil
}

// reactions keeps those that can be read and were not taken back.
func (o Opener) reactions(account string, item *viewv1.TimelineItem) error {
	kept := item.Reactions[:0]
	for _, reaction := range item.Reactions {
		message, err := o.open(account, reaction.Sealed)
		if err != nil {
			return err
		}
		switch sealed := message.(type) {
		case *eventv1.ReactionChanged_Sealed:
			reaction.Emoji = sealed.Emoji
		case *eventv1.ReactionQueued_Sealed:
			for _, part := range sealed.GetContent().GetParts() {
				reaction.Emoji = part.GetReacted().GetEmoji()
			}
		}
		if reaction.Sealed, reaction.Before = nil, nil; reaction.Emoji != "" {
			kept = append(kept, reaction)
		}
	}
	item.Reactions = kept
	return nil
}

// identity opens the names of an identity and takes out what is sealed.
func (o Opener) identity(account string, i *viewv1.Identity) error {
	for _, names := range i.Names {
		aliases, profile, ok, err := o.names(account, names.Sealed)
		if err != nil {
			return err
		}
		if !ok && names.Sealed != nil {
			i.Erased = true
		}
		for n, alias := range aliases {
			switch {
			case n >= len(names.Gone):
			case !names.Gone[n]:
				i.Aliases = append(i.Aliases, alias)
			default:
				former := &viewv1.FormerAlias{Alias: alias, Since: names.LearntAt}
				if n < len(names.GoneAt) {
					former.Until = names.GoneAt[n]
				}
				i.Former = append(i.Former, former)
			}
		}
		if profile != nil {
			i.Profile = profile
		}
	}
	i.Names = nil
	return nil
}

func (o Opener) names(account string, s *viewv1.Sealed) ([]*eventv1.Alias, *eventv1.Profile, bool, error) {
	if s.GetEventType() == "weiche.event.v1.IdentityCreated" {
		sealed, ok, err := opened[eventv1.IdentityCreated_Sealed](o, account, s)
		return sealed.Aliases, sealed.Profile, ok, err
	}
	sealed, ok, err := opened[eventv1.IdentityAliasesChanged_Sealed](o, account, s)
	return sealed.Added, sealed.Profile, ok, err
}
