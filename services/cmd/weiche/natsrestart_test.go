package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protojson"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/conversation"
)

// lastWords are the message after which nothing comes.
const lastWords = "that is all"

// heard is what a socket is told of messages, in order, up to the last.
type heard struct {
	name  string
	texts []string
	err   error
	ended chan struct{}
}

// hears follows something by a socket that has to stay open all the time.
func hears(t *testing.T, url, token, name string, what *streamv1.SubscribeRequest) *heard {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(cancel)
	socket, _, err := websocket.Dial(ctx, url+"/v1/stream", &websocket.DialOptions{Subprotocols: []string{"weiche.v1.json"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.CloseNow() })
	socket.SetReadLimit(1 << 20)
	for _, said := range []*streamv1.ClientFrame{
		{Frame: &streamv1.ClientFrame_Authenticate{Authenticate: &streamv1.Authenticate{Authorization: "Bearer " + token}}},
		{Frame: &streamv1.ClientFrame_Subscribe{Subscribe: &streamv1.Follow{Subscription: 1, Request: what}}},
	} {
		data, err := protojson.Marshal(said)
		if err != nil {
			t.Fatal(err)
		}
		if err := socket.Write(ctx, websocket.MessageText, data); err != nil {
			t.Fatal(err)
		}
	}
	h, caughtUp := &heard{name: name, ended: make(chan struct{})}, make(chan struct{})
	go func() {
		defer close(h.ended)
		for !slices.Contains(h.texts, lastWords) {
			_, data, err := socket.Read(ctx)
			frame := &streamv1.SubscribeResponse{}
			if err == nil {
				err = protojson.Unmarshal(data, frame)
			}
			if refused := frame.GetRefused(); err == nil && refused != nil {
				err = fmt.Errorf("refused: %v", refused)
			}
			if err != nil {
				h.err = err
				return
			}
			if frame.GetCaughtUp() != nil {
				close(caughtUp)
			}
			h.take(frame)
		}
	}()
	select {
	case <-caughtUp:
	case <-h.ended:
		t.Fatalf("%s: %v", name, h.err)
	}
	return h
}

// take notes what a frame says of messages. An event comes once, and a line as often
// as something about it changes.
func (h *heard) take(frame *streamv1.SubscribeResponse) {
	say := func(content *eventv1.Content) {
		if text, ok := conversation.PlainText(content); ok {
			h.texts = append(h.texts, text)
		}
	}
	if created := frame.GetEvent().GetMessageCreated(); created != nil {
		say(created.GetContent())
	}
	for _, line := range frame.GetChange().GetLines() {
		say(line.GetContent())
	}
	for _, line := range frame.GetChange().GetOwnLines() {
		say(line.GetContent())
	}
}

// talker is a visitor who says one thing after the other, each until it is taken.
type talker struct {
	url, token   string
	said         []string
	conversation string
	position     string // of what was said last
	// refused gets one token for as many refusals as nobody has looked at.
	refused chan struct{}
}

// says says the next thing, and does so again where it was not taken.
func (v *talker) says(ctx context.Context, text string) error {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	ask := &widgetv1.SendMessageRequest{Text: text, ClientToken: fmt.Sprint("say-", len(v.said))}
	for {
		answer := &widgetv1.SendMessageResponse{}
		err := call(ctx, v.url, "weiche.widget.v1.WidgetService/SendMessage", v.token, ask, answer)
		if err == nil {
			v.said = append(v.said, text)
			v.conversation, v.position = answer.GetConversationId(), answer.GetPosition()
			return nil
		}
		select {
		case v.refused <- struct{}{}:
		default:
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return fmt.Errorf("%q is not taken: %w", text, err)
		}
	}
}

// talks says so many things.
func (v *talker) talks(ctx context.Context, many int) error {
	for range many {
		if err := v.says(ctx, fmt.Sprint("word ", len(v.said))); err != nil {
			return err
		}
	}
	return nil
}

// TestOpenStreamsLoseNothingWhenNATSRestarts restarts the NATS server under sockets
// that stay open, while a visitor talks: what was said before, meanwhile and after is
// told to all who follow, once and in order.
func TestOpenStreamsLoseNothingWhenNATSRestarts(t *testing.T) {
	r := newRoleRun(t, "")
	eventually(t, "the roles to know each other", func() bool {
		response, err := http.Get(r.front.URL + "/media/none")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusNotFound
	}, r.said)
	tokens, err := applySetup(t.Context(), r.front.URL, fileText(t, tokenFile(r.data)), "shop", &ingressv1.ApplySetup{
		Name: "Shop", Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		Widgets: []*ingressv1.WidgetSetup{{Id: "shop", Site: "shop.example", Origins: []string{"https://shop.example"}, Languages: []string{"en"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	session := &widgetv1.OpenSessionResponse{}
	if err := call(t.Context(), r.front.URL, "weiche.widget.v1.WidgetService/OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: "shop"}, session); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	visitor := &talker{url: r.front.URL, token: session.GetSessionToken(), refused: make(chan struct{}, 1)}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%v\n%s", err, r.said())
		}
	}
	api, agent := r.api.Load().String(), tokens[0].GetToken()
	all := []*heard{
		hears(t, api, agent, "everything", &streamv1.SubscribeRequest{What: &streamv1.SubscribeRequest_Everything{Everything: true}}),
		hears(t, api, visitor.token, "own", &streamv1.SubscribeRequest{What: &streamv1.SubscribeRequest_Own{Own: true}}),
	}
	check(visitor.talks(ctx, 1))
	check(call(ctx, api, "weiche.workspace.v1.WorkspaceService/GetRoute", agent, &workspacev1.GetRouteRequest{
		ConversationId: visitor.conversation, MinPosition: visitor.position,
	}, &workspacev1.GetRouteResponse{}))
	all = append(all, hears(t, api, agent, "conversation", &streamv1.SubscribeRequest{
		What: &streamv1.SubscribeRequest_ConversationId{ConversationId: visitor.conversation},
	}))
	for _, files := range []bool{true, false} {
		check(visitor.talks(ctx, 20))
		// What is on its way to the sockets now may be lost with the server.
		r.stopNATS()
		if !files {
			r.loseNATS()
		}
		talked := make(chan error, 1)
		go func() { talked <- visitor.talks(ctx, 20) }()
		select {
		case <-visitor.refused:
		case <-ctx.Done():
			t.Fatal("everything is taken while there is no server")
		}
		r.startNATS()
		check(<-talked)
	}
	check(visitor.says(ctx, lastWords))
	for _, h := range all {
		<-h.ended
		if h.err != nil {
			t.Errorf("%s: the socket ends: %v", h.name, h.err)
		}
		want := visitor.said
		if h.name == "conversation" {
			want = want[1:]
		}
		got := h.texts
		if h.name != "everything" {
			got = firsts(got)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s tells %s, and said was %s", h.name, strings.Join(got, ", "), strings.Join(want, ", "))
		}
	}
}

// firsts are the texts without what was there before.
func firsts(texts []string) (all []string) {
	for _, text := range texts {
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}
