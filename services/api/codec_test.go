package api_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"

	"weiche/services/api"
)

// TestUnknownFields names a field that a message does not have.
func TestUnknownFields(t *testing.T) {
	s := newStage(t, nil)
	for body, says := range map[string]string{
		`{"widgetId":"shop","langauge":"en"}`:    `unknown field "langauge"`,
		`{"widget_id":"shop","user":{"name":1}}`: `unknown field "user"`,
		`{"widgetId":"shop","widgetId":"blog"}`:  `duplicate field "widgetId"`,
	} {
		got := s.call(t, widgetService+"OpenSession", "", body)
		if got.status != http.StatusBadRequest || got.reason() != "REASON_INVALID" || !strings.Contains(got.text("message"), says) {
			t.Errorf("%s: %d %s, want %s", body, got.status, got.text("message"), says)
		}
	}
	if got := s.call(t, widgetService+"OpenSession", "", `{"widget_id":"shop"}`); got.status != http.StatusOK {
		t.Errorf("a field by its name in the proto file: %d", got.status)
	}
}

// TestDepth nests requests, to the bound and past it, in all the ways that messages
// can be nested.
func TestDepth(t *testing.T) {
	s := newStage(t, nil)
	for depth, body := range map[int]string{
		33: `{"a":` + strings.Repeat("[", 33) + strings.Repeat("]", 33) + `}`, 20_000: `{"setup":` + strings.Repeat(`{"a":`, 9_000) + "1" + strings.Repeat("}", 9_000) + `}`,
	} {
		if got := s.call(t, widgetService+"OpenSession", "", body); got.status != http.StatusBadRequest || got.reason() != "REASON_INVALID" {
			t.Errorf("nested %d deep: %d %s", depth, got.status, got.reason())
		}
	}
	nested := func(levels int) *structpb.Value {
		value := structpb.NewNumberValue(1)
		for range levels {
			value = structpb.NewListValue(&structpb.ListValue{Values: []*structpb.Value{value}})
		}
		return value
	}
	packed := func(levels int) *anypb.Any {
		holds := &anypb.Any{}
		for range levels {
			var err error
			if holds, err = anypb.New(holds); err != nil {
				t.Fatal(err)
			}
		}
		return holds
	}
	for _, codec := range api.Codecs() {
		for _, tc := range []struct {
			name          string
			fits, exceeds proto.Message
			into          func() proto.Message
		}{
			// A list of a value is two messages.
			{"list", nested(14), nested(40), func() proto.Message { return &structpb.Value{} }},
			{"any", packed(8), packed(40), func() proto.Message { return &anypb.Any{} }},
		} {
			for message, want := range map[proto.Message]bool{tc.fits: true, tc.exceeds: false} {
				var text bytes.Buffer
				if err := codec.MarshalWrite(t.Context(), &text, message); err != nil {
					t.Fatal(err)
				}
				err := codec.UnmarshalRead(t.Context(), bytes.NewReader(text.Bytes()), tc.into())
				// What lies in an Any is bytes to the binary form, and one level.
				if fits := err == nil; fits != (want || codec.Name() == connect.CodecNameProto && tc.name == "any") {
					t.Errorf("%s, %s, %d bytes: %v", codec.Name(), tc.name, text.Len(), err)
				}
			}
		}
	}
}
