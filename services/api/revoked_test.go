package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/proto/gen/weiche/stream/v1/streamv1connect"
	"weiche/services/api"
)

// I22: whoever may come in no longer is told so on the streams that are open, and the
// streams end. Those of others go on.
func TestI22OpenStreamsEndWithWhatTheyStandOn(t *testing.T) {
	closed := make(chan string, 100)
	s := newStage(t, func(c *api.Config) {
		c.CheckStreams = 20 * time.Millisecond
		c.Events.StreamClosed = func(transport, reason string) { closed <- transport + " " + reason }
	})
	s.setup(t, "acme", fmt.Sprintf(`{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"visitorKeys":[{"id":"k1","secret":%q},{"id":"k2","secret":%q}]}],
		"agents":[{"id":"eva","name":"Eva","login":"eva"},{"id":"max","name":"Max","login":"max"}]}`, siteKey, siteKey))
	setPassword := func(agent, token string) {
		s.must(t, adminService+"SetPassword", s.admin(), fmt.Sprintf(`{"accountId":"acme","agentId":%q,"password":%q,"clientToken":%q}`, agent, goodPassword, token))
	}
	setPassword("eva", "1")
	loggedIn := func() string {
		_, token, _ := strings.Cut(s.logIn(t, "eva", goodPassword).cookie(t), "=")
		return token
	}
	ended, changed, set := s.session(t, "acme", "eva"), loggedIn(), s.session(t, "acme", "max")
	keyID, key := s.keyOf(t, "acme", time.Time{}, "conversations:read", "events:read")
	left, known := s.visitor(t, "shop"), s.signedIn(t, "shop", "k1", siteKey, "7", soon(), "")
	device := s.visitor(t, "shop")
	s.must(t, widgetService+"SendMessage", device, `{"text":"hello","clientToken":"1"}`)
	withdrawn := s.signedIn(t, "shop", "k2", siteKey, "8", soon(), "")

	staying := s.session(t, "acme", "max")
	for _, tc := range []struct {
		name, token string
		request     *streamv1.SubscribeRequest
		revoke      func()
	}{
		{"a session that is ended", ended, inbox, func() {
			s.must(t, adminService+"EndAgentSession", s.admin(), fmt.Sprintf(`{"accountId":"acme","sessionId":%q,"clientToken":"2"}`, s.sessionID(t, ended)))
		}},
		{"a session beside which the password is changed", changed, inbox, func() {
			s.must(t, accessService+"ChangePassword", loggedIn(), fmt.Sprintf(`{"oldPassword":%q,"newPassword":"another good password"}`, goodPassword))
		}},
		{"a key that is revoked", key, everyEvent, func() {
			s.must(t, adminService+"RevokeApiKey", s.admin(), fmt.Sprintf(`{"accountId":"acme","keyId":%q,"clientToken":"3"}`, keyID))
		}},
		{"a visitor who ends their session", left, own, func() { s.must(t, widgetService+"EndSession", left, `{}`) }},
		{"a signed visitor who ends their session", known, own, func() { s.must(t, widgetService+"EndSession", known, `{}`) }},
		{"a visitor who signs in", device, own, func() { s.signedIn(t, "shop", "k1", siteKey, "9", soon(), device) }},
		{"a signed visitor whose key is removed", withdrawn, own, func() {
			s.must(t, adminService+"RemoveVisitorKey", s.admin(), `{"accountId":"acme","widgetId":"shop","keyId":"k2","clientToken":"4"}`)
		}},
		// The last one: it ends who stays, too.
		{"a session of whom a password is set", set, inbox, func() { setPassword("max", "5") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			stays := s.open(t, staying, inbox)
			open := s.open(t, tc.token, tc.request)
			tc.revoke()
			open.ends(t)
			for counted := 0; counted < 3; {
				// Those of who stays leave when their part of the test ends.
				switch why := <-closed; why {
				case "websocket revoked", "connect revoked":
					counted++
				case "websocket left", "connect left":
				default:
					t.Fatalf("a stream is counted as %q", why)
				}
			}
			if !strings.HasPrefix(tc.name, "a session of whom") {
				s.whatsApp(t, "15550100777", tc.name, "hello")
				stays.goesOn(t)
			}
		})
	}
}

// What the role of an agent becomes counts on the sockets that they have open: an
// auditor is not shown to type.
func TestI22OpenSocketsHaveTheRoleOfNow(t *testing.T) {
	s := newStage(t, func(c *api.Config) { c.CheckStreams = 20 * time.Millisecond })
	s.setup(t, "acme", `{"agents":[{"id":"eva","name":"Eva","role":"ROLE_AUDITOR"},{"id":"max","name":"Max"}]}`)
	conversation := s.onPage(t)
	open := func(agent string) *client {
		c := s.socket(t, "weiche.v1.json", "", s.session(t, "acme", agent))
		c.follow(1, oneConversation(conversation))
		c.caughtUp(1)
		return c
	}
	eva, max, watcher := open("eva"), open("max"), open("max")
	types := func(c *client) {
		t.Helper()
		c.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Typing{Typing: &streamv1.ClientTyping{ConversationId: conversation, On: true}}})
		// What follows is answered after that was taken.
		c.follow(2, &streamv1.SubscribeRequest{})
		c.until(func(f *streamv1.SubscribeResponse) bool { return f.GetRefused() != nil })
	}
	// shown lets Eva type, and Max after her, and says whether both are shown.
	shown := func() (both bool) {
		t.Helper()
		types(eva)
		types(max)
		watcher.until(func(f *streamv1.SubscribeResponse) bool {
			both = both || f.GetTyping().GetAgentId() == "eva"
			return f.GetTyping().GetAgentId() == "max"
		})
		return both
	}
	if shown() {
		t.Error("an auditor is shown to type")
	}
	for _, now := range []struct {
		role string
		want bool
	}{{"ROLE_AGENT", true}, {"ROLE_AUDITOR", false}} {
		s.must(t, adminService+"PutAgent", s.admin(), fmt.Sprintf(`{"accountId":"acme","agent":{"id":"eva","name":"Eva","role":%q},"clientToken":%q}`, now.role, now.role))
		tick := time.NewTicker(150 * time.Millisecond) // sockets may say ten things in a second
		defer tick.Stop()
		for late := time.After(10 * time.Second); shown() != now.want; {
			select {
			case <-tick.C:
			case <-late:
				t.Fatalf("shown to type as %s: %v", now.role, !now.want)
			}
		}
	}
}

// both is who follows one thing by a socket and by a call.
type both struct {
	socket *client
	bare   *client // follows nothing
	call   streamv1connect.StreamServiceSubscribeClientStream
}

// open begins to follow something in both ways.
func (s *stage) open(t *testing.T, token string, request *streamv1.SubscribeRequest) both {
	t.Helper()
	b := both{socket: s.socket(t, "weiche.v1.json", "", token), bare: s.socket(t, "weiche.v1.proto", "", token)}
	b.socket.follow(1, request)
	b.socket.caughtUp(1)
	// It is answered once the socket knows who it is.
	b.bare.follow(1, &streamv1.SubscribeRequest{})
	b.bare.until(func(f *streamv1.SubscribeResponse) bool { return f.GetRefused() != nil })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	ctx, info := connect.NewClientContext(ctx)
	info.RequestHeader().Set("Authorization", "Bearer "+token)
	var err error
	b.call, err = streamv1connect.NewStreamServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, s.server.URL))).Subscribe(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	for {
		frame, err := b.call.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if frame.GetCaughtUp() != nil {
			return b
		}
	}
}

// ends waits until all were told why they end, and have ended.
func (b both) ends(t *testing.T) {
	t.Helper()
	b.socket.until(func(f *streamv1.SubscribeResponse) bool {
		return f.GetGoAway().GetReason() == streamv1.GoAwayReason_GO_AWAY_REASON_REVOKED
	})
	for name, c := range map[string]*client{"socket": b.socket, "socket that follows nothing": b.bare} {
		if code := c.closed(); code != 4001 {
			t.Errorf("the %s is closed with %d", name, code)
		}
	}
	revoked := false
	for {
		frame, err := b.call.Receive()
		if err != nil {
			if !revoked {
				t.Errorf("the call ends with %v, and nothing was said", err)
			}
			return
		}
		revoked = frame.GetGoAway().GetReason() == streamv1.GoAwayReason_GO_AWAY_REASON_REVOKED
	}
}

// goesOn waits until both are told something that happens.
func (b both) goesOn(t *testing.T) {
	t.Helper()
	b.socket.until(func(f *streamv1.SubscribeResponse) bool { return f.GetChange() != nil })
	for {
		frame, err := b.call.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if frame.GetChange() != nil {
			return
		}
	}
}
