package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protojson"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	"weiche/services/api"
)

var (
	own        = &streamv1.SubscribeRequest{What: &streamv1.SubscribeRequest_Own{Own: true}}
	inbox      = &streamv1.SubscribeRequest{What: &streamv1.SubscribeRequest_Inbox{Inbox: true}}
	everyEvent = &streamv1.SubscribeRequest{What: &streamv1.SubscribeRequest_Everything{Everything: true}}
)

func oneConversation(id string) *streamv1.SubscribeRequest {
	return &streamv1.SubscribeRequest{What: &streamv1.SubscribeRequest_ConversationId{ConversationId: id}}
}

// A socket is told as what it was answered with, once it is open, and not as a page.
func TestSocketsAreToldAsSwitched(t *testing.T) {
	answered := make(chan int, 8)
	s := newStage(t, func(c *api.Config) {
		c.Events.Requested = func(_ string, status int, _ time.Duration) { answered <- status }
	})
	s.socket(t, "weiche.v1.json", "", s.eva())
	if status := <-answered; status != http.StatusSwitchingProtocols {
		t.Errorf("a socket that opens is told as %d", status)
	}
	if _, _, err := s.dial(t, "another", ""); err == nil {
		t.Fatal("a socket of another protocol opens")
	}
	if status := <-answered; status != http.StatusBadRequest {
		t.Errorf("a socket that is refused is told as %d", status)
	}
}

// The whole way of a conversation, on the sockets of a visitor and of an agent.
func TestSocketsTellWhatHappens(t *testing.T) {
	s := newStage(t, nil)
	token := s.visitor(t, "shop")
	ana := s.socket(t, "weiche.v1.json", "https://shop.example", token)
	ana.follow(1, own)
	ana.caughtUp(1)
	eva := s.socket(t, "weiche.v1.proto", "", s.eva())
	eva.follow(1, inbox)
	eva.follow(2, everyEvent)
	eva.caughtUp(1)

	sent := s.must(t, widgetService+"SendMessage", token, `{"text":"hello","clientToken":"1"}`)
	conversation := sent.text("conversationId")
	first := ana.until(func(f *streamv1.SubscribeResponse) bool { return len(f.GetChange().GetOwnLines()) > 0 })
	if line := first.GetChange().GetOwnLines()[0]; line.GetContent().GetParts()[0].GetText().GetBody() != "hello" || first.GetChange().GetConversationId() != conversation {
		t.Errorf("the visitor is told %v", first)
	}
	row := eva.until(func(f *streamv1.SubscribeResponse) bool { return f.GetChange().GetSummary() != nil })
	if row.GetSubscription() != 1 || row.GetChange().GetSummary().GetUnread() != 1 {
		t.Errorf("the agent is told %v", row)
	}
	eva.follow(3, oneConversation(conversation))
	eva.caughtUp(3)
	ana.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Presence{Presence: &streamv1.ClientPresence{There: true}}})
	eva.until(func(f *streamv1.SubscribeResponse) bool {
		return f.GetPresence().GetThere() && f.GetPresence().GetAgentId() == ""
	})
	ana.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Typing{Typing: &streamv1.ClientTyping{On: true}}})
	eva.until(func(f *streamv1.SubscribeResponse) bool { return f.GetTyping().GetOn() && f.GetSubscription() == 3 })
	eva.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Typing{Typing: &streamv1.ClientTyping{ConversationId: conversation, On: true}}})
	typing := ana.until(func(f *streamv1.SubscribeResponse) bool { return f.GetTyping() != nil }).GetTyping()
	if typing.GetAgentName() != "Eva" || typing.GetAgentId() != "" {
		t.Errorf("the visitor is told %v", typing)
	}
	s.must(t, workspaceService+"SendReply", s.eva(), fmt.Sprintf(`{"conversationId":%q,"destination":{"note":true},"text":"a secret note","clientToken":"2"}`, conversation))
	s.must(t, workspaceService+"SendReply", s.eva(), fmt.Sprintf(`{"conversationId":%q,"text":"good day","clientToken":"3"}`, conversation))
	for {
		told := ana.until(func(f *streamv1.SubscribeResponse) bool { return f.GetChange() != nil })
		text := protojson.Format(told)
		if strings.Contains(text, "secret") || strings.Contains(text, `"eva"`) {
			t.Fatalf("the visitor is told %s", text)
		}
		if strings.Contains(text, "good day") {
			break
		}
	}
	eva.until(func(f *streamv1.SubscribeResponse) bool {
		return f.GetSubscription() == 2 && f.GetEvent().GetMessageCreated().GetAuthor() == streamv1.MessageAuthor_MESSAGE_AUTHOR_AGENT
	})
	// Whoever comes later is told who is there.
	other := s.socket(t, "weiche.v1.json", "", s.eva())
	other.follow(9, oneConversation(conversation))
	other.until(func(f *streamv1.SubscribeResponse) bool { return f.GetPresence().GetThere() })
	_ = ana.conn.CloseNow()
	other.until(func(f *streamv1.SubscribeResponse) bool { return f.GetPresence() != nil && !f.GetPresence().GetThere() })
}

// A snapshot's cursor goes on without a gap.
func TestCursorsOfSnapshots(t *testing.T) {
	s := newStage(t, nil)
	token := s.visitor(t, "shop")
	sent := s.must(t, widgetService+"SendMessage", token, `{"text":"one","clientToken":"1"}`)
	conversation := sent.text("conversationId")
	at := fmt.Sprintf(`{"conversationId":%q,"minPosition":%q}`, conversation, sent.text("position"))
	ofAgent := s.must(t, workspaceService+"GetConversation", s.eva(), at).text("cursor")
	ofInbox := s.must(t, workspaceService+"ListConversations", s.eva(), `{}`).text("cursor")
	ofVisitor := s.must(t, widgetService+"GetTimeline", token, `{}`).text("cursor")
	if slices.Contains([]string{ofAgent, ofInbox, ofVisitor}, "") {
		t.Fatalf("a snapshot has no cursor: %q %q %q", ofAgent, ofInbox, ofVisitor)
	}
	s.must(t, widgetService+"SendMessage", token, `{"text":"two","clientToken":"2"}`)
	eva := s.socket(t, "weiche.v1.json", "", s.eva())
	request := oneConversation(conversation)
	request.Cursor = ofAgent
	eva.follow(1, request)
	change := eva.until(func(f *streamv1.SubscribeResponse) bool { return f.GetSubscription() == 1 }).GetChange()
	if n := len(change.GetLines()); n != 1 || change.GetLines()[0].GetContent().GetParts()[0].GetText().GetBody() != "two" {
		t.Errorf("the agent is told %v", change)
	}
	ana := s.socket(t, "weiche.v1.json", "", token)
	ana.follow(1, &streamv1.SubscribeRequest{What: own.What, Cursor: ofVisitor})
	change = ana.until(func(*streamv1.SubscribeResponse) bool { return true }).GetChange()
	if n := len(change.GetOwnLines()); n != 1 || change.GetOwnLines()[0].GetContent().GetParts()[0].GetText().GetBody() != "two" {
		t.Errorf("the visitor is told %v", change)
	}
	for cursor, reason := range map[string]string{
		"nonsense": "REASON_INVALID", position(0, 1, "another"): "REASON_CURSOR_EXPIRED",
		position(0, 1_000_000, s.store.Incarnation()): "REASON_INVALID",
	} {
		eva.follow(7, &streamv1.SubscribeRequest{What: inbox.What, Cursor: cursor})
		refused := eva.until(func(f *streamv1.SubscribeResponse) bool { return f.GetSubscription() == 7 }).GetRefused()
		if refused.GetReason() != reason {
			t.Errorf("cursor %q is refused with %v, want %s", cursor, refused, reason)
		}
	}
	events := s.must(t, workspaceService+"ListConversationEvents", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, conversation))
	if events.text("events.0.type") != "conversation.started" || events.length("events") < 4 {
		t.Errorf("what happened is listed as %v", events.values)
	}
}

// Who may not follow something is told that it is not there.
func TestWhoMayFollowWhat(t *testing.T) {
	s := newStage(t, nil)
	token := s.visitor(t, "shop")
	conversation := s.must(t, widgetService+"SendMessage", token, `{"text":"one","clientToken":"1"}`).text("conversationId")
	for name, tc := range map[string]struct {
		token   string
		request *streamv1.SubscribeRequest
	}{
		"a visitor and a conversation":      {token, oneConversation(conversation)},
		"a visitor and the inbox":           {token, inbox},
		"a visitor and everything":          {token, everyEvent},
		"an agent and a conversation there": {s.otherEva(), oneConversation(conversation)},
		"an agent and their own":            {s.eva(), own},
		"no such conversation":              {s.eva(), oneConversation("nowhere")},
	} {
		c := s.socket(t, "weiche.v1.json", "", tc.token)
		c.follow(1, tc.request)
		frame, _ := c.next()
		if frame.GetRefused().GetReason() != "REASON_NOT_FOUND" || frame.GetRefused().GetCode() != "not_found" {
			t.Errorf("%s: %v", name, frame)
		}
	}
}

// What a client says that makes no sense ends its socket with a code that says so.
func TestSocketsRefuse(t *testing.T) {
	few := func(c *api.Config) { c.Limits.Streams, c.CheckStreams = 2, 50*time.Millisecond }
	s := newStage(t, few)
	token := s.visitor(t, "shop")
	for name, tc := range map[string]struct {
		do   func(c *client)
		want websocket.StatusCode
	}{
		"garbage":            {func(c *client) { _ = c.conn.Write(t.Context(), websocket.MessageText, []byte("{")) }, 1007},
		"a frame too large":  {func(c *client) { _ = c.conn.Write(t.Context(), websocket.MessageText, make([]byte, 70_000)) }, 1009},
		"an empty frame":     {func(c *client) { c.say(&streamv1.ClientFrame{}) }, 1008},
		"a number in use":    {func(c *client) { c.follow(1, inbox); c.follow(1, inbox) }, 1008},
		"number 0":           {func(c *client) { c.follow(0, inbox) }, 1008},
		"too many frames":    {func(c *client) { flood(c) }, 1008},
		"authenticate twice": {func(c *client) { c.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Authenticate{}}) }, 1008},
	} {
		c := s.socket(t, "weiche.v1.json", "", s.eva())
		tc.do(c)
		if got := c.closed(); got != tc.want {
			t.Errorf("%s: closed with %d, want %d", name, got, tc.want)
		}
	}
	for name, bad := range map[string]string{"a wrong token": "wa_nobody.x", "no token": "", "the widget's of another page": token} {
		origin := map[bool]string{true: "https://blog.example"}[bad == token]
		if got := s.socket(t, "weiche.v1.json", origin, bad).closed(); got != 4001 {
			t.Errorf("%s: closed with %d", name, got)
		}
	}
	for name, tc := range map[string]struct {
		protocol, origin string
		want             int
	}{
		"a page that no widget lists": {"weiche.v1.json", "https://evil.example", http.StatusForbidden},
		"another subprotocol":         {"chat", "", http.StatusBadRequest},
	} {
		_, response, err := s.dial(t, tc.protocol, tc.origin)
		if err == nil || response == nil || response.StatusCode != tc.want {
			t.Errorf("%s: %v, %v", name, response, err)
		}
	}
	// An agent does not come in from the page of a widget.
	if got := s.socket(t, "weiche.v1.json", "https://shop.example", s.eva()).closed(); got != 4001 {
		t.Errorf("an agent's token on a shop's page: closed with %d", got)
	}
	// Sockets that were closed before may still have their places for a moment.
	s = newStage(t, few)
	two := []*client{s.socket(t, "weiche.v1.json", "", s.eva()), s.socket(t, "weiche.v1.json", "", s.eva())}
	for _, c := range two {
		c.follow(1, inbox)
		c.caughtUp(1)
	}
	if got := s.socket(t, "weiche.v1.json", "", s.eva()).closed(); got != 4029 {
		t.Errorf("one socket too many: closed with %d", got)
	}
	// An agent who is removed hears no more.
	s.must(t, adminService+"RemoveAgent", s.admin(), `{"accountId":"acme","agentId":"eva","clientToken":"r1"}`)
	s.whatsApp(t, "15550100777", "in-1", "hello")
	if got := two[0].closed(); got != 4001 {
		t.Errorf("after the agent was removed: closed with %d", got)
	}
}

// The cookie of a page says who its socket is, unless the socket says it: a widget on the
// origin of the workspace is its visitor's, and follows as the visitor alone.
func TestSocketsOfAPageWithACookie(t *testing.T) {
	s := team(t)
	cookie := s.logIn(t, "eva", goodPassword).cookie(t)
	dial := func() *client {
		t.Helper()
		c, _, err := s.dial(t, "weiche.v1.json", s.server.URL, cookie)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	eva := dial()
	eva.follow(1, inbox)
	eva.caughtUp(1)
	authenticate := func(token string) *streamv1.ClientFrame {
		return &streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Authenticate{Authenticate: &streamv1.Authenticate{Authorization: "Bearer " + token}}}
	}
	ana := dial()
	ana.say(authenticate(s.visitor(t, "shop")))
	ana.follow(1, own)
	ana.caughtUp(1)
	ana.follow(2, inbox)
	refused := ana.until(func(f *streamv1.SubscribeResponse) bool { return f.GetSubscription() == 2 })
	if refused.GetRefused() == nil {
		t.Errorf("the visitor follows the inbox of the one who logged in: %v", refused)
	}
	late := dial()
	late.follow(1, inbox)
	late.caughtUp(1)
	late.say(authenticate(s.visitor(t, "shop")))
	if got := late.closed(); got != 1008 {
		t.Errorf("a socket that says late who it is: closed with %d", got)
	}
	wrong := dial()
	wrong.say(authenticate("wv_shop.x.y"))
	if got := wrong.closed(); got != 4001 {
		t.Errorf("a socket that says who it is wrongly: closed with %d", got)
	}
}

// A field that is none is named where the socket ends for it.
func TestSocketsNameWhatTheyCannotRead(t *testing.T) {
	s := newStage(t, nil)
	c := s.socket(t, "weiche.v1.json", "", s.eva())
	_ = c.conn.Write(t.Context(), websocket.MessageText, []byte(`{"bogus":1}`))
	var ended websocket.CloseError
	if _, _, err := c.conn.Read(t.Context()); !errors.As(err, &ended) || !strings.Contains(ended.Reason, "bogus") {
		t.Errorf("a field that is none: %v", err)
	}
}

func flood(c *client) {
	for range 200 {
		if c.conn.Write(c.t.Context(), websocket.MessageText, []byte(`{"typing":{"on":true}}`)) != nil {
			return
		}
	}
}

// Nobody who says nothing keeps a socket.
func TestSocketsWaitFiveSecondsForAName(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	began := time.Now()
	c, _, err := s.dial(t, "weiche.v1.json", "")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = c.conn.Read(t.Context())
	if took := time.Since(began); err == nil || took < 4*time.Second || took > 15*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// A socket follows at most 16 things.
func TestSubscriptionsAreBounded(t *testing.T) {
	s := newStage(t, nil)
	c := s.socket(t, "weiche.v1.json", "", s.eva())
	refused := 0
	for n := range uint32(30) {
		c.follow(n+1, inbox)
		frame, _ := c.next()
		if frame.GetRefused().GetReason() == "REASON_TOO_MANY_STREAMS" {
			refused++
		}
	}
	if refused != 14 {
		t.Errorf("%d of 30 were refused", refused)
	}
}

// Programs follow by Connect and by gRPC what pages follow by sockets.
func TestSubscribeByConnect(t *testing.T) {
	s := newStage(t, nil)
	client := streamv1connect.NewStreamServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, s.server.URL)))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Authorization", "Bearer "+s.eva())
	followed, err := client.Subscribe(ctx, everyEvent)
	if err != nil {
		t.Fatal(err)
	}
	first, err := followed.Receive()
	if err != nil || first.GetCaughtUp() == nil {
		t.Fatalf("%v, %v", first, err)
	}
	s.whatsApp(t, "15550100777", "in-1", "hello")
	for {
		frame, err := followed.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if created := frame.GetEvent().GetMessageCreated(); created != nil {
			if text := created.GetContent().GetParts()[0].GetText().GetBody(); text != "hello" {
				t.Errorf("told %q", text)
			}
			break
		}
	}
}
