// Package schema reads stored events: those that this program writes, and those
// that earlier versions of it wrote. It is the one place where the bytes of a
// record become a message, for decisions and views alike.
//
// Every record names the type of its event and the version of that type's schema.
// A version is raised where the same fields come to mean something else: a field
// that is only added needs none, and none is ever removed, so that the message of
// today can hold what any version wrote. What an older version meant is brought to
// today's meaning by upcasters, one from each version to the next.
package schema

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// sealedField is the field that is stored apart from the facts.
const sealedField = protoreflect.Name("sealed")

// Upcaster brings a message from one version of its type's schema to the next. It
// is pure; the message that it is given is its own, and it may return the same or
// one of another type.
type Upcaster func(proto.Message) proto.Message

// History is how the schema of one type changed: the upcasters from version 1 on,
// in their order. The newest version is one more than there are upcasters.
type History struct {
	// Facts holds the upcasters of the facts.
	Facts []Upcaster
	// Sealed holds those of the sealed part, as many; nil where a version did
	// not change it.
	Sealed []Upcaster
}

// Schema reads events of the types that it finds.
type Schema struct {
	// Types finds the type of an event by its full name, and nothing that is no
	// event.
	Types func(protoreflect.FullName) (protoreflect.MessageType, error)
	// Histories holds the types whose schema has changed; all others have
	// version 1.
	Histories map[protoreflect.FullName]History
}

// current is the schema of this program.
var current = Schema{Types: eventType, Histories: histories}

// histories is empty: no event has changed its meaning yet.
var histories = map[protoreflect.FullName]History{}

// Version returns the version of the schema that events of a type are written
// with, 0 for a type that is not known.
func Version(typeName string) uint32 { return current.Version(typeName) }

// Facts returns the event that a record's facts hold, without its sealed part, as
// this program means it. The error is a [*LaterError] where a later version of
// this program wrote the record.
func Facts(typeName string, version uint32, facts []byte) (proto.Message, error) {
	return current.Facts(typeName, version, facts)
}

// Sealed returns the sealed part of an event, decrypted before, as this program
// means it: a message of the type of the event's field "sealed". The error is a
// [*LaterError] where a later version of this program wrote the record.
func Sealed(typeName string, version uint32, plain []byte) (proto.Message, error) {
	return current.Sealed(typeName, version, plain)
}

// Version is what the function of this name is for the schema of this program.
func (s Schema) Version(typeName string) uint32 {
	name := protoreflect.FullName(typeName)
	if _, err := s.Types(name); err != nil {
		return 0
	}
	return uint32(len(s.Histories[name].Facts)) + 1
}

// Facts is what the function of this name is for the schema of this program.
func (s Schema) Facts(typeName string, version uint32, facts []byte) (proto.Message, error) {
	kind, err := s.find(typeName, version)
	if err != nil {
		return nil, err
	}
	return upcast(kind.New().Interface(), facts, s.Histories[protoreflect.FullName(typeName)].Facts, version)
}

// Sealed is what the function of this name is for the schema of this program.
func (s Schema) Sealed(typeName string, version uint32, plain []byte) (proto.Message, error) {
	kind, err := s.find(typeName, version)
	if err != nil {
		return nil, err
	}
	field := kind.Descriptor().Fields().ByName(sealedField)
	if field == nil {
		return nil, fmt.Errorf("schema: a %s has no sealed part", typeName)
	}
	into := kind.New().NewField(field).Message().Interface()
	return upcast(into, plain, s.Histories[protoreflect.FullName(typeName)].Sealed, version)
}

// find returns the type of an event that was written at a version.
func (s Schema) find(typeName string, version uint32) (protoreflect.MessageType, error) {
	kind, err := s.Types(protoreflect.FullName(typeName))
	if errors.Is(err, protoregistry.NotFound) {
		return nil, &LaterError{Type: typeName, Version: version}
	}
	if err != nil {
		return nil, fmt.Errorf("schema: type %q: %w", typeName, err)
	}
	if known := s.Version(typeName); version > known {
		return nil, &LaterError{Type: typeName, Version: version, Known: known}
	}
	if version == 0 {
		return nil, fmt.Errorf("schema: a %s without a schema version", typeName)
	}
	return kind, nil
}

// upcast reads what was written at a version and brings it to the newest.
func upcast(m proto.Message, plain []byte, steps []Upcaster, version uint32) (proto.Message, error) {
	if err := proto.Unmarshal(plain, m); err != nil {
		return nil, fmt.Errorf("schema: %s, version %d: %w", m.ProtoReflect().Descriptor().FullName(), version, err)
	}
	for _, step := range steps[min(int(version)-1, len(steps)):] {
		if step != nil {
			m = step(m)
		}
	}
	return m, nil
}
