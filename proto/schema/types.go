package schema

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// files are those in which events are.
var files = []protoreflect.FileDescriptor{
	eventv1.File_weiche_event_v1_account_proto,
	eventv1.File_weiche_event_v1_conversation_proto,
	eventv1.File_weiche_event_v1_identity_proto,
	eventv1.File_weiche_event_v1_ingest_proto,
}

// events holds the type of every event by its full name.
var events = eventTypes()

// eventTypes finds the events: the messages of their files that stand by
// themselves. A message that others have as a field is a part of events, and no
// event.
func eventTypes() map[protoreflect.FullName]protoreflect.MessageType {
	parts := map[protoreflect.FullName]bool{}
	found := map[protoreflect.FullName]protoreflect.MessageType{}
	for _, file := range files {
		eachMessage(file.Messages(), func(m protoreflect.MessageDescriptor) {
			for i := range m.Fields().Len() {
				if part := m.Fields().Get(i).Message(); part != nil {
					parts[part.FullName()] = true
				}
			}
		})
		for i := range file.Messages().Len() {
			if kind, err := protoregistry.GlobalTypes.FindMessageByName(file.Messages().Get(i).FullName()); err == nil {
				found[kind.Descriptor().FullName()] = kind
			}
		}
	}
	maps.DeleteFunc(found, func(name protoreflect.FullName, _ protoreflect.MessageType) bool { return parts[name] })
	return found
}

func eachMessage(messages protoreflect.MessageDescriptors, see func(protoreflect.MessageDescriptor)) {
	for i := range messages.Len() {
		see(messages.Get(i))
		eachMessage(messages.Get(i).Messages(), see)
	}
}

// eventType returns the type of an event.
func eventType(name protoreflect.FullName) (protoreflect.MessageType, error) {
	if kind := events[name]; kind != nil {
		return kind, nil
	}
	return nil, protoregistry.NotFound
}

// Types returns the full names of all events that this program knows, sorted.
func Types() []string {
	var names []string
	for name := range events {
		names = append(names, string(name))
	}
	slices.Sort(names)
	return names
}
