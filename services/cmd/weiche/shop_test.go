package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/programtest"
	"weiche/services/simulator"
)

// shop is a running weiche with one account, seen from outside.
type shop struct {
	*load
	data  string
	flags []string
	p     *programtest.Process
	url   string
	graph *httptest.Server
}

func newShop(t *testing.T) *shop {
	s := &shop{load: newLoad(t), data: filepath.Join(t.TempDir(), "data")}
	s.graph = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Send string `json:"biz_opaque_callback_data"`
		}
		_ = json.NewDecoder(r.Body).Decode(&ask)
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": []any{map[string]string{"id": "wamid.out.canary." + ask.Send}}})
	}))
	t.Cleanup(s.graph.Close)
	s.flags = []string{"--graph-url", s.graph.URL}
	s.start(t)
	token, err := os.ReadFile(tokenFile(s.data))
	if err != nil {
		t.Fatal(err)
	}
	s.admin = strings.TrimSpace(string(token))
	s.connect(t, loadNumbers[0])
	return s
}

// connect sets the account up with the WhatsApp numbers of these ids.
func (s *shop) connect(t *testing.T, numbers ...string) {
	t.Helper()
	app := func(channel string) *ingressv1.AppSetup {
		return &ingressv1.AppSetup{Id: channel, Channel: channel, ProviderAppId: "1", AppSecrets: []string{loadSecret}, VerifyToken: "verify"}
	}
	setup := &ingressv1.ApplySetup{
		Name: "Shop", Apps: []*ingressv1.AppSetup{app("whatsapp"), app("instagram")},
		Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		Integrations: []*ingressv1.IntegrationSetup{
			{Id: "insta", Channel: "instagram", AppId: "instagram", ProviderAccountId: "300001", Address: "shop", AccessToken: "token"},
		},
		Widgets: []*ingressv1.WidgetSetup{{
			Id: "widget", Site: "shop.example", Languages: []string{"en"}, Offers: []string{"number"},
			Confirmation: eventv1.Confirmation_CONFIRMATION_IMMEDIATE,
		}},
	}
	for at, number := range numbers {
		id := "number"
		if at > 0 {
			id += "-" + number
		}
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: id, Channel: "whatsapp", AppId: "whatsapp", ProviderAccountId: number, Address: fmt.Sprint(15550100001 + at), AccessToken: "token",
		})
	}
	tokens, err := applySetup(t.Context(), s.url, s.admin, "shop", setup)
	if err != nil {
		t.Fatal(err)
	}
	s.agent = tokens[0].GetToken()
}

func (s *shop) start(t *testing.T) {
	t.Helper()
	s.p, s.url = serve(t, s.data, s.flags...)
	s.isUp(s.url)
}

func (s *shop) stop(t *testing.T) {
	t.Helper()
	s.isDown()
	s.p.Stop(t)
}

// post delivers a webhook.
func (s *shop) post(t *testing.T, channel string, body []byte) {
	t.Helper()
	status, said := s.request(t.Context(), s.url+"/webhooks/"+channel+"/"+channel, http.Header{
		"Content-Type": {"application/json"}, "X-Hub-Signature-256": {simulator.Sign(loadSecret, body)},
	}, body)
	if status != http.StatusOK {
		t.Fatalf("webhook: %d %s", status, said)
	}
}

// whatsapp delivers an item of a person.
func (s *shop) whatsapp(t *testing.T, phone, name string, item map[string]any) {
	t.Helper()
	item["from"], item["timestamp"] = phone, fmt.Sprint(time.Now().Unix())
	s.post(t, "whatsapp", webhook(entry(loadNumbers[0], map[string]any{
		"contacts": []any{map[string]any{"wa_id": phone, "profile": map[string]any{"name": name}}}, "messages": []any{item},
	})))
}

func text(id, body string) map[string]any {
	return map[string]any{"id": id, "type": "text", "text": map[string]any{"body": body}}
}

// instagram delivers a message of a person.
func (s *shop) instagram(t *testing.T, person string, message map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"object": "instagram", "entry": []any{map[string]any{
		"id": "300001", "time": time.Now().UnixMilli(), "messaging": []any{map[string]any{
			"sender": map[string]any{"id": person}, "recipient": map[string]any{"id": "300001"},
			"timestamp": time.Now().UnixMilli(), "message": message,
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	s.post(t, "instagram", body)
}

func (s *shop) must(t *testing.T, procedure, token string, ask, answer proto.Message) {
	t.Helper()
	if status, said := s.call(t.Context(), procedure, token, ask, answer); status != http.StatusOK {
		t.Fatalf("%s: %d %s", procedure, status, said)
	}
}

// events returns the log as the administrator sees it.
func (s *shop) events(t *testing.T) (bodies []proto.Message) {
	t.Helper()
	page := &adminv1.ListEventsResponse{}
	s.must(t, "weiche.admin.v1.AdminService/ListEvents", s.admin, &adminv1.ListEventsRequest{Limit: 1000}, page)
	for _, logged := range page.GetEvents() {
		body, err := logged.GetEvent().UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// eventOf waits for an event of a type that fits.
func eventOf[E proto.Message](t *testing.T, s *shop, fits func(E) bool) (found E) {
	t.Helper()
	eventually(t, fmt.Sprintf("a %T", found), func() bool {
		for _, body := range s.events(t) {
			if e, ok := body.(E); ok && fits(e) {
				found = e
				return true
			}
		}
		return false
	}, s.p.Stderr.String)
	return found
}

// people are the two who write: ana, who is erased, and bob, who is not.
var people = []string{"ana", "bob"}

// canaries are what they say and are called, to be searched for.
func canaries(person string) []string {
	digits := map[string]string{"ana": "15550107771", "bob": "15550107772"}[person]
	return []string{
		"canary-widget-" + person, "canary-text-" + person, "canary-name-" + person, "canary-place-" + person,
		"canary-street-" + person, "canary-reply-" + person, "wamid.canary." + person, digits,
	}
}

// play has a person begin in the widget, go on in WhatsApp and get an answer.
// It returns the customer.
func (s *shop) play(t *testing.T, person string) string {
	t.Helper()
	says := canaries(person)
	session := &widgetv1.OpenSessionResponse{}
	s.must(t, "weiche.widget.v1.WidgetService/OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: "widget"}, session)
	sent := &widgetv1.SendMessageResponse{}
	s.must(t, "weiche.widget.v1.WidgetService/SendMessage", session.GetSessionToken(), &widgetv1.SendMessageRequest{Text: says[0], ClientToken: "1"}, sent)
	link := &widgetv1.RequestLinkResponse{}
	s.must(t, "weiche.widget.v1.WidgetService/RequestLink", session.GetSessionToken(), &widgetv1.RequestLinkRequest{IntegrationId: "number", ClientToken: "2"}, link)
	s.whatsapp(t, says[7], says[2], text(says[6]+".0", says[1]+" "+link.GetLink().GetCode()))
	s.whatsapp(t, says[7], says[2], map[string]any{"id": says[6] + ".1", "type": "location", "location": map[string]any{
		"latitude": 1.5, "longitude": 2.5, "name": says[3], "address": says[4],
	}})
	reply := &workspacev1.SendReplyResponse{}
	s.must(t, "weiche.workspace.v1.WorkspaceService/SendReply", s.agent, &workspacev1.SendReplyRequest{
		ConversationId: sent.GetConversationId(), Text: says[5], ClientToken: "reply to " + person,
	}, reply)
	eventOf(t, s, func(e *eventv1.MessageSent) bool { return e.GetMessageId() == reply.GetMessageId() })
	return eventOf(t, s, func(e *eventv1.ConversationStarted) bool { return e.GetConversationId() == sent.GetConversationId() }).GetCustomerId()
}
