package story_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/conversation"
	"weiche/services/programtest"
	"weiche/services/simulator"
	"weiche/services/story"
)

// unreal finds what cannot be done in the real world when a story says so: to move
// its clock, and to have a provider repeat, report or fail at that very line.
var unreal = regexp.MustCompile(`(?m)^(wait |senders |the provider |the operator |the next send |the answer |\w+@\w+ takes back what |\w+(@\w+)? (repeats|reports|echoes)|\w+@\w+, \S+ ago)`)

// TestStoriesInProcesses plays the stories on the fifth stage that can be played in
// the real world, the seed story among them.
func TestStoriesInProcesses(t *testing.T) {
	nats := startNATS(t)
	const seed = "01_widget_messenger_whatsapp"
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if line := unreal.Find(text); line != nil {
			if filepath.Base(path) == seed {
				t.Fatalf("%q is in the seed story, which has to be played", line)
			}
			t.Skipf("%q cannot be done in the real world", line)
		}
		stage := newInProcesses(t, nats)
		story.Play(t, path, stage)
		stage.end(t)
	})
}

// TestI30OneRouter starts weiche a second time where it must not start.
func TestI30OneRouter(t *testing.T) {
	nats := startNATS(t)
	data, other := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "other")
	first, _ := serve(t, data, nats)

	const conflict = 4
	programtest.Run(t, program(t), onBroker(other, nats)...).Expect(t, conflict, "a router is running", fmt.Sprintf("-%d", first.ID()))
	programtest.Run(t, program(t), onBroker(data, nats)...).Expect(t, conflict, "a weiche is running on it")

	// Whoever ends in order makes room at once, for the other folder too.
	first.Stop(t)
	second, _ := serve(t, other, nats)
	// One that was killed cannot, but nobody is needed.
	second.Kill()
	began := time.Now()
	third, _ := serve(t, data, nats)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("I29: ready %s after a kill", took)
	} else {
		t.Logf("ready %s after a kill", took.Round(time.Millisecond))
	}
	third.Stop(t)
}

// inProcesses is the fifth stage: weiche, a simulator of the providers and a NATS
// server, each a process of its own. Everything is done and seen over HTTP, as
// pages, workspaces and phones do it. Its senders are the real ones.
type inProcesses struct {
	t                 *testing.T
	server, providers *programtest.Process
	weiche, phones    string // their addresses
	admin, agent      string // tokens
	sessions          map[string]string
	// people leads from the addresses that the log has to the people of the story.
	people map[string]string
	known  map[string]bool
	// said leads from the story's id of a message to the provider's.
	said  map[string]string
	links map[string]*widgetv1.Link
	// head is how far the log was when it was read last.
	head uint64
	// customers leads from a customer to a conversation of theirs.
	customers map[string]string
}

// address is where people find the account on a channel.
var address = map[string]string{"whatsapp": "15550100001", "messenger": "shop.page", "instagram": "shop.ig"}

func newInProcesses(t *testing.T, nats string) *inProcesses {
	s := &inProcesses{
		t: t, sessions: map[string]string{}, people: map[string]string{}, known: map[string]bool{}, said: map[string]string{},
		links: map[string]*widgetv1.Link{}, customers: map[string]string{},
	}
	config := simulator.Config{
		Seed:       1,
		Numbers:    []simulator.Number{{ID: "whatsapp-account", WABA: "waba", App: "app-whatsapp", Display: address["whatsapp"], Token: "token"}},
		Pages:      []simulator.Page{{ID: "messenger-account", Name: address["messenger"], App: "app-messenger", Token: "token"}},
		Instagrams: []simulator.Instagram{{ID: "instagram-account", Username: address["instagram"], App: "app-instagram", Token: "token"}},
		// What a provider tells of sends would stand between the lines of a story.
		Webhooks: simulator.Webhooks{Events: map[string]simulator.EventSetting{
			"status": {Off: true}, "echo": {Off: true}, "delivery": {Off: true}, "read": {Off: true},
		}},
	}
	for channel := range address {
		config.Apps = append(config.Apps, simulator.App{ID: "app-" + channel, Secret: "secret", VerifyToken: "verify"})
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "simulator.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.providers, s.phones = programtest.Begin(t, `simulator on (\S+)`, program(t), "simulator", "--http", "127.0.0.1:0", "--config", file)
	data := filepath.Join(t.TempDir(), "data")
	s.server, s.weiche = serve(t, data, nats, "--graph-url", s.phones)
	token, err := os.ReadFile(filepath.Join(data, "tokens", "admin"))
	if err != nil {
		t.Fatal(err)
	}
	s.admin = strings.TrimSpace(string(token))
	for channel := range address {
		s.simulate(http.MethodPut, "/sim/apps/app-"+channel+"/callback",
			map[string]string{"url": s.weiche + "/webhooks/" + channel + "/" + channel + "-app"}, nil)
	}
	return s
}

// end ends the processes in order.
func (s *inProcesses) end(t *testing.T) {
	s.server.Stop(t)
	s.providers.Stop(t)
}

// SendsItself says that the senders are real.
func (s *inProcesses) SendsItself() {}

// simulate calls the simulator.
func (s *inProcesses) simulate(method, path string, body, answer any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	status, said := s.post(method, s.phones+path, "", text)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, status, said)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(said, answer); err != nil {
		s.t.Fatal(err)
	}
}

// refusal is why weiche did not do what it was asked for.
type refusal struct{ Code, Message string }

// call calls an RPC of weiche; the answer is nil where it was done.
func (s *inProcesses) call(procedure, token string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	text, err := protojson.Marshal(ask)
	if err != nil {
		s.t.Fatal(err)
	}
	status, said := s.post(http.MethodPost, s.weiche+"/"+procedure, token, text)
	if status == http.StatusOK {
		if err := protojson.Unmarshal(said, answer); err != nil {
			s.t.Fatal(err)
		}
		return nil
	}
	why := &refusal{}
	if err := json.Unmarshal(said, why); err != nil || why.Code == "" {
		s.t.Fatalf("%s: %d %s", procedure, status, said)
	}
	return why
}

func (s *inProcesses) post(method, url, token string, body []byte) (int, []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, &s.server.Stderr)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, said
}

func (s *inProcesses) widget(person, method string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	if s.sessions[person] == "" {
		opened := &widgetv1.OpenSessionResponse{}
		if why := s.call("weiche.widget.v1.WidgetService/OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: "widget"}, opened); why != nil {
			s.t.Fatalf("open a session: %v", why)
		}
		s.sessions[person] = opened.GetSessionToken()
	}
	return s.call("weiche.widget.v1.WidgetService/"+method, s.sessions[person], ask, answer)
}

func (s *inProcesses) workspace(method string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	return s.call("weiche.workspace.v1.WorkspaceService/"+method, s.agent, ask, answer)
}

// Publish does what an item says, as whoever says it does it.
func (s *inProcesses) Publish(t testing.TB, from story.Speaker, item *ingressv1.Item) *ingressv1.ItemAnswer {
	t.Helper()
	before := int(s.head)
	answer := &ingressv1.ItemAnswer{Status: ingressv1.ItemStatus_ITEM_STATUS_COMMITTED}
	var why *refusal
	person := ""
	switch kind := item.GetKind().(type) {
	case *ingressv1.Item_Agent:
		why = s.asAgent(kind.Agent, answer)
	case *ingressv1.Item_Widget:
		person = kind.Widget.GetVisitor().GetValue()
		why = s.asVisitor(person, kind.Widget, answer)
	case *ingressv1.Item_Inbound:
		s.onPhone(from.ID, kind.Inbound)
	default:
		t.Fatalf("nobody can do this in the real world: %v", item)
	}
	if why != nil {
		answer.Status, answer.Detail = ingressv1.ItemStatus_ITEM_STATUS_REFUSED, why.Message
	}
	s.settle(t)
	for _, event := range s.Events(t, before) {
		if created, ok := event.Body.(*eventv1.IdentityCreated); ok && created.GetChannel() == "widget" {
			s.people[created.GetSealed().GetAliases()[0].GetValue()] = person
		}
		if event.Stream.Category == conversation.CategoryConversation {
			answer.ConversationId = event.Stream.ID
		}
	}
	return answer
}

func (s *inProcesses) asAgent(command *ingressv1.AgentCommand, answer *ingressv1.ItemAnswer) *refusal {
	token, where := command.GetClientToken(), command.GetConversationId()
	switch c := command.GetCommand().(type) {
	case *ingressv1.AgentCommand_ApplySetup:
		setup := proto.CloneOf(c.ApplySetup)
		for _, i := range setup.GetIntegrations() {
			i.Address = address[i.GetChannel()]
		}
		made := &adminv1.ApplySetupResponse{}
		why := s.call("weiche.admin.v1.AdminService/ApplySetup", s.admin, &adminv1.ApplySetupRequest{AccountId: story.Account, Setup: setup}, made)
		for _, agent := range made.GetAgentTokens() {
			s.agent = agent.GetToken()
		}
		return why
	case *ingressv1.AgentCommand_SendReply:
		text, _ := conversation.PlainText(c.SendReply.GetContent())
		ask := &workspacev1.SendReplyRequest{
			ConversationId: where, Text: text, ClientToken: token,
			SeenRouteVersion: c.SendReply.GetSeenRouteVersion(), Strict: c.SendReply.GetStrict(),
		}
		switch place := c.SendReply.GetDestination().GetPlace().(type) {
		case *ingressv1.Destination_IntegrationId:
			ask.Destination = &workspacev1.Destination{Place: &workspacev1.Destination_IntegrationId{IntegrationId: place.IntegrationId}}
		case *ingressv1.Destination_Note:
			ask.Destination = &workspacev1.Destination{Place: &workspacev1.Destination_Note{Note: place.Note}}
		}
		sent := &workspacev1.SendReplyResponse{}
		why := s.workspace("SendReply", ask, sent)
		answer.MessageId, answer.RouteVersion = sent.GetMessageId(), sent.GetRouteVersion()
		return why
	case *ingressv1.AgentCommand_OfferLink:
		offered := &workspacev1.OfferLinkResponse{}
		why := s.workspace("OfferLink", &workspacev1.OfferLinkRequest{
			ConversationId: where, IntegrationId: c.OfferLink.GetIntegrationId(), ClientToken: token,
		}, offered)
		if why == nil {
			s.links[offered.GetLinkId()] = &widgetv1.Link{LinkId: offered.GetLinkId(), Url: offered.GetUrl(), Code: codeIn(offered.GetUrl())}
			answer.LinkId = offered.GetLinkId()
		}
		return why
	case *ingressv1.AgentCommand_EraseCustomer:
		why := s.call("weiche.admin.v1.OperationsService/EraseCustomer", s.admin, &adminv1.EraseCustomerRequest{
			CustomerId: c.EraseCustomer.GetCustomerId(),
		}, &adminv1.EraseCustomerResponse{})
		// Providers tell the time in seconds: what is written within this one
		// would be from before.
		erased := time.Now()
		s.eventually(s.t, "the next second", func() bool { return time.Now().Unix() > erased.Unix() })
		return why
	case *ingressv1.AgentCommand_Disconnect:
		return s.workspace("Disconnect", &workspacev1.DisconnectRequest{
			ConversationId: where, IntegrationId: c.Disconnect.GetIntegrationId(), ClientToken: token,
		}, &workspacev1.DisconnectResponse{})
	}
	s.t.Fatalf("an agent cannot do this in the real world: %v", command)
	return nil
}

// codeIn returns the code in a deep link.
func codeIn(link string) string {
	u, err := url.Parse(link)
	if err != nil {
		return ""
	}
	query := u.Query()
	for word := range strings.FieldsSeq(query.Get("ref") + " " + query.Get("text")) {
		if strings.HasPrefix(word, "w1") {
			return word
		}
	}
	return ""
}

func (s *inProcesses) asVisitor(person string, command *ingressv1.WidgetCommand, answer *ingressv1.ItemAnswer) *refusal {
	token := command.GetClientToken()
	switch c := command.GetCommand().(type) {
	case *ingressv1.WidgetCommand_PostMessage:
		text, _ := conversation.PlainText(c.PostMessage.GetContent())
		sent := &widgetv1.SendMessageResponse{}
		why := s.widget(person, "SendMessage", &widgetv1.SendMessageRequest{Text: text, ClientToken: token}, sent)
		answer.MessageId = sent.GetMessageId()
		return why
	case *ingressv1.WidgetCommand_RequestLink:
		made := &widgetv1.RequestLinkResponse{}
		why := s.widget(person, "RequestLink", &widgetv1.RequestLinkRequest{
			IntegrationId: c.RequestLink.GetIntegrationId(), ClientToken: token,
		}, made)
		if why == nil {
			s.links[made.GetLink().GetLinkId()] = made.GetLink()
			answer.LinkId = made.GetLink().GetLinkId()
		}
		return why
	case *ingressv1.WidgetCommand_CancelLink:
		return s.widget(person, "CancelLink", &widgetv1.CancelLinkRequest{
			LinkId: c.CancelLink.GetLinkId(), ClientToken: token,
		}, &widgetv1.CancelLinkResponse{})
	case *ingressv1.WidgetCommand_Disconnect:
		return s.widget(person, "Disconnect", &widgetv1.DisconnectRequest{
			IntegrationId: c.Disconnect.GetIntegrationId(), ClientToken: token,
		}, &widgetv1.DisconnectResponse{})
	case *ingressv1.WidgetCommand_MarkRead:
		return s.widget(person, "MarkRead", &widgetv1.MarkReadRequest{MessageId: c.MarkRead.GetMessageId()}, &widgetv1.MarkReadResponse{})
	}
	s.t.Fatalf("a visitor cannot do this in the real world: %v", command)
	return nil
}

// onPhone does on a person's phone what an inbound says that they did.
func (s *inProcesses) onPhone(channel string, in *ingressv1.Inbound) {
	s.t.Helper()
	name, account := in.GetSender()[0].GetValue(), in.GetProviderAccountId()
	if !s.known[name] {
		s.known[name] = true
		var person simulator.Person
		s.simulate(http.MethodPost, "/sim/people", simulator.Person{
			Name: name, WhatsApp: simulator.WhatsAppIdentity{Mode: simulator.ModePhone},
		}, &person)
		s.people[person.WhatsApp.Phone] = name
		for _, ids := range []map[string]string{person.Messenger, person.Instagram} {
			for id := range maps.Values(ids) {
				s.people[id] = name
			}
		}
	}
	if late := time.Since(in.GetSentAt().AsTime()); late > 2*time.Second {
		s.t.Fatalf("a message of %s ago cannot be sent now", late)
	}
	path := "/sim/people/" + url.PathEscape(name) + "/"
	if unsend := in.GetUnsend(); unsend != nil {
		s.simulate(http.MethodPost, path+"unsend", map[string]string{
			"integration": account, "message": s.said[unsend.GetProviderMessageId()],
		}, nil)
		return
	}
	content := in.GetMessage()
	for _, part := range content.GetParts() {
		if answer := part.GetAnswer(); answer != nil {
			s.simulate(http.MethodPost, path+"tap", simulator.Press{Integration: account, Button: answer.GetPayload()}, nil)
			return
		}
	}
	if ref := content.GetReferral().GetRef(); ref != "" {
		s.simulate(http.MethodPost, path+"open", simulator.Visit{URL: s.linkWith(ref).GetUrl()}, nil)
		return
	}
	text, ok := conversation.PlainText(content)
	if !ok {
		s.t.Fatalf("nobody can do this on a phone: %v", in)
	}
	for _, link := range s.links {
		if u, err := url.Parse(link.GetUrl()); err == nil && u.Query().Get("text") == text {
			s.simulate(http.MethodPost, path+"open", simulator.Visit{URL: link.GetUrl(), Send: true}, nil)
			return
		}
	}
	var typed simulator.Message
	s.simulate(http.MethodPost, path+"send", simulator.Typed{Integration: account, Text: text}, &typed)
	s.said[in.GetProviderMessageId()] = typed.ID
}

func (s *inProcesses) linkWith(code string) *widgetv1.Link {
	for _, link := range s.links {
		if link.GetCode() == code {
			return link
		}
	}
	s.t.Fatalf("no link has the code %q", code)
	return nil
}

// settle waits until the providers have delivered everything and every send has
// ended.
func (s *inProcesses) settle(t testing.TB) {
	t.Helper()
	s.eventually(t, "sends to end", func() bool {
		s.simulate(http.MethodGet, "/sim/idle?timeout=20s", nil, nil)
		under := map[string]bool{}
		for _, event := range s.Events(t, 0) {
			switch e := event.Body.(type) {
			case *eventv1.SendRequested:
				under[e.GetSendId()] = true
			case *eventv1.SendSucceeded:
				delete(under, e.GetSendId())
			case *eventv1.SendFailed:
				delete(under, e.GetSendId())
			case *eventv1.SendOutcomeUnknown:
				delete(under, e.GetSendId())
			case *eventv1.SendWithdrawn:
				delete(under, e.GetSendId())
			}
		}
		return len(under) == 0
	})
}

// eventually asks until something is so.
func (s *inProcesses) eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for patience := time.After(30 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("waited 30 s for %s\n%s", what, &s.server.Stderr)
		}
	}
}

// Events reads the log as an administrator does.
func (s *inProcesses) Events(t testing.TB, from int) []conversation.Event {
	t.Helper()
	var events []conversation.Event
	for after := uint64(from); ; {
		page := &adminv1.ListEventsResponse{}
		if why := s.call("weiche.admin.v1.AdminService/ListEvents", s.admin, &adminv1.ListEventsRequest{After: after, Limit: 1000}, page); why != nil {
			t.Fatalf("list events: %v", why)
		}
		for _, logged := range page.GetEvents() {
			body, err := logged.GetEvent().UnmarshalNew()
			if err != nil {
				t.Fatal(err)
			}
			if after++; logged.GetPosition() != after {
				t.Fatalf("position %d follows %d", logged.GetPosition(), after-1)
			}
			if created, ok := body.(*eventv1.IdentityCreated); ok {
				s.name(created.GetSealed().GetAliases())
			}
			category, id, _ := strings.Cut(logged.GetStream(), "-")
			events = append(events, conversation.Event{
				Stream: conversation.Stream{Category: category, ID: id},
				ID:     logged.GetEventId(), At: logged.GetRecordedAt().AsTime(), Body: body,
			})
		}
		if after >= page.GetHead() {
			s.head = after
			return events
		}
	}
}

// name puts the people of the story in the place of their addresses.
func (s *inProcesses) name(aliases []*eventv1.Alias) {
	for _, alias := range aliases {
		if name := s.people[alias.GetValue()]; name != "" {
			alias.Value = name
		}
	}
}

// Now is the world's time; it passes by itself.
func (s *inProcesses) Now() time.Time { return time.Now() }

// Advance cannot be done.
func (s *inProcesses) Advance(t testing.TB, by time.Duration) {
	t.Fatalf("the world's time cannot be moved by %s", by)
}

// Code returns the code that the widget has shown.
func (s *inProcesses) Code(linkID string) string { return s.links[linkID].GetCode() }

// view asks for a view until it shows the whole log.
func (s *inProcesses) view(t testing.TB, ask func() (asOf uint64, why *refusal)) {
	t.Helper()
	s.eventually(t, "the views", func() bool {
		asOf, why := ask()
		if why != nil && why.Code != "not_found" {
			t.Fatalf("view: %v", why)
		}
		return why != nil || asOf >= s.head
	})
}

func (s *inProcesses) Timeline(t testing.TB, conversationID string) []*viewv1.TimelineItem {
	answer := &workspacev1.GetConversationResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetConversation", &workspacev1.GetConversationRequest{ConversationId: conversationID, Limit: 1000}, answer)
		return answer.GetTimeline().GetAsOf(), why
	})
	return answer.GetTimeline().GetItems()
}

func (s *inProcesses) Channel(t testing.TB, conversationID, integrationID string) *viewv1.ChannelView {
	answer := &workspacev1.GetChannelResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetChannel", &workspacev1.GetChannelRequest{ConversationId: conversationID, IntegrationId: integrationID}, answer)
		return answer.GetChannel().GetAsOf(), why
	})
	return answer.GetChannel()
}

func (s *inProcesses) Route(t testing.TB, conversationID string) *viewv1.Route {
	answer := &workspacev1.GetRouteResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetRoute", &workspacev1.GetRouteRequest{ConversationId: conversationID}, answer)
		return answer.GetRoute().GetAsOf(), why
	})
	s.customers[answer.GetRoute().GetCustomerId()] = conversationID
	return answer.GetRoute()
}

func (s *inProcesses) Customer(t testing.TB, customerID string) *viewv1.Customer {
	answer := &workspacev1.GetCustomerResponse{}
	s.view(t, func() (uint64, *refusal) {
		why := s.workspace("GetCustomer", &workspacev1.GetCustomerRequest{ConversationId: s.customers[customerID]}, answer)
		return answer.GetCustomer().GetAsOf(), why
	})
	for _, identity := range answer.GetCustomer().GetIdentities() {
		s.name(identity.GetAliases())
	}
	return answer.GetCustomer()
}
