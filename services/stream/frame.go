package stream

import (
	"strconv"
	"sync"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// subscriptionField is the number of SubscribeResponse.subscription.
const subscriptionField = 2

// Frame is one frame, shared by all that are told it and encoded once for them.
type Frame struct {
	// Response is the frame without the number of a subscription. It must not be
	// changed.
	Response *streamv1.SubscribeResponse

	asJSON, asProto sync.Once
	json, proto     []byte
}

// NewFrame returns a frame.
func NewFrame(response *streamv1.SubscribeResponse) *Frame { return &Frame{Response: response} }

// AppendJSON appends the frame as JSON, for a subscription.
func (f *Frame) AppendJSON(to []byte, subscription uint32) []byte {
	f.asJSON.Do(func() {
		f.json, _ = protojson.Marshal(f.Response) // what was read from the log can be written
	})
	if subscription == 0 || len(f.json) < 2 {
		return append(to, f.json...)
	}
	to = append(to, `{"subscription":`...)
	to = strconv.AppendUint(to, uint64(subscription), 10)
	if len(f.json) > 2 {
		to = append(to, ',')
	}
	return append(to, f.json[1:]...)
}

// AppendProto appends the frame as protobuf, for a subscription.
func (f *Frame) AppendProto(to []byte, subscription uint32) []byte {
	f.asProto.Do(func() { f.proto, _ = proto.Marshal(f.Response) })
	to = append(to, f.proto...)
	if subscription == 0 {
		return to
	}
	to = protowire.AppendTag(to, subscriptionField, protowire.VarintType)
	return protowire.AppendVarint(to, uint64(subscription))
}

// What frames of one kind say.
func caughtUp(cursor string) *Frame {
	return NewFrame(&streamv1.SubscribeResponse{Cursor: cursor, Frame: &streamv1.SubscribeResponse_CaughtUp{CaughtUp: &streamv1.CaughtUp{}}})
}

func heartbeat(cursor string) *Frame {
	return NewFrame(&streamv1.SubscribeResponse{Cursor: cursor, Frame: &streamv1.SubscribeResponse_Heartbeat{Heartbeat: &streamv1.Heartbeat{}}})
}

func changed(cursor string, change *streamv1.Change) *Frame {
	return NewFrame(&streamv1.SubscribeResponse{Cursor: cursor, Frame: &streamv1.SubscribeResponse_Change{Change: change}})
}

func goAway(reason streamv1.GoAwayReason, retryAfterMS uint32) *Frame {
	return NewFrame(&streamv1.SubscribeResponse{Frame: &streamv1.SubscribeResponse_GoAway{GoAway: &streamv1.GoAway{
		Reason: reason, RetryAfterMs: retryAfterMS,
	}}})
}
