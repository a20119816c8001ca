package schema

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// record is the message of the package that is no event but holds one.
var record = (&eventv1.Record{}).ProtoReflect().Descriptor()

// events holds the type of every event by its full name.
var events = eventTypes()

// eventTypes finds the events: the messages of weiche.event.v1 that stand by
// themselves. A message that others have as a field is a part of events, and no
// event.
func eventTypes() map[protoreflect.FullName]protoreflect.MessageType {
	parts := map[protoreflect.FullName]bool{record.FullName(): true}
	found := map[protoreflect.FullName]protoreflect.MessageType{}
	protoregistry.GlobalFiles.RangeFilesByPackage(record.ParentFile().Package(), func(file protoreflect.FileDescriptor) bool {
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
		return true
	})
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
