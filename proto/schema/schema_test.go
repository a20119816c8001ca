package schema_test

import (
	"errors"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/proto/schema"
)

// weather is an event that nobody has, with facts and a sealed part: version 1 held
// degrees of Fahrenheit and a place in one word, version 2 Celsius, version 3 the
// place in words.
func weather(t *testing.T) (schema.Schema, protoreflect.MessageType) {
	t.Helper()
	text, number := descriptorpb.FieldDescriptorProto_TYPE_STRING, descriptorpb.FieldDescriptorProto_TYPE_INT64
	message := descriptorpb.FieldDescriptorProto_TYPE_MESSAGE
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("weather.proto"), Package: proto.String("test"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{
			Name: proto.String("Weather"),
			Field: []*descriptorpb.FieldDescriptorProto{
				{Name: proto.String("degrees"), Number: proto.Int32(1), Type: &number},
				{Name: proto.String("sealed"), Number: proto.Int32(15), Type: &message, TypeName: proto.String(".test.Weather.Sealed")},
			},
			NestedType: []*descriptorpb.DescriptorProto{{
				Name:  proto.String("Sealed"),
				Field: []*descriptorpb.FieldDescriptorProto{{Name: proto.String("place"), Number: proto.Int32(1), Type: &text}},
			}},
		}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	kind := dynamicpb.NewMessageType(file.Messages().Get(0))
	celsius := func(m proto.Message) proto.Message {
		field := m.ProtoReflect().Descriptor().Fields().ByName("degrees")
		m.ProtoReflect().Set(field, protoreflect.ValueOfInt64((m.ProtoReflect().Get(field).Int()-32)*5/9))
		return m
	}
	words := func(m proto.Message) proto.Message {
		field := m.ProtoReflect().Descriptor().Fields().ByName("place")
		m.ProtoReflect().Set(field, protoreflect.ValueOfString("the town of "+m.ProtoReflect().Get(field).String()))
		return m
	}
	return schema.Schema{
		Types: func(name protoreflect.FullName) (protoreflect.MessageType, error) {
			if name == kind.Descriptor().FullName() {
				return kind, nil
			}
			return nil, protoregistry.NotFound
		},
		Histories: map[protoreflect.FullName]schema.History{
			"test.Weather": {Facts: []schema.Upcaster{celsius, nil}, Sealed: []schema.Upcaster{nil, words}},
		},
	}, kind
}

func TestUpcastersAreChained(t *testing.T) {
	s, kind := weather(t)
	facts, sealed := kind.New(), kind.New().NewField(kind.Descriptor().Fields().ByName("sealed")).Message()
	facts.Set(kind.Descriptor().Fields().ByName("degrees"), protoreflect.ValueOfInt64(212))
	place := sealed.Descriptor().Fields().ByName("place")
	sealed.Set(place, protoreflect.ValueOfString("Bree"))
	plainFacts, plainSealed := marshal(t, facts.Interface()), marshal(t, sealed.Interface())

	if got := s.Version("test.Weather"); got != 3 {
		t.Errorf("it is written with version %d", got)
	}
	for version, want := range map[uint32]string{1: "100 the town of Bree", 2: "212 the town of Bree", 3: "212 Bree"} {
		event, err := s.Facts("test.Weather", version, plainFacts)
		if err != nil {
			t.Fatal(err)
		}
		part, err := s.Sealed("test.Weather", version, plainSealed)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(event.ProtoReflect().Get(kind.Descriptor().Fields().ByName("degrees")).Int(), " ",
			part.ProtoReflect().Get(place).String())
		if got != want {
			t.Errorf("version %d reads as %q, not %q", version, got, want)
		}
	}
}

// TestI34WhatIsLaterIsSaid shows that neither a type nor a version that is not known
// is read as something else.
func TestI34WhatIsLaterIsSaid(t *testing.T) {
	s, _ := weather(t)
	received := "weiche.event.v1.MessageReceived"
	for _, tc := range []struct {
		schema  schema.Schema
		name    string
		version uint32
		want    string
	}{
		{s, "test.Weather", 4, `type "test.Weather" has schema version 4 and is known up to 3: it was written by a later version`},
		{s, "test.Tides", 1, `type "test.Tides" (schema version 1) is not known: it was written by a later version`},
	} {
		for _, read := range []func(string, uint32, []byte) (proto.Message, error){tc.schema.Facts, tc.schema.Sealed} {
			m, err := read(tc.name, tc.version, nil)
			if m != nil || !errors.Is(err, schema.ErrLater) || err.Error() != tc.want {
				t.Errorf("%s %d: %v, %v", tc.name, tc.version, m, err)
			}
		}
	}
	if _, err := schema.Facts(received, schema.Version(received)+1, nil); !errors.Is(err, schema.ErrLater) {
		t.Errorf("a later MessageReceived: %v", err)
	}
	// No event, no version and no message are damage, not news.
	for _, name := range []string{"weiche.event.v1.Record", "weiche.event.v1.Content", "google.protobuf.Timestamp"} {
		if schema.Version(name) != 0 {
			t.Errorf("%s is an event", name)
		}
	}
	for what, read := range map[string]func() (proto.Message, error){
		"no version":  func() (proto.Message, error) { return schema.Facts(received, 0, nil) },
		"no message":  func() (proto.Message, error) { return schema.Facts(received, 1, []byte{0xff}) },
		"none sealed": func() (proto.Message, error) { return schema.Sealed("weiche.event.v1.RouteChanged", 1, nil) },
	} {
		if _, err := read(); err == nil || errors.Is(err, schema.ErrLater) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if m, err := schema.Sealed(received, 1, nil); err != nil || m.ProtoReflect().Descriptor() != (&eventv1.MessageReceived_Sealed{}).ProtoReflect().Descriptor() {
		t.Errorf("the sealed part of a MessageReceived is a %T (%v)", m, err)
	}
}

func marshal(t *testing.T, m proto.Message) []byte {
	t.Helper()
	plain, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}
