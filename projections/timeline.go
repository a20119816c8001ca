package projections

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// applyTimeline folds the timeline (V1, V3): a row for each line, in the place
// of the event that made it, and rows that say where the line of a message is
// and which integration an identity or a link is about.
func applyTimeline(rows Rows, rec *eventstore.Record, event proto.Message) {
	t := timelineFold{rows: rows, rec: rec, account: rec.Stream.Account}
	switch e := event.(type) {
	case *eventv1.MessageReceived:
		t.comment(e.ConversationId, e.MessageId, &viewv1.TimelineItem{
			Line: &viewv1.TimelineItem_Customer{Customer: &viewv1.CustomerComment{
				IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel,
				SentAt: e.SentAt, Late: e.Late, LinkId: e.LinkId,
			}},
		})
		t.unseen(e.ConversationId)
	case *eventv1.ReplyQueued:
		t.comment(e.ConversationId, e.MessageId, &viewv1.TimelineItem{
			Line: &viewv1.TimelineItem_Agent{Agent: &viewv1.AgentComment{
				AgentId: e.AgentId, Route: e.Route, State: viewv1.DeliveryState_DELIVERY_STATE_QUEUED,
				IntegrationId: e.Route.GetIntegrationId(), Channel: e.Route.GetChannel(),
				IntendedIntegrationId: intended(e.Route).GetIntegrationId(), IntendedChannel: intended(e.Route).GetChannel(),
				Automated: e.Automated,
			}},
		})
		if !e.Automated {
			t.seen(e.ConversationId, rec.Position)
		}
	case *eventv1.EchoReceived:
		t.comment(e.ConversationId, e.MessageId, &viewv1.TimelineItem{
			Line: &viewv1.TimelineItem_NativeApp{NativeApp: &viewv1.NativeComment{
				IdentityId: e.IdentityId, IntegrationId: e.IntegrationId, Channel: e.Channel, SentAt: e.SentAt,
			}},
		})
		t.seen(e.ConversationId, rec.Position)
	case *eventv1.ConversationSeen:
		if place := t.placeOf(e.ConversationId, e.MessageId); place != nil {
			t.seen(e.ConversationId, place.Position)
		}
	case *eventv1.NoteAdded:
		t.message(e.ConversationId, e.MessageId, &viewv1.TimelineItem{
			Kind: viewv1.ItemKind_ITEM_KIND_NOTE,
			Line: &viewv1.TimelineItem_Note{Note: &viewv1.Note{AgentId: e.AgentId}},
		})
	case *eventv1.ReactionChanged:
		t.change(e.ConversationId, e.MessageId, func(item *viewv1.TimelineItem) bool { return t.react(item, e) })
	case *eventv1.ReactionQueued:
		t.change(e.ConversationId, e.MessageId, func(item *viewv1.TimelineItem) bool {
			return t.reactAsAgent(item, e)
		})
	case *eventv1.ReactionFailed:
		t.change(e.ConversationId, e.MessageId, func(item *viewv1.TimelineItem) bool { return unreact(item, e.ReactionEventId) })
		t.line(e.ConversationId, &viewv1.SystemLine{Kind: viewv1.SystemLineKind_SYSTEM_LINE_KIND_REACTION_FAILED})
	case *eventv1.MessageEdited:
		t.change(e.ConversationId, e.MessageId, func(item *viewv1.TimelineItem) bool { return t.edit(e.ConversationId, item, e) })
	case *eventv1.MessageReparsed:
		t.change(e.ConversationId, e.MessageId, func(item *viewv1.TimelineItem) bool {
			if item.Unsent {
				return false
			}
			item.Reparsed = sealedOf(t.rec)
			t.placeEvent(e.ConversationId, item)
			return true
		})
	case *eventv1.MediaRequested:
		t.file(e.ConversationId, e.MessageId, &viewv1.MediaFile{
			Part: e.Part, State: viewv1.MediaState_MEDIA_STATE_FETCHING,
		})
	case *eventv1.MediaStored:
		t.file(e.ConversationId, e.MessageId, &viewv1.MediaFile{
			Part: e.Part, State: viewv1.MediaState_MEDIA_STATE_READY, Stored: e.Stored,
		})
	case *eventv1.MediaFailed:
		t.file(e.ConversationId, e.MessageId, &viewv1.MediaFile{
			Part: e.Part, State: viewv1.MediaState_MEDIA_STATE_FAILED, Error: e.Error,
		})
	case *eventv1.MessageUnsent:
		t.unsend(e.ConversationId, e.MessageId, e.ContentEventIds, unsent)
	case *eventv1.UnsendParked:
		t.unsend("", "", e.ContentEventIds, unsent)
	default:
		if !t.delivery(event) {
			t.system(event)
		}
	}
}

type timelineFold struct {
	rows    Rows
	rec     *eventstore.Record
	account string
}

// add puts a line at the end of the timeline.
func (t *timelineFold) add(conversation string, item *viewv1.TimelineItem) {
	item.Position, item.Changed = t.rec.Position, t.rec.Position
	item.EventId, item.RecordedAt = t.rec.ID, recordedAt(t.rec)
	if item.GetSystem().GetKind() != viewv1.SystemLineKind_SYSTEM_LINE_KIND_QUARANTINED {
		// What is in quarantine is for the operator alone.
		item.Sealed = sealedOf(t.rec)
	}
	t.rows.Put(itemKey(t.account, conversation, item.Position), item)
	// What was written here is taken back by the message alone.
	if item.Sealed != nil && item.GetAgent() == nil && item.GetNote() == nil {
		t.placeEvent(conversation, item)
	}
}

// placeEvent remembers on which line the sealed part of the record's event is.
func (t *timelineFold) placeEvent(conversation string, item *viewv1.TimelineItem) {
	t.rows.Put(eventKey(t.account, t.rec.ID), &viewv1.ItemPlace{Position: item.Position, ConversationId: conversation})
}

// message adds the line of a message that later events may name.
func (t *timelineFold) message(conversation, id string, item *viewv1.TimelineItem) {
	item.MessageId = id
	t.add(conversation, item)
	t.rows.Put(rowKey(t.account, conversation, kindMessage).text(id), &viewv1.ItemPlace{Position: item.Position})
}

func (t *timelineFold) comment(conversation, id string, item *viewv1.TimelineItem) {
	item.Kind = viewv1.ItemKind_ITEM_KIND_COMMENT
	t.message(conversation, id, item)
}

// change lets f change the line of a message where it stands. f reports whether
// it did.
func (t *timelineFold) change(conversation, id string, f func(*viewv1.TimelineItem) bool) {
	if place := t.placeOf(conversation, id); place != nil {
		t.changeAt(conversation, place.Position, f)
	}
}

// placeOf returns where the line of a message is, nil if there is none.
func (t *timelineFold) placeOf(conversation, id string) *viewv1.ItemPlace {
	return get[viewv1.ItemPlace](t.rows, rowKey(t.account, conversation, kindMessage).text(id))
}

// changeAt does the same for the line at a position.
func (t *timelineFold) changeAt(conversation string, position uint64, f func(*viewv1.TimelineItem) bool) {
	k := itemKey(t.account, conversation, position)
	item := get[viewv1.TimelineItem](t.rows, k)
	if item == nil || !f(item) {
		return
	}
	if item.Changed != item.Position {
		t.rows.Delete(changedKey(t.account, conversation, item))
	}
	item.Changed = t.rec.Position
	t.rows.Put(k, item)
	t.rows.Put(changedKey(t.account, conversation, item), &viewv1.ItemPlace{Position: item.Position})
}

// unsend takes everything sealed out of the line of a message, if one is named:
// all its wordings, and what was said to it. It does so too with the lines that
// hold sealed parts of some events, of any conversation of the account: the log
// loses those parts, and rows that were folded before and after are the same.
// mark changes a line for its readers, which is that of the message or another
// one, and reports whether it did.
func (t *timelineFold) unsend(conversation, message string, eventIDs []string, mark func(_ *viewv1.TimelineItem, message bool) bool) {
	if message != "" {
		t.change(conversation, message, func(item *viewv1.TimelineItem) bool {
			t.dropSealed(conversation, item)
			return mark(item, true)
		})
	}
	for _, id := range eventIDs {
		place := get[viewv1.ItemPlace](t.rows, eventKey(t.account, id))
		if place == nil {
			continue
		}
		t.changeAt(place.ConversationId, place.Position, func(item *viewv1.TimelineItem) bool {
			t.dropSealed(place.ConversationId, item)
			return mark(item, false)
		})
	}
}

// unsent marks a line whose content was taken back.
func unsent(item *viewv1.TimelineItem, message bool) bool {
	item.Unsent = item.Unsent || message
	item.Erased = !item.Unsent
	return true
}

// dropSealed takes everything sealed out of a line.
func (t *timelineFold) dropSealed(conversation string, item *viewv1.TimelineItem) {
	if hasCiphertext(item) {
		t.rows.Forget(itemKey(t.account, conversation, item.Position))
	}
	item.Sealed, item.Reparsed, item.Edits, item.Reactions, item.Media = nil, nil, nil, nil, nil
}

// hasCiphertext reports whether anything in a line was not yet redacted when it
// was folded.
func hasCiphertext(item *viewv1.TimelineItem) bool {
	return len(item.Sealed.GetCiphertext()) > 0 || len(item.Reparsed.GetCiphertext()) > 0 ||
		slices.ContainsFunc(item.Edits, func(e *viewv1.Edit) bool { return len(e.Sealed.GetCiphertext()) > 0 }) ||
		slices.ContainsFunc(item.Reactions, isReadable)
}

// isReadable says whether a reaction, or one before it, was not yet redacted.
func isReadable(r *viewv1.Reaction) bool {
	return r != nil && (len(r.Sealed.GetCiphertext()) > 0 || isReadable(r.Before))
}

// react keeps the last reaction of each who reacted, by the provider's time.
func (t *timelineFold) react(item *viewv1.TimelineItem, e *eventv1.ReactionChanged) bool {
	if item.Unsent {
		return false
	}
	reaction := &viewv1.Reaction{
		IdentityId: e.IdentityId, At: e.At, ByBusiness: e.ByBusiness, AgentId: e.AgentId, Sealed: sealedOf(t.rec),
	}
	for n, before := range item.Reactions {
		if before.IdentityId != e.IdentityId || before.ByBusiness != e.ByBusiness {
			continue
		}
		if e.At.AsTime().Before(before.At.AsTime()) {
			return false
		}
		item.Reactions[n] = reaction
		return true
	}
	item.Reactions = append(item.Reactions, reaction)
	return true
}

// reactionsBefore is how many reactions of an agent to one message are remembered
// beside the last: of so many it may turn out that they did not arrive.
const reactionsBefore = 8

// reactAsAgent is react for a reaction that may still not arrive: it remembers what
// it takes the place of.
func (t *timelineFold) reactAsAgent(item *viewv1.TimelineItem, e *eventv1.ReactionQueued) bool {
	place := func() int {
		return slices.IndexFunc(item.Reactions, func(r *viewv1.Reaction) bool { return r.ByBusiness && r.IdentityId == e.IdentityId })
	}
	var before *viewv1.Reaction
	if at := place(); at >= 0 {
		before = item.Reactions[at]
	}
	changed := t.react(item, &eventv1.ReactionChanged{
		IdentityId: e.IdentityId, AgentId: e.AgentId, ByBusiness: true, At: recordedAt(t.rec),
	})
	if changed {
		last := item.Reactions[place()]
		last.Before = before
		for range reactionsBefore {
			if last = last.GetBefore(); last == nil {
				return true
			}
		}
		last.Before = nil
	}
	return changed
}

// unreact takes a reaction away that did not arrive. What it took the place of
// counts again.
func unreact(item *viewv1.TimelineItem, eventID string) bool {
	for at, last := range item.Reactions {
		if last.Sealed.GetEventId() == eventID {
			item.Reactions = slices.Delete(item.Reactions, at, at+1)
			if last.Before != nil {
				item.Reactions = slices.Insert(item.Reactions, at, last.Before)
			}
			return true
		}
		for ; last.GetBefore() != nil; last = last.Before {
			if last.Before.Sealed.GetEventId() == eventID {
				last.Before = last.Before.Before
				return true
			}
		}
	}
	return false
}

// edit keeps the edits in the order of their numbers, and by the provider's time
// where one of two has none.
func (t *timelineFold) edit(conversation string, item *viewv1.TimelineItem, e *eventv1.MessageEdited) bool {
	if item.Unsent {
		return false
	}
	edit := &viewv1.Edit{Edit: e.Edit, At: e.At, Position: t.rec.Position, ByBusiness: e.ByBusiness, Sealed: sealedOf(t.rec)}
	t.placeEvent(conversation, item)
	item.Edits = append(item.Edits, edit)
	for n := len(item.Edits) - 1; n > 0 && older(edit, item.Edits[n-1]); n-- {
		item.Edits[n-1], item.Edits[n] = edit, item.Edits[n-1]
	}
	return true
}

// older reports whether an edit was made before another.
func older(edit, than *viewv1.Edit) bool {
	if edit.Edit != 0 && than.Edit != 0 {
		return edit.Edit < than.Edit
	}
	return edit.At.AsTime().Before(than.At.AsTime())
}

// file notes how far a file of a message is. A file that is asked for again, and
// nothing else, is no change.
func (t *timelineFold) file(conversation, message string, file *viewv1.MediaFile) {
	t.change(conversation, message, func(item *viewv1.TimelineItem) bool {
		if item.Unsent {
			return false
		}
		at, known := slices.BinarySearchFunc(item.Media, file.Part, func(f *viewv1.MediaFile, part uint32) int {
			return int(f.Part) - int(part)
		})
		if !known {
			item.Media = slices.Insert(item.Media, at, file)
			return true
		}
		if item.Media[at].State == file.State {
			return false
		}
		item.Media[at] = file
		return true
	})
}

func eventKey(account, event string) key { return rowKey(account, event, kindEvent) }

func itemKey(account, conversation string, position uint64) key {
	return rowKey(account, conversation, kindItem).number(position)
}

// changedKey is where it says which line was changed at a position. A line that is
// as it was made is found by its own.
func changedKey(account, conversation string, item *viewv1.TimelineItem) key {
	return rowKey(account, conversation, kindChanged).number(item.Changed).number(item.Position)
}
