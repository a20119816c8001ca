package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"weiche/services/api"
)

// procedures returns every call of every service that the API is made of, as the
// generated code has registered them, and whether it answers with a stream.
func procedures(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "weiche.") {
			return true
		}
		for n := range file.Services().Len() {
			service := file.Services().Get(n)
			for m := range service.Methods().Len() {
				method := service.Methods().Get(m)
				all[fmt.Sprintf("/%s/%s", service.FullName(), method.Name())] = method.IsStreamingServer()
			}
		}
		return true
	})
	if len(all) < 24 {
		t.Fatalf("only %d procedures were found", len(all))
	}
	return all
}

// serviceOf returns the service of a procedure, as the constants name it.
func serviceOf(procedure string) string { return procedure[:strings.LastIndex(procedure, "/")+1] }

// attempt calls a procedure, by the protocol that it needs.
func (s *stage) attempt(t *testing.T, procedure string, streams bool, token string, header ...string) answer {
	t.Helper()
	if !streams {
		return s.call(t, procedure, token, `{}`, header...)
	}
	// An envelope has a byte of flags and the length before the message.
	body := "\x00\x00\x00\x00\x02{}"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+procedure, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/connect+json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for at := 0; at < len(header); at += 2 {
		req.Header.Set(header[at], header[at+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil || len(data) < 5 || data[0] != 2 {
		t.Fatalf("%s: %d %q (%v): no stream that ends at once", procedure, resp.StatusCode, data, err)
	}
	var end struct{ Error values }
	if err := json.Unmarshal(data[5:], &end); err != nil {
		t.Fatalf("%s: %q: %v", procedure, data, err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, values: end.Error}
}

// forger has another pepper.
type forger struct{}

func (forger) Hash(string, ...string) []byte { return make([]byte, 32) }

// I20: what belongs to somebody else is told as what does not exist.
func TestNotYoursIsNotThere(t *testing.T) {
	s := newStage(t, nil)
	ana, ben := s.visitor(t, "shop"), s.visitor(t, "shop")
	sent := s.must(t, widgetService+"SendMessage", ana, `{"text":"secret","clientToken":"1"}`)
	s.must(t, widgetService+"SendMessage", ben, `{"text":"mine","clientToken":"1"}`)
	link := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"2"}`).text("link.linkId")
	conversationID, messageID := sent.text("conversationId"), sent.text("messageId")
	stranger := api.AgentToken(s.keys, "other", "eva").Reveal()

	same := func(procedure, token, body string, ids ...string) {
		t.Helper()
		theirs := s.call(t, procedure, token, fmt.Sprintf(body, toAny(ids)...))
		var none []any
		for range ids {
			none = append(none, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
		}
		missing := s.call(t, procedure, token, fmt.Sprintf(body, none...))
		if theirs.status != http.StatusNotFound || fmt.Sprint(theirs.values) != fmt.Sprint(missing.values) {
			t.Errorf("%s: %v for what is somebody's, %v for what is not", procedure, theirs.values, missing.values)
		}
	}
	same(widgetService+"GetLink", ben, `{"linkId":%q}`, link)
	same(widgetService+"CancelLink", ben, `{"linkId":%q,"clientToken":"x"}`, link)
	same(widgetService+"MarkRead", ben, `{"messageId":%q}`, messageID)
	same(workspaceService+"GetConversation", stranger, `{"conversationId":%q}`, conversationID)
	same(workspaceService+"GetRoute", stranger, `{"conversationId":%q}`, conversationID)
	same(workspaceService+"GetCustomer", stranger, `{"conversationId":%q}`, conversationID)
	same(workspaceService+"GetChannel", stranger, `{"conversationId":%q,"integrationId":"shop"}`, conversationID)
	same(workspaceService+"SendReply", stranger, `{"conversationId":%q,"text":"x","clientToken":"y"}`, conversationID)
	same(workspaceService+"SendReply", stranger, `{"conversationId":%q,"content":{"parts":[{"text":"x"}]},"replyToMessageId":%q,"clientToken":"q"}`, conversationID, messageID)
	same(workspaceService+"SettleOutcome", stranger, `{"conversationId":%q,"messageId":%q,"arrived":true,"clientToken":"s"}`, conversationID, messageID)
	same(workspaceService+"React", stranger, `{"conversationId":%q,"messageId":%q,"emoji":"x","clientToken":"r"}`, conversationID, messageID)
	same(workspaceService+"SendTyping", stranger, `{"conversationId":%q,"on":true}`, conversationID)
	same(workspaceService+"MarkSeen", stranger, `{"conversationId":%q}`, conversationID)
	same(workspaceService+"OfferLink", stranger, `{"conversationId":%q,"integrationId":"wa","clientToken":"y"}`, conversationID)
	same(workspaceService+"CancelLink", stranger, `{"conversationId":%q,"linkId":%q,"clientToken":"y"}`, conversationID, link)
	same(workspaceService+"Disconnect", stranger, `{"conversationId":%q,"integrationId":"shop","clientToken":"y"}`, conversationID)
	card := s.must(t, workspaceService+"GetCustomer", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, conversationID))
	same(workspaceService+"LinkCustomers", stranger, `{"customerId":%q,"otherCustomerId":"01ARZ3NDEKTSV4RRFFQ69G5FAX","clientToken":"l"}`, card.text("customer.customerId"))
	same(workspaceService+"UnlinkCustomers", stranger, `{"customerId":%q,"otherCustomerId":"01ARZ3NDEKTSV4RRFFQ69G5FAX","clientToken":"u"}`, card.text("customer.customerId"))
	same(workspaceService+"ConfirmIdentity", stranger, `{"identityId":%q,"clientToken":"c"}`, card.text("customer.identities.0.identityId"))
	for _, id := range []string{"", "a b", strings.Repeat("x", 65), strings.Repeat("x", 60_000), "../x", "a\tb"} {
		s.want(t, "not_found", "NOT_FOUND", workspaceService+"GetRoute", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, id))
	}
	if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
	shown := s.must(t, widgetService+"GetTimeline", ben, `{}`)
	if shown.length("lines") != 1 || shown.text("lines.0.content.parts.0.text.body") != "mine" {
		t.Errorf("ben sees %v", shown.get("lines"))
	}
	s.want(t, "not_found", "NOT_FOUND", widgetService+"OpenSession", "", `{"widgetId":"gone"}`)
}

func toAny(ids []string) (out []any) {
	for _, id := range ids {
		out = append(out, id)
	}
	return out
}

func TestRemoteTokensWhereTheyAreAllowed(t *testing.T) {
	s := newStage(t, func(c *api.Config) { c.AllowRemoteTokens = true })
	s.must(t, adminService+"ListEvents", s.admin(), `{}`, "X-Forwarded-For", "203.0.113.9")
}

func FuzzParseAgentToken(f *testing.F) {
	f.Add("wa_YWNtZXxldmE.AAAA")
	f.Add("wa_YWNtZXxldmE")
	f.Add("wa_.")
	f.Add("wa_fA.x")
	f.Fuzz(func(t *testing.T, token string) {
		account, id, ok := api.ParseAgentToken(token)
		if !ok {
			return
		}
		for _, part := range []string{account, id} {
			if part == "" || len(part) > 64 || strings.Trim(part, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
				t.Fatalf("%q names %q and %q", token, account, id)
			}
		}
	})
}
