package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/api"
	"weiche/services/widget"
)

// open are the only calls that need no token.
var open = map[string]bool{widgetService + "OpenSession": true}

func procedures() []string {
	var all []string
	for _, file := range []protoreflect.FileDescriptor{
		widgetv1.File_weiche_widget_v1_widget_proto, workspacev1.File_weiche_workspace_v1_workspace_proto,
		adminv1.File_weiche_admin_v1_admin_proto,
	} {
		for n := range file.Services().Len() {
			service := file.Services().Get(n)
			for m := range service.Methods().Len() {
				all = append(all, fmt.Sprintf("/%s/%s", service.FullName(), service.Methods().Get(m).Name()))
			}
		}
	}
	return all
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
	mine := map[string]string{widgetService: "the visitor", workspaceService: "the agent", adminService: "the admin"}
	if len(procedures()) != 18 {
		t.Errorf("%d procedures", len(procedures()))
	}
	for _, procedure := range procedures() {
		service := procedure[:strings.LastIndex(procedure, "/")+1]
		for who, token := range tokens {
			got := s.call(t, procedure, token, `{}`)
			if who == mine[service] || open[procedure] {
				if got.text("code") == "unauthenticated" {
					t.Errorf("%s: %s is not let in", procedure, who)
				}
				continue
			}
			if got.status != http.StatusUnauthorized || got.text("message") != "a valid token is needed" ||
				got.reason() != "REASON_UNAUTHENTICATED" || got.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: %s is told %d %v", procedure, who, got.status, got.values)
			}
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
	same(workspaceService+"OfferLink", stranger, `{"conversationId":%q,"integrationId":"wa","clientToken":"y"}`, conversationID)
	same(workspaceService+"CancelLink", stranger, `{"conversationId":%q,"linkId":%q,"clientToken":"y"}`, conversationID, link)
	same(workspaceService+"Disconnect", stranger, `{"conversationId":%q,"integrationId":"shop","clientToken":"y"}`, conversationID)
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
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		s.want(t, "unauthenticated", "UNAUTHENTICATED", adminService+"ListEvents", s.admin(), `{}`, header, "127.0.0.1")
		s.want(t, "unauthenticated", "UNAUTHENTICATED", workspaceService+"GetRoute", s.eva(), `{}`, header, "127.0.0.1")
	}
	// A caller of another machine, as the server is told of one; nothing leaves
	// this machine.
	remote := newStage(t, nil)
	handler := remote.server.Config.Handler
	remote.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "203.0.113.9:4711"
		handler.ServeHTTP(w, r)
	}))
	defer remote.server.Close()
	remote.want(t, "unauthenticated", "UNAUTHENTICATED", adminService+"ListEvents", remote.admin(), `{}`)
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
