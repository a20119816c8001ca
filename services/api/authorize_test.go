package api_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"weiche/services/api"
	"weiche/services/widget"
)

// open are the only calls that need no token.
var open = map[string]bool{widgetService + "OpenSession": true}

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

// refused checks that a call was told that it needs a token, and nothing else.
func (a answer) refused(t *testing.T, procedure string, streams bool, who string) {
	t.Helper()
	status := a.status == http.StatusUnauthorized && a.header.Get("WWW-Authenticate") == "Bearer"
	if streams {
		// A stream says in its end how it went.
		status = a.status == http.StatusOK
	}
	if !status || a.text("code") != "unauthenticated" || a.text("message") != "a valid token is needed" ||
		a.reason() != "REASON_UNAUTHENTICATED" {
		t.Errorf("%s: %s is told %d %v", procedure, who, a.status, a.values)
	}
}

// mine says whose token a service is for.
var mine = map[string]string{
	widgetService: "the visitor", workspaceService: "the agent", accessService: "the agent", streamService: "the agent", adminService: "the admin", operationsService: "the admin",
}

// I20: whoever has no token, or one that is not for this, is told the same.
func TestEveryCallNeedsItsToken(t *testing.T) {
	s := newStage(t, nil)
	tokens := map[string]string{
		"nobody": "", "nonsense": "x", "the visitor": s.visitor(t, "shop"), "the agent": s.eva(), "the admin": s.admin(),
		"an agent whom nobody has":   api.AgentToken(s.keys, "acme", "max").Reveal(),
		"an account that is not":     api.AgentToken(s.keys, "nowhere", "eva").Reveal(),
		"a forged session":           widget.NewSession(forger{}, "acme", "shop").Token().Reveal(),
		"a widget that is not":       widget.NewSession(s.keys, "acme", "gone").Token().Reveal(),
		"a session of another owner": widget.NewSession(s.keys, "other", "shop").Token().Reveal(),
		"half a token":               s.eva()[:len(s.eva())-10],
	}
	seen := map[string]bool{}
	for procedure, streams := range procedures(t) {
		service := serviceOf(procedure)
		if seen[service] = true; mine[service] == "" {
			t.Errorf("nobody says whose %s is", procedure)
		}
		for who, token := range tokens {
			got := s.attempt(t, procedure, streams, token)
			switch {
			case who != mine[service] && !open[procedure]:
				got.refused(t, procedure, streams, who)
			case got.text("code") == "unauthenticated", got.status == http.StatusNotFound && got.values == nil:
				t.Errorf("%s: %s is not let in", procedure, who)
			}
		}
	}
	for service := range mine {
		if !seen[service] {
			t.Errorf("there is no service %s", service)
		}
	}
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

// The tokens of agents and administrators count on this machine alone, and not
// through a proxy.
func TestTokensOfThisMachine(t *testing.T) {
	s := newStage(t, nil)
	// A caller of another machine, as the server is told of one; nothing leaves
	// this machine.
	remote := newStage(t, nil)
	handler := remote.server.Config.Handler
	remote.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "203.0.113.9:4711"
		handler.ServeHTTP(w, r)
	}))
	defer remote.server.Close()
	for procedure, streams := range procedures(t) {
		token := map[string]func(*stage) string{
			"the admin": (*stage).admin, "the agent": (*stage).eva,
		}[mine[serviceOf(procedure)]]
		if token == nil {
			continue
		}
		for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
			s.attempt(t, procedure, streams, token(s), header, "127.0.0.1").refused(t, procedure, streams, "who comes through a proxy")
		}
		remote.attempt(t, procedure, streams, token(remote)).refused(t, procedure, streams, "another machine")
	}
	remote.visitor(t, "shop") // visitors come from everywhere
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
