package router_test

import (
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
	"weiche/services/router"
)

// stage is an engine over a log in memory, with an account that has a widget, two
// channels and an agent.
type stage struct {
	t      *testing.T
	fs     vfs.FS
	now    time.Time
	keys   *keyring.Keyring
	store  *eventstore.Store
	engine *router.Engine
}

func newStage(t *testing.T) *stage { return newStageOn(t, vfs.NewMem()) }

// newStageOn is a stage whose log is on a disk.
func newStageOn(t *testing.T, fs vfs.FS) *stage {
	s := &stage{t: t, fs: fs, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	var err error
	if s.keys, err = keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()}); err != nil {
		t.Fatal(err)
	}
	s.store, err = eventstore.Open("log", router.LogOptions(eventstore.Options{
		FS: s.fs, Now: s.clock, MinFree: eventstore.TenthOr2GiB,
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.store.Close(); s.keys.Close() })
	s.restart()
	if a := s.one(admin, agent("", "", &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setUp()},
	})); a.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("set-up: %v", a)
	}
	return s
}

func (s *stage) clock() time.Time { return s.now }

// restart forgets everything that is in memory only.
func (s *stage) restart() {
	s.engine = router.NewEngine(router.EngineConfig{
		Store: s.store, Keys: s.keys, Now: s.clock, Logger: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
}

const appSecret, verifyToken, accessToken = "app-secret-8461", "verify-token-2290", "access-token-7713"

func setUp() *ingressv1.ApplySetup {
	setup := &ingressv1.ApplySetup{
		Name:   "Shop",
		Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		Widgets: []*ingressv1.WidgetSetup{{
			Id: "widget", Site: "shop.example", Languages: []string{"en"}, Offers: []string{"whatsapp", "messenger"},
		}},
	}
	for _, c := range []string{"whatsapp", "messenger"} {
		setup.Apps = append(setup.Apps, &ingressv1.AppSetup{
			Id: c + "-app", Channel: c, AppSecrets: []string{appSecret, appSecret + "-old"}, VerifyToken: verifyToken,
		})
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: c, Channel: c, AppId: c + "-app", ProviderAccountId: c + "-account", AccessToken: accessToken,
		})
	}
	return setup
}

var (
	admin    = channel.Source{Kind: channel.KindAgent, Account: "shop", ID: "admin"}
	widget   = channel.Source{Kind: channel.KindWidget, Account: "shop", ID: "widget"}
	whatsapp = channel.Source{Kind: channel.KindChannel, Account: "shop", ID: "whatsapp"}
	egress   = channel.Source{Kind: channel.KindEgress, Account: "shop", ID: "sender"}
)

// one gives a round of one item.
func (s *stage) one(from channel.Source, item *ingressv1.Item) *ingressv1.ItemAnswer {
	s.t.Helper()
	return s.round(request(from, item))[0]
}

func request(from channel.Source, items ...*ingressv1.Item) router.Request {
	return router.Request{Source: from, Batch: &ingressv1.Batch{Items: items}}
}

// round gives one round and returns the answers of all its items.
func (s *stage) round(requests ...router.Request) []*ingressv1.ItemAnswer {
	s.t.Helper()
	answers, err := s.engine.Round(s.t.Context(), requests)
	if err != nil {
		s.t.Fatal(err)
	}
	var items []*ingressv1.ItemAnswer
	for at, answer := range answers {
		if len(answer.GetItems()) != len(requests[at].Batch.GetItems()) {
			s.t.Fatalf("%d answers to %d items", len(answer.GetItems()), len(requests[at].Batch.GetItems()))
		}
		items = append(items, answer.GetItems()...)
	}
	return items
}

// message is a message over WhatsApp.
func (s *stage) message(id, from, text string) *ingressv1.Item {
	return &ingressv1.Item{Raw: []byte("raw of " + id), Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
		ProviderAccountId: "whatsapp-account", ProviderMessageId: id, SentAt: timestamppb.New(s.now),
		Sender: []*eventv1.Alias{{Kind: "phone", Value: from}},
		Event:  &ingressv1.Inbound_Message{Message: conversation.Text(text)},
	}}}
}

func receipt(id string, state eventv1.ReceiptState, sendID string) *ingressv1.Item {
	return &ingressv1.Item{Raw: []byte("receipt of " + id), Kind: &ingressv1.Item_Receipt{Receipt: &ingressv1.Receipt{
		ProviderAccountId: "whatsapp-account", ProviderMessageId: id, SendId: sendID, State: state,
	}}}
}

func agent(token, conversationID string, command *ingressv1.AgentCommand) *ingressv1.Item {
	command.AgentId, command.ClientToken, command.ConversationId = "kim", token, conversationID
	return &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: command}}
}

func reply(token, conversationID, text string) *ingressv1.Item {
	return agent(token, conversationID, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_SendReply{
		SendReply: &ingressv1.SendReply{Content: conversation.Text(text)},
	}})
}

func visitor(token string, command *ingressv1.WidgetCommand) *ingressv1.Item {
	command.Visitor, command.ClientToken = &eventv1.Alias{Kind: "visitor", Value: "ana"}, token
	return &ingressv1.Item{Kind: &ingressv1.Item_Widget{Widget: command}}
}

func post(token, text string) *ingressv1.Item {
	return visitor(token, &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_PostMessage{
		PostMessage: &ingressv1.PostMessage{Content: conversation.Text(text)},
	}})
}

func requestLink(token string) *ingressv1.Item {
	return visitor(token, &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_RequestLink{
		RequestLink: &ingressv1.RequestLink{IntegrationId: "whatsapp"},
	}})
}

func claim(sendID string) *ingressv1.Item {
	return &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Claim{Claim: &ingressv1.ClaimSend{SendId: sendID, Attempt: 1, Nonce: "nonce"}},
	}}}
}

func sent(sendID, id string) *ingressv1.Item {
	return &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Outcome{Outcome: &ingressv1.ReportOutcome{
			SendId: sendID, Attempt: 1, Nonce: "nonce", IntegrationId: "whatsapp",
			Outcome: &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: id},
		}},
	}}}
}

// records returns the log.
func (s *stage) records() []*eventstore.Record {
	s.t.Helper()
	var all []*eventstore.Record
	for rec, err := range s.store.ReadAll(s.t.Context(), 1) {
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, rec)
	}
	return all
}

// bodies returns the events of one kind, opened.
func bodies[E any](s *stage) []E {
	s.t.Helper()
	var found []E
	for _, rec := range s.records() {
		event, err := router.DecodeOpened(s.keys, rec)
		if err != nil {
			s.t.Fatal(err)
		}
		if body, ok := event.Body.(E); ok {
			found = append(found, body)
		}
	}
	return found
}

// same shows that an answer repeats the first.
func (s *stage) same(what string, first, again *ingressv1.ItemAnswer) {
	s.t.Helper()
	ids := func(a *ingressv1.ItemAnswer) string {
		return fmt.Sprint(a.GetConversationId(), " ", a.GetMessageId(), " ", a.GetLinkId(), " ", a.GetPosition())
	}
	if again.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_DUPLICATE || ids(first) != ids(again) {
		s.t.Errorf("I06: %s was answered with %v, again with %v", what, first, again)
	}
}
