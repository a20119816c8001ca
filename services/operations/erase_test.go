package operations_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	"weiche/eventstore"
	"weiche/projections"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/keyring"
	"weiche/services/operations"
	"weiche/services/router"
)

const account = "shop"

// shop is an installation in memory, on a disk that can lose its power.
type shop struct {
	disk   *vfs.MemFS
	now    time.Time
	store  *eventstore.Store
	keys   *keyring.Keyring
	views  *projections.Views
	engine *router.Engine
	stop   func()
}

var quiet = slog.New(slog.DiscardHandler)

func openShop(t *testing.T, disk *vfs.MemFS, now time.Time) *shop {
	t.Helper()
	s := &shop{disk: disk, now: now}
	var err error
	if s.keys, err = keyring.Open("keys", keyring.Options{FS: disk, Logger: quiet, Pool: 4}); err != nil {
		t.Fatal(err)
	}
	if s.store, err = eventstore.Open("log", router.LogOptions(eventstore.Options{
		FS: disk, Logger: quiet, Now: func() time.Time { return s.now },
	})); err != nil {
		t.Fatal(err)
	}
	if s.views, err = projections.Open("views", projections.Options{FS: vfs.NewMem(), Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	s.engine = router.NewEngine(router.EngineConfig{Store: s.store, Keys: s.keys, Now: func() time.Time { return s.now }, Logger: quiet})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.views.Run(ctx, s.store) }()
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		<-done
		if err := errors.Join(s.views.Close(), s.store.Close(), s.keys.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(s.stop)
	return s
}

// newShop opens a shop with two customers, ana and bob, and returns their ids.
func newShop(t *testing.T) (s *shop, ana, bob string) {
	t.Helper()
	s = openShop(t, vfs.NewCrashableMem(), time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	s.say(t, channel.KindAgent, "admin", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
		Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: &ingressv1.ApplySetup{
			Name:         "Shop",
			Apps:         []*ingressv1.AppSetup{{Id: "app", Channel: "whatsapp", ProviderAppId: "1", AppSecrets: []string{"secret"}, VerifyToken: "verify"}},
			Integrations: []*ingressv1.IntegrationSetup{{Id: "whatsapp", Channel: "whatsapp", AppId: "app", ProviderAccountId: "2", AccessToken: "token"}},
		}},
	}}})
	s.writes(t, "ana", "m1", 0)
	s.writes(t, "bob", "m2", 0)
	return s, s.customer(t, "m1"), s.customer(t, "m2")
}

func (s *shop) say(t *testing.T, kind channel.Kind, source string, item *ingressv1.Item) *ingressv1.ItemAnswer {
	t.Helper()
	answers, err := s.engine.Round(t.Context(), []router.Request{{
		Source: channel.Source{Kind: kind, Account: account, ID: source}, Batch: &ingressv1.Batch{Items: []*ingressv1.Item{item}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	answer := answers[0].GetItems()[0]
	if answer.GetStatus() == ingressv1.ItemStatus_ITEM_STATUS_REFUSED {
		t.Fatalf("refused: %s", answer.GetDetail())
	}
	return answer
}

// inbound is something that a person did some time ago.
func (s *shop) inbound(person, id string, ago time.Duration) *ingressv1.Inbound {
	return &ingressv1.Inbound{
		ProviderAccountId: "2", ProviderMessageId: id, SentAt: stamp(s.now.Add(-ago)),
		Sender: []*eventv1.Alias{{Kind: "phone", Value: person}},
	}
}

func (s *shop) writes(t *testing.T, person, id string, ago time.Duration) *ingressv1.ItemAnswer {
	t.Helper()
	in := s.inbound(person, id, ago)
	in.Event = &ingressv1.Inbound_Message{Message: conversation.Text("from " + person)}
	return s.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{Raw: []byte(id), Kind: &ingressv1.Item_Inbound{Inbound: in}})
}

// received returns the events of one type with their records.
func (s *shop) received(t *testing.T) (records []*eventstore.Record, bodies []*eventv1.MessageReceived) {
	t.Helper()
	for rec, err := range s.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(s.keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		if body, ok := event.Body.(*eventv1.MessageReceived); ok {
			records, bodies = append(records, rec), append(bodies, body)
		}
	}
	return records, bodies
}

// customer returns who wrote a message.
func (s *shop) customer(t *testing.T, messageID string) string {
	t.Helper()
	_, bodies := s.received(t)
	for _, body := range bodies {
		if body.GetSealed().GetProviderMessageId() == messageID {
			return body.GetCustomerId()
		}
	}
	t.Fatalf("nobody wrote %s", messageID)
	return ""
}

func (s *shop) operations() *operations.Operations {
	return operations.New(operations.Config{
		Store: s.store, Keys: s.keys, Views: s.views, Publisher: router.Direct{Engine: s.engine},
		Now: func() time.Time { return s.now }, Logger: quiet,
	})
}

// erased checks that a customer is gone and the other is not, in log, keyring and
// ledger.
func (s *shop) erased(t *testing.T, gone, stays string) {
	t.Helper()
	known, erased, err := router.Erased(t.Context(), s.store, account, gone)
	if !known || !erased || err != nil {
		t.Errorf("the log knows %v, erased %v, %v", known, erased, err)
	}
	entries, err := s.keys.Erasures()
	if err != nil || len(entries) != 1 || entries[0].Customer != gone || !entries[0].Done || len(entries[0].Keys) != 1 || len(entries[0].Aliases) != 1 {
		t.Errorf("the ledger: %+v, %v", entries, err)
	}
	_, bodies := s.received(t)
	for _, body := range bodies {
		if (body.GetCustomerId() == gone) != (body.GetSealed() == nil) || body.GetCustomerId() != gone && body.GetCustomerId() != stays {
			t.Errorf("of %s the log has %v", body.GetCustomerId(), body.GetSealed())
		}
	}
}

func TestEraseCustomer(t *testing.T) {
	s, ana, bob := newShop(t)
	o := s.operations()
	erase := func(customer string, dryRun bool) *adminv1.EraseCustomerResponse {
		t.Helper()
		response, err := o.EraseCustomer(t.Context(), &adminv1.EraseCustomerRequest{CustomerId: customer, DryRun: dryRun})
		if err != nil {
			t.Fatal(err)
		}
		return response
	}
	goes := &adminv1.EraseCustomerResponse{CustomerIds: []string{ana}, Identities: 1, Conversations: 1, Keys: 1}
	head := s.store.Durable()
	if diff := cmp.Diff(goes, erase(ana, true), protocmp.Transform()); diff != "" || s.store.Durable() != head {
		t.Errorf("dry run, with %d events:\n%s", s.store.Durable()-head, diff)
	}
	if _, erased, _ := router.Erased(t.Context(), s.store, account, ana); erased || s.keys.ErasuresPending() {
		t.Error("a dry run has erased")
	}
	done := erase(ana, false)
	goes.Position = s.store.Durable()
	if diff := cmp.Diff(goes, done, protocmp.Transform()); diff != "" {
		t.Errorf("the erasure:\n%s", diff)
	}
	s.erased(t, ana, bob)
	head = s.store.Durable()
	if again := erase(ana, false); len(again.GetCustomerIds()) > 0 || s.store.Durable() != head {
		t.Errorf("erased twice: %v", again)
	}
	if _, err := o.EraseCustomer(t.Context(), &adminv1.EraseCustomerRequest{CustomerId: "nobody"}); err == nil {
		t.Error("nobody was erased")
	}
	card, err := s.views.Customer(t.Context(), account, ana)
	if err != nil || !card.GetErased() || len(card.GetIdentities()) > 0 {
		t.Errorf("the card: %v, %v", card, err)
	}
}

// What of a customer could not be processed is sealed with the key of a day, which
// stays. Its bytes go all the same, and those of another customer stay.
func TestI32ErasedQuarantine(t *testing.T) {
	s, ana, _ := newShop(t)
	for _, person := range []string{"ana", "bob"} {
		answer := s.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{
			Raw: []byte("what nobody can read, by " + person),
			Kind: &ingressv1.Item_Unreadable{Unreadable: &ingressv1.Unreadable{
				Reason: "strange", SentAt: stamp(s.now), Sender: []*eventv1.Alias{{Kind: "phone", Value: person}},
			}},
		})
		if answer.GetConversationId() == "" {
			t.Fatalf("the item of %s is in no conversation: %v", person, answer)
		}
	}
	raw := func() (found []string) {
		t.Helper()
		for rec, err := range s.store.ReadAll(t.Context(), 1) {
			if err != nil {
				t.Fatal(err)
			}
			event, err := router.DecodeOpened(s.keys, rec)
			if err != nil {
				t.Fatal(err)
			}
			if body, ok := event.Body.(*eventv1.ItemQuarantined); ok {
				found = append(found, string(body.GetSealed().GetRaw()))
			}
		}
		return found
	}
	if got := raw(); len(got) != 2 || got[0] != "what nobody can read, by ana" {
		t.Fatalf("in quarantine: %q", got)
	}
	if _, err := s.operations().EraseCustomer(t.Context(), &adminv1.EraseCustomerRequest{CustomerId: ana}); err != nil {
		t.Fatal(err)
	}
	if err := s.store.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"", "what nobody can read, by bob"}, raw()); diff != "" {
		t.Errorf("after the erasure:\n%s", diff)
	}
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// What comes late is dropped without a trace, what is written after is somebody
// new, and after 30 days nobody knows the address any more.
func TestLateAfterErasure(t *testing.T) {
	s, ana, _ := newShop(t)
	s.now = s.now.Add(time.Hour)
	if _, err := s.operations().EraseCustomer(t.Context(), &adminv1.EraseCustomerRequest{CustomerId: ana}); err != nil {
		t.Fatal(err)
	}
	s.now = s.now.Add(time.Minute)
	head := s.store.Durable()
	late := s.inbound("ana", "late", 10*time.Minute)
	for name, answer := range map[string]*ingressv1.ItemAnswer{
		"a message":                          s.writes(t, "ana", "m3", 2*time.Minute),
		"a message that came before already": s.writes(t, "ana", "m1", time.Hour+time.Minute),
		"a reaction": s.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{Raw: []byte("r"), Kind: &ingressv1.Item_Inbound{Inbound: &ingressv1.Inbound{
			ProviderAccountId: "2", ProviderMessageId: "r", Sender: late.Sender, SentAt: late.SentAt,
			Event: &ingressv1.Inbound_Reaction{Reaction: &ingressv1.Reaction{ProviderMessageId: "m1", Emoji: "x"}},
		}}}),
		"an echo": s.say(t, channel.KindChannel, "whatsapp", &ingressv1.Item{Raw: []byte("e"), Kind: &ingressv1.Item_Echo{Echo: &ingressv1.Echo{
			ProviderAccountId: "2", ProviderMessageId: "e", Recipient: late.Sender, SentAt: late.SentAt, Content: conversation.Text("to ana"),
		}}}),
	} {
		if answer.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_NOTHING || s.store.Durable() != head {
			t.Errorf("%s from before: %v, and %d events", name, answer.GetStatus(), s.store.Durable()-head)
		}
	}
	s.writes(t, "ana", "m4", 30*time.Second)
	if again := s.customer(t, "m4"); again == ana {
		t.Error("who was erased is back")
	}
	head = s.store.Durable()
	if answer := s.writes(t, "ana", "m5", 5*time.Minute); answer.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_NOTHING || s.store.Durable() != head {
		t.Errorf("late, for somebody new: %v", answer.GetStatus())
	}
}

// TestI32InterruptedErasures has the power fail after each step of an erasure. The
// next start carries it out.
func TestI32InterruptedErasures(t *testing.T) {
	var happened []string
	for _, at := range []string{"ledger", "events", "keys"} {
		t.Run(at, func(t *testing.T) {
			s, ana, bob := newShop(t)
			decision, err := s.engine.Erasure(t.Context(), account, ana)
			if err != nil {
				t.Fatal(err)
			}
			header := conversation.Header{Account: account, Now: s.now}
			if err := s.engine.EnterErasure(&conversation.EraseCustomer{Header: header, CustomerID: ana}, decision); err != nil {
				t.Fatal(err)
			}
			entries, err := s.keys.Erasures()
			if err != nil {
				t.Fatal(err)
			}
			if at != "ledger" {
				s.say(t, channel.KindAgent, "operator", &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
					Command: &ingressv1.AgentCommand_EraseCustomer{EraseCustomer: &ingressv1.EraseCustomer{CustomerId: ana}},
				}}})
			}
			if at == "keys" {
				if err := s.keys.Destroy(entries[0].Keys...); err != nil {
					t.Fatal(err)
				}
			}
			// All that was not synced is lost.
			disk := s.disk.CrashClone(vfs.CrashCloneCfg{})
			s.stop()
			s = openShop(t, disk, s.now.Add(time.Minute))
			if !s.keys.ErasuresPending() {
				t.Fatal("the ledger has forgotten the erasure")
			}
			happened = append(happened, at)
			if err := s.engine.FinishErasures(t.Context()); err != nil {
				t.Fatal(err)
			}
			s.erased(t, ana, bob)
			head := s.store.Durable()
			if err := s.engine.FinishErasures(t.Context()); err != nil || s.store.Durable() != head {
				t.Errorf("FinishErasures once more: %v, and %d events", err, s.store.Durable()-head)
			}
			if err := s.store.Verify(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	if !slices.Equal(happened, []string{"ledger", "events", "keys"}) {
		t.Errorf("the power failed only after %v", happened)
	}
}

// TestI31ErasedAgain restores a log from before an erasure, and the keyring of after
// it: nobody comes back.
func TestI31ErasedAgain(t *testing.T) {
	s, ana, bob := newShop(t)
	before := s.disk.CrashClone(vfs.CrashCloneCfg{})
	if _, err := s.operations().EraseCustomer(t.Context(), &adminv1.EraseCustomerRequest{CustomerId: ana}); err != nil {
		t.Fatal(err)
	}
	var keys bytes.Buffer
	if err := s.keys.Export(&keys); err != nil {
		t.Fatal(err)
	}
	s.stop()
	if err := before.RemoveAll("keys/store"); err != nil {
		t.Fatal(err)
	}
	if err := keyring.Import(&keys, "keys", keyring.Options{FS: before, Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	s = openShop(t, before, s.now)
	if _, erased, _ := router.Erased(t.Context(), s.store, account, ana); erased {
		t.Fatal("the restored log knows of the erasure, so nothing is tried")
	}
	if err := s.engine.FinishErasures(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.erased(t, ana, bob)
}
