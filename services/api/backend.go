package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	"weiche/proto/gen/weiche/workspace/v1/workspacev1connect"
	"weiche/services/broker"
)

// backendServices are the services that back ends may ask over the broker, by their
// names in subjects.
func backendServices() map[string]string {
	return map[string]string{"workspace": workspacev1connect.WorkspaceServiceName}
}

// How calls are written.
const (
	contentJSON  = "application/json"
	contentProto = "application/proto"
)

// backend is who calls over the broker: an account, and the API key in whose name they
// come.
type backend struct{ account, key string }

// backendKey is where a call from the broker has who calls; no HTTP request gets there.
type backendKey struct{}

// backendOf returns the API key in whose name a call came over the broker. The
// broker's server has checked who calls; what they may do, and whether they still may,
// is the key's.
func (s *server) backendOf(b backend) actor {
	account, ok := s.Queries.Account(b.account)
	if !ok {
		return actor{}
	}
	for _, key := range account.GetApiKeys() {
		if key.GetKey().GetKeyId() == b.key {
			return s.keyActor(b.account, key)
		}
	}
	return actor{}
}

// Backends answers what back ends ask for over the broker, by the handler that New has
// returned: the same calls in the same words, with the rights of the API key that has
// the back end's name as its id.
func Backends(handler http.Handler) func(context.Context, broker.BackendCall) broker.BackendReply {
	return func(ctx context.Context, call broker.BackendCall) broker.BackendReply {
		content := cmp.Or(call.ContentType, contentJSON)
		service, ok := backendServices()[call.Service]
		if !ok || content != contentJSON && content != contentProto {
			return broker.BackendReply{Code: "unimplemented", Description: "there is no such service, or it is not written in this way"}
		}
		ctx = context.WithValue(ctx, backendKey{}, backend{account: call.Account, key: call.Backend})
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, "/"+service+"/"+call.Method, bytes.NewReader(call.Data))
		if err != nil {
			return broker.BackendReply{Code: "invalid_argument", Description: "there is no such method"}
		}
		request.Header.Set("Content-Type", content)
		if call.IdempotencyKey != "" {
			request.Header.Set("Idempotency-Key", call.IdempotencyKey)
		}
		answer := &kept{header: http.Header{}, status: http.StatusOK}
		handler.ServeHTTP(answer, request)
		reply := broker.BackendReply{ContentType: content, Data: answer.body.Bytes(), RetryAfter: answer.header.Get("Retry-After")}
		if answer.status != http.StatusOK {
			reply.Code, reply.Description, reply.Data = backendError(content, answer.body.Bytes())
		}
		return reply
	}
}

// backendError returns what went wrong: Connect's code and words, and the ErrorInfo as
// the answer would be written.
func backendError(content string, body []byte) (code, description string, info []byte) {
	var said struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Details []struct {
			Value string `json:"value"`
		} `json:"details"`
	}
	if err := json.Unmarshal(body, &said); err != nil || said.Code == "" {
		return "unimplemented", "there is no such method", nil
	}
	told := &errorv1.ErrorInfo{}
	if len(said.Details) > 0 {
		raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(said.Details[0].Value, "="))
		if err != nil || proto.Unmarshal(raw, told) != nil {
			return said.Code, said.Message, nil
		}
	}
	info, err := protojson.Marshal(told)
	if content == contentProto {
		info, err = proto.Marshal(told)
	}
	if err != nil {
		return said.Code, said.Message, nil
	}
	return said.Code, said.Message, info
}

// kept is an answer that is kept in memory.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// Header returns the header of the answer.
func (k *kept) Header() http.Header { return k.header }

// WriteHeader keeps the status.
func (k *kept) WriteHeader(status int) { k.status = status }

// Write keeps a part of the body.
func (k *kept) Write(data []byte) (int, error) { return k.body.Write(data) }
