// Package public turns what is stored into what is told: each record of the log into
// one public event, or into none. It is pure, and the only place that knows both
// languages, so that EVENTS, streams and lists never differ.
package public

import (
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// conversationCategory is the category of the streams of conversations.
const conversationCategory = "conversation"

// Record is one record of the log, opened as far as that is possible.
type Record struct {
	// EventID is its id.
	EventID string
	// Account, Category and ID name its stream.
	Account, Category, ID string
	// Version is its place in that stream, Sequence that among the account's records.
	Version, Sequence uint64
	// Position is its place in the log.
	Position Position
	// At is when it was recorded.
	At time.Time
	// Body is the stored event. It is not changed.
	Body proto.Message
}

// Event returns what is public of a record, nil where nothing is.
func Event(rec *Record) *streamv1.Event {
	event := &streamv1.Event{}
	if !translate(event, rec.Body) {
		return nil
	}
	event.EventId, event.AccountId, event.Sequence = rec.EventID, rec.Account, rec.Sequence
	if rec.Category == conversationCategory {
		event.ConversationId, event.Version = rec.ID, rec.Version
	}
	event.Position, event.At = rec.Position.String(), timestamppb.New(rec.At)
	event.Type = TypeOf(event)
	return event
}

// TypeOf returns the type of an event by its body, such as message.created; empty
// where it has none.
func TypeOf(event *streamv1.Event) string {
	reflected := event.ProtoReflect()
	field := reflected.WhichOneof(body)
	if field == nil {
		return ""
	}
	return typeName(field.Name())
}

// Types returns all types of public events, in the order of their fields.
func Types() []string {
	fields := body.Fields()
	types := make([]string, 0, fields.Len())
	for at := range fields.Len() {
		types = append(types, typeName(fields.Get(at).Name()))
	}
	return types
}

var body = (&streamv1.Event{}).ProtoReflect().Descriptor().Oneofs().ByName("body")

// nouns are the words with which types begin whose fields do not say it.
var nouns = map[protoreflect.Name]string{
	"labels_changed": "conversation.labels_changed", "reaction_changed": "message.reaction_changed",
	"media_changed": "message.media_changed",
}

// typeName makes a type of the name of a field of the body: the noun, a dot, what
// happened to it.
func typeName(field protoreflect.Name) string {
	if name, ok := nouns[field]; ok {
		return name
	}
	return strings.Replace(string(field), "_", ".", 1)
}
