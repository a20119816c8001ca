package main

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/broker"
)

// call calls an RPC of the product.
func (r *graphRun) call(procedure, token string, ask, answer proto.Message) {
	r.t.Helper()
	body, err := protojson.Marshal(ask)
	if err != nil {
		r.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.weiche+"/"+procedure, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || protojson.Unmarshal(said, answer) != nil {
		r.t.Fatalf("%s: %d %s %v", procedure, response.StatusCode, said, err)
	}
}

// signs counts the signs of a kind that were shown at the providers.
func (r *graphRun) signs(words string) (n int) {
	for _, call := range r.sim.Calls(0).Calls {
		if call.Method == http.MethodPost && strings.Contains(call.Body, words) && call.Status == http.StatusOK {
			n++
		}
	}
	return n
}

// That somebody types, and that it was seen, is shown where the customer is, and
// told to whoever listens. Nothing of it is in the log.
func TestSignalsAreShownAndNotWrittenDown(t *testing.T) {
	r := newGraphRun(t, asIs)
	hellos := r.hello(3)
	r.named(2)
	if err := r.sim.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	session, sent := &widgetv1.OpenSessionResponse{}, &widgetv1.SendMessageResponse{}
	r.call("weiche.widget.v1.WidgetService/OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: demoWidget}, session)
	visitor := session.GetSessionToken()
	r.call("weiche.widget.v1.WidgetService/SendTyping", visitor, &widgetv1.SendTypingRequest{On: true}, &widgetv1.SendTypingResponse{})
	r.call("weiche.widget.v1.WidgetService/SendMessage", visitor, &widgetv1.SendMessageRequest{Text: "hi", ClientToken: "1"}, sent)

	heard := make(chan *ingressv1.Signal, 64)
	for _, filter := range []broker.SignalFilter{
		{Account: demoAccount, ByCustomer: true},
		{Account: demoAccount, Conversation: sent.GetConversationId(), ByAgent: true},
		{Account: "somebody-else"},
	} {
		stop, err := r.broker.Signals(filter, func(s *ingressv1.Signal) { heard <- s })
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
	}
	if err := r.folder.caughtUp(t.Context(), func() error { return nil }); err != nil {
		t.Fatal(err)
	}
	head := r.folder.store.Durable()
	show := func(on bool, conversation string) {
		t.Helper()
		r.call("weiche.workspace.v1.WorkspaceService/SendTyping", r.agent, &workspacev1.SendTypingRequest{ConversationId: conversation, On: on}, &workspacev1.SendTypingResponse{})
	}
	began := time.Now()
	for range 3 { // as a page does while somebody types
		for _, hello := range hellos {
			show(true, r.hellos[hello])
		}
	}
	for _, hello := range hellos {
		r.call("weiche.workspace.v1.WorkspaceService/MarkSeen", r.agent, &workspacev1.MarkSeenRequest{ConversationId: r.hellos[hello]}, &workspacev1.MarkSeenResponse{})
	}
	eventually(t, "signs at the providers", func() bool {
		return r.signs(`"typing_on"`) >= 2 && r.signs(`"typing_indicator"`) >= 1 && r.signs(`"mark_seen"`) >= 2 && r.signs(`"status":"read"`) >= 2
	}, func() string { return "" })
	// The same sign is shown again after five seconds: on a machine that slow it may.
	if n := r.signs(`"typing_on"`) + r.signs(`"typing_indicator"`); n != 3 && time.Since(began) < 5*time.Second {
		t.Errorf("typing was shown %d times in three conversations", n)
	}

	show(true, sent.GetConversationId())
	r.call("weiche.widget.v1.WidgetService/SendTyping", visitor, &widgetv1.SendTypingRequest{On: true}, &widgetv1.SendTypingResponse{})
	// One that is late is dropped on its way.
	if err := r.broker.PublishSignal(&ingressv1.Signal{
		Kind: ingressv1.SignalKind_SIGNAL_KIND_TYPING_OFF, AccountId: demoAccount, ConversationId: r.hellos[hellos[0]], AgentId: "kim",
		At: timestamppb.New(time.Now().Add(-time.Minute)),
	}); err != nil {
		t.Fatal(err)
	}
	// Who hears the one waits for nobody who hears the other.
	by := map[string]int{}
	for range 2 {
		select {
		case s := <-heard:
			if s.GetConversationId() != sent.GetConversationId() || s.GetKind() != ingressv1.SignalKind_SIGNAL_KIND_TYPING_ON {
				t.Errorf("heard %v", s)
			}
			by[s.GetAgentId()]++
		case <-time.After(20 * time.Second):
			t.Fatalf("only %v was heard", by)
		}
	}
	if by["kim"] != 1 || by[""] != 1 {
		t.Errorf("heard %v, want one of the agent and one of the customer", by)
	}
	if n := r.signs(`"typing_off"`); n != 0 || len(heard) != 0 {
		t.Errorf("%d late signs were shown; heard %d more", n, len(heard))
	}
	if now := r.folder.store.Durable(); now != head {
		t.Errorf("the log went from position %d to %d", head, now)
	}
}
