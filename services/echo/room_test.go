package echo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/echo"
	"weiche/services/egress"
	"weiche/services/keyring"
	"weiche/services/router"
)

// room is a provider: whoever is in it is heard by its callback, and hears what is
// said to them.
type room struct {
	t        *testing.T
	callback string

	mu   sync.Mutex
	said []string
}

// ServeHTTP takes what is said in the room, and reports that it was heard.
func (r *room) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	var message struct{ Room, To, Text string }
	if err := json.NewDecoder(request.Body).Decode(&message); err != nil || request.Header.Get("Authorization") != "Bearer token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.mu.Lock()
	r.said = append(r.said, message.To+": "+message.Text)
	id := fmt.Sprintf("e-%d", len(r.said))
	r.mu.Unlock()
	fmt.Fprintf(w, `{"id":%q}`, id)
	go r.report(map[string]string{"type": "heard", "id": id})
}

// report posts an event, as often as it takes, and returns the first status.
func (r *room) report(event map[string]string) int {
	event["at"] = time.Now().UTC().Format(time.RFC3339Nano)
	body, err := json.Marshal(map[string]any{"room": "room-1", "events": []any{event}})
	if err != nil {
		r.t.Error(err)
		return 0
	}
	request, err := http.NewRequest(http.MethodPost, r.callback, bytes.NewReader(body))
	if err != nil {
		r.t.Error(err)
		return 0
	}
	request.Header.Set("Authorization", "Bearer secret")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Error(err)
		return 0
	}
	response.Body.Close()
	return response.StatusCode
}

// TestFromRoomToRoom takes a message from the room through the router to an agent,
// and the answer back, until the room has reported that it was heard.
func TestFromRoomToRoom(t *testing.T) {
	quiet := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	store, err := eventstore.Open("log", router.LogOptions(eventstore.Options{FS: vfs.NewMem()}))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	nats, err := broker.Start(ctx, broker.Config{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	defer nats.Close()
	directory, err := router.NewDirectory(ctx, store, keys)
	if err != nil {
		t.Fatal(err)
	}
	engine := router.NewEngine(router.EngineConfig{Store: store, Keys: keys, Logger: quiet})

	// Where a program puts a channel in: its webhook, and its sender.
	r := &room{t: t}
	provider := httptest.NewServer(r)
	defer provider.Close()
	mux := http.NewServeMux()
	mux.Handle(echo.Pattern, echo.Webhook{Directory: directory, Publisher: nats})
	front := httptest.NewServer(mux)
	defer front.Close()
	r.callback = front.URL + "/echo/room-app"
	sending, err := egress.New(egress.Config{
		Publisher: nats, Open: egress.FromBroker(nats), Directory: directory, Instance: "test", Logger: quiet,
		Senders: map[string]channel.Sender{echo.Channel: echo.NewSender(provider.URL)},
	})
	if err != nil {
		t.Fatal(err)
	}

	running, stop := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	for _, run := range []func(context.Context) error{
		router.New(engine, nats, quiet).Run, directory.Run, router.NewRelay(engine, nats, quiet).Run, sending.Run,
	} {
		group.Go(func() {
			if err := run(running); err != nil {
				t.Error(err)
			}
		})
	}
	command := func(said *ingressv1.AgentCommand) *ingressv1.ItemAnswer {
		t.Helper()
		answer, err := nats.Publish(ctx, channel.Source{Kind: channel.KindAgent, Account: "acme", ID: "test"}, &ingressv1.Batch{
			Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: said}}},
		})
		if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
			t.Fatalf("%v, %v", answer, err)
		}
		return answer.GetItems()[0]
	}
	set := command(&ingressv1.AgentCommand{AgentId: "kim", Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: &ingressv1.ApplySetup{
		Name: "Acme", Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		Apps: []*ingressv1.AppSetup{{Id: "room-app", Channel: echo.Channel, AppSecrets: []string{"secret"}}},
		Integrations: []*ingressv1.IntegrationSetup{{
			Id: "room", Channel: echo.Channel, AppId: "room-app", ProviderAccountId: "room-1", AccessToken: "token",
		}},
	}}})
	if err := directory.WaitFor(ctx, set.GetPosition()); err != nil {
		t.Fatal(err)
	}

	// The room says it twice, as providers do.
	for range 2 {
		if status := r.report(map[string]string{"type": "message", "id": "m-1", "from": "ana", "text": "is anybody there?"}); status != http.StatusOK {
			t.Fatalf("the room is answered %d", status)
		}
	}
	var happened []string
	for rec, err := range store.Subscribe(ctx, 1) {
		if err != nil {
			t.Fatalf("%v; so far: %v", err, happened)
		}
		event, err := router.Decode(rec)
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.Body.(type) {
		case *eventv1.MessageReceived:
			happened = append(happened, "received over "+e.GetChannel())
			command(&ingressv1.AgentCommand{AgentId: "kim", ClientToken: "1", ConversationId: e.GetConversationId(), Command: &ingressv1.AgentCommand_SendReply{
				SendReply: &ingressv1.SendReply{Content: conversation.Text("I am")},
			}})
		case *eventv1.MessageSent:
			happened = append(happened, "sent over "+e.GetChannel())
		case *eventv1.MessageDelivered:
			happened = append(happened, "delivered")
		case *eventv1.MessageFailed:
			t.Fatalf("the answer failed: %v", e.GetError())
		}
		if len(happened) == 3 {
			break
		}
	}
	if diff := cmp.Diff([]string{"received over echo", "sent over echo", "delivered"}, happened); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"ana: I am"}, r.said); diff != "" {
		t.Error(diff)
	}
}
