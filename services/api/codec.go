package api

import (
	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
)

// maxDepth is how deep the messages of a request may lie in each other.
const maxDepth = 32

// Codecs are how requests are read and answers written, binary and as JSON. A request
// that is nested deeper than 32 messages is invalid, and so is JSON with a field that
// its message does not have: a caller who misspells a name hears of it. Fields that are
// not known are left alone in the binary form, where they have no name.
func Codecs() []connect.Codec {
	binary, json := connectproto.NewBinaryCodec(), connectproto.NewJSONCodec()
	binary.UnmarshalOptions.RecursionLimit = maxDepth
	json.UnmarshalOptions.RecursionLimit = maxDepth
	json.UnmarshalOptions.DiscardUnknown = false
	return []connect.Codec{binary, json}
}
