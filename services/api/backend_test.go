package api_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/api"
	"weiche/services/broker"
	"weiche/services/channel"
)

// A back end asks for the same as an agent by HTTP, and is told the same.
func TestBackends(t *testing.T) {
	s := newStage(t, nil)
	conversation := s.onPage(t)
	s.key(t, "crm")
	answer := api.Backends(s.server.Config.Handler)
	ask := func(account, service, method, content, body string) broker.BackendReply {
		return answer(t.Context(), broker.BackendCall{
			Account: account, Backend: "crm", Service: service, Method: method, ContentType: content, Data: []byte(body),
		})
	}
	sent := ask("acme", "workspace", "SendReply", "", fmt.Sprintf(`{"conversationId":%q,"text":"good day","clientToken":"1"}`, conversation))
	reply := &workspacev1.SendReplyResponse{}
	if err := protojson.Unmarshal(sent.Data, reply); err != nil || sent.Code != "" || reply.GetMessageId() == "" || sent.ContentType != "application/json" {
		t.Fatalf("%+v %s: %v", sent, sent.Data, err)
	}
	body, err := proto.Marshal(&workspacev1.GetConversationRequest{ConversationId: conversation, MinPosition: reply.GetPosition()})
	if err != nil {
		t.Fatal(err)
	}
	got := ask("acme", "workspace", "GetConversation", "application/proto", string(body))
	shown := &workspacev1.GetConversationResponse{}
	if err := proto.Unmarshal(got.Data, shown); err != nil || len(shown.GetTimeline().GetItems()) < 2 {
		t.Fatalf("%+v: %v", got, err)
	}
	if said := fmt.Sprint(shown.GetTimeline()); !strings.Contains(said, "good day") || !strings.Contains(said, "key/crm") {
		t.Errorf("the conversation is %s", said)
	}
	for what, c := range map[string]struct {
		account, service, method, content, body, code string
		reason                                        errorv1.Reason
	}{
		"another account":      {account: "other", service: "workspace", method: "GetConversation", body: fmt.Sprintf(`{"conversationId":%q}`, conversation), code: "unauthenticated", reason: errorv1.Reason_REASON_UNAUTHENTICATED},
		"no conversation":      {account: "acme", service: "workspace", method: "GetConversation", body: `{"conversationId":"01ARZ3NDEKTSV4RRFFQ69G5FAV"}`, code: "not_found", reason: errorv1.Reason_REASON_NOT_FOUND},
		"no key":               {account: "other", service: "workspace", method: "GetConversation", body: `{}`, code: "unauthenticated", reason: errorv1.Reason_REASON_UNAUTHENTICATED},
		"no method":            {account: "acme", service: "workspace", method: "Nothing", body: `{}`, code: "unimplemented"},
		"no service":           {account: "acme", service: "nothing", method: "GetConversation", body: `{}`, code: "unimplemented"},
		"another's service":    {account: "acme", service: "admin", method: "ListAgents", body: `{}`, code: "unimplemented"},
		"no JSON":              {account: "acme", service: "workspace", method: "GetConversation", body: `{`, code: "invalid_argument", reason: errorv1.Reason_REASON_INVALID},
		"another way to write": {account: "acme", service: "workspace", method: "GetConversation", content: "application/grpc", body: `{}`, code: "unimplemented"},
		"a stream":             {account: "acme", service: "workspace", method: "GetConversation", content: "application/connect+json", body: `{}`, code: "unimplemented"},
		"no client token":      {account: "acme", service: "workspace", method: "SendReply", body: fmt.Sprintf(`{"conversationId":%q,"text":"x"}`, conversation), code: "invalid_argument", reason: errorv1.Reason_REASON_INVALID},
	} {
		got := ask(c.account, c.service, c.method, c.content, c.body)
		told := &errorv1.ErrorInfo{}
		if c.reason != 0 {
			if err := protojson.Unmarshal(got.Data, told); err != nil {
				t.Errorf("%s: %q: %v", what, got.Data, err)
			}
		}
		if got.Code != c.code || told.GetReason() != c.reason || got.Description == "" {
			t.Errorf("%s: %+v %s", what, got, got.Data)
		}
	}
	revoked := &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_RevokeApiKey{RevokeApiKey: &ingressv1.RevokeApiKey{KeyId: "crm"}}}
	s.command(t, revoked)
	if got := ask("acme", "workspace", "GetConversation", "", fmt.Sprintf(`{"conversationId":%q}`, conversation)); got.Code != "unauthenticated" {
		t.Errorf("a key that was revoked: %+v", got)
	}
	// The header that says who calls is not one that HTTP has.
	s.want(t, "unauthenticated", "UNAUTHENTICATED", workspaceService+"GetConversation", "", fmt.Sprintf(`{"conversationId":%q}`, conversation))
}

// command has an administrator's command decided.
func (s *stage) command(t *testing.T, command *ingressv1.AgentCommand) {
	t.Helper()
	answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindAgent, Account: "acme", ID: "admin"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: command}}}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("%v: %v", answer, err)
	}
	_, _ = s.WaitForSetup(t.Context(), answer.GetItems()[0].GetPosition())
}

// key makes an API key.
func (s *stage) key(t *testing.T, id string) {
	t.Helper()
	s.command(t, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_CreateApiKey{CreateApiKey: &ingressv1.CreateApiKey{
		KeyId: id, Name: id, Hash: make([]byte, 32), Scopes: []string{"conversations:read", "conversations:write"},
	}}})
}
