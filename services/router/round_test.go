package router_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
	"weiche/services/router"
)

const committed, quarantined = ingressv1.ItemStatus_ITEM_STATUS_COMMITTED, ingressv1.ItemStatus_ITEM_STATUS_QUARANTINED

func TestI05DuplicatesInOneRound(t *testing.T) {
	s := newStage(t)
	item := s.message("m1", "491701", "hello")
	answers := s.round(request(whatsapp, item, proto.CloneOf(item)), request(whatsapp, proto.CloneOf(item)))
	if answers[0].GetStatus() != committed || answers[0].GetMessageId() == "" || answers[0].GetPosition() == 0 {
		t.Fatalf("%v", answers[0])
	}
	s.same("a message in the same batch", answers[0], answers[1])
	s.same("a message in the same round", answers[0], answers[2])
	s.same("a message in a later round", answers[0], s.one(whatsapp, proto.CloneOf(item)))
	if n := len(bodies[*eventv1.MessageReceived](s)); n != 1 {
		t.Errorf("I05: one message became %d", n)
	}
}

// TestI06AnswersOutliveTheProcess gives each kind of command again to a router that
// has only the log.
func TestI06AnswersOutliveTheProcess(t *testing.T) {
	s := newStage(t)
	say := func(what string, item func() *ingressv1.Item, give func(*ingressv1.Item) *ingressv1.ItemAnswer) *ingressv1.ItemAnswer {
		t.Helper()
		first := give(item())
		if first.GetStatus() != committed {
			t.Fatalf("%s: %v", what, first)
		}
		s.restart()
		s.same(what, first, give(item()))
		return first
	}
	visits := func(item *ingressv1.Item) *ingressv1.ItemAnswer { return s.one(widget, item) }
	writes := func(item *ingressv1.Item) *ingressv1.ItemAnswer { return s.one(whatsapp, item) }
	asks := func(item *ingressv1.Item) *ingressv1.ItemAnswer { return s.one(admin, item) }

	c := say("a visitor's message", func() *ingressv1.Item { return post("t1", "hello") }, visits).GetConversationId()
	say("a note", func() *ingressv1.Item {
		return agent("t2", c, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{
			Content: conversation.Text("a note"), Destination: &ingressv1.Destination{Place: &ingressv1.Destination_Note{Note: true}},
		}}})
	}, asks)
	say("a link that will be cancelled", func() *ingressv1.Item { return requestLink("t3") }, visits)
	link := say("a link", func() *ingressv1.Item { return requestLink("t4") }, visits).GetLinkId()
	code := s.keys.Code("shop", link)
	say("a wrong code", func() *ingressv1.Item { return s.message("m0", "491709", "w1aaaaaaaaaaaaaaaaaaaaaaaaaa") }, writes)
	say("a code", func() *ingressv1.Item { return s.message("m1", "491701", "hello "+code) }, writes)
	say("a yes", func() *ingressv1.Item { return s.message("m2", "491701", "yes") }, writes)
	say("a message", func() *ingressv1.Item { return s.message("m3", "491701", "hello") }, writes)
	say("a reply", func() *ingressv1.Item { return reply("t5", c, "hello") }, asks)
	say("a disconnect", func() *ingressv1.Item {
		return agent("t6", c, &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_Disconnect{
			Disconnect: &ingressv1.Disconnect{IntegrationId: "whatsapp"},
		}})
	}, asks)

	if a := s.one(admin, reply("t5", c, "something else")); a.GetRefusal() != ingressv1.Refusal_REFUSAL_TOKEN_REUSED {
		t.Errorf("M2: a token was taken again with other content: %v", a)
	}
}

func TestI08OneNewSenderInOneRound(t *testing.T) {
	s := newStage(t)
	answers := s.round(
		request(whatsapp, s.message("m1", "491701", "one")), request(whatsapp, s.message("m2", "491701", "two")),
		request(whatsapp, s.message("m3", "491702", "three"), s.message("m4", "491701", "four")),
	)
	if answers[0].GetConversationId() != answers[1].GetConversationId() || answers[0].GetConversationId() != answers[3].GetConversationId() ||
		answers[0].GetConversationId() == answers[2].GetConversationId() {
		t.Errorf("I08: %v", answers)
	}
	if n := len(bodies[*eventv1.IdentityCreated](s)); n != 2 {
		t.Errorf("I08: two people became %d identities", n)
	}
}

// TestI16WhatIsBehindGoesOn puts items that cannot be used between others.
func TestI16WhatIsBehindGoesOn(t *testing.T) {
	s := newStage(t)
	nobody := s.message("m2", "", "who?")
	nobody.GetInbound().Sender = nil
	empty := s.message("m3", "491701", "")
	empty.GetInbound().Event = &ingressv1.Inbound_Message{Message: &eventv1.Content{}}
	noRaw := s.message("m4", "491701", "")
	noRaw.GetInbound().Sender, noRaw.Raw = nil, nil
	forged := s.message("m5", "491701", "forged")
	forged.Kind = reply("t1", "c", "from a channel").Kind
	unread := &ingressv1.Item{Raw: []byte("{"), Kind: &ingressv1.Item_Unreadable{Unreadable: &ingressv1.Unreadable{Reason: "no JSON"}}}
	ancient := s.message("m6", "491701", "before all time")
	ancient.GetInbound().SentAt = &timestamppb.Timestamp{Seconds: -1 << 50}
	answers := s.round(request(whatsapp,
		s.message("m1", "491701", "one"), nobody, empty, noRaw, proto.CloneOf(noRaw), forged, unread, &ingressv1.Item{}, ancient,
		s.message("m9", "491701", "nine"),
	))
	for at, want := range []ingressv1.ItemStatus{
		committed, quarantined, quarantined, quarantined, quarantined,
		ingressv1.ItemStatus_ITEM_STATUS_REFUSED, committed, committed, committed, committed,
	} {
		if answers[at].GetStatus() != want {
			t.Errorf("I16: item %d was answered with %v", at, answers[at])
		}
	}
	if n := len(bodies[*eventv1.MessageReceived](s)); n != 3 {
		t.Errorf("I16: %d messages joined, not 3", n)
	}
	kept := bodies[*eventv1.ItemQuarantined](s)
	if len(kept) != 6 || string(kept[0].GetSealed().GetRaw()) != "raw of m2" {
		t.Errorf("I16: %d items are in quarantine, the first is %v", len(kept), kept[0])
	}
	s.same("what is in quarantine", &ingressv1.ItemAnswer{Position: answers[1].GetPosition()}, s.one(whatsapp, proto.CloneOf(nobody)))
}

// TestI16PanicIsQuarantined gives a receipt for a message that the log does not
// hold, which no decision expects. It is kept, and its neighbours go on.
func TestI16PanicIsQuarantined(t *testing.T) {
	s := newStage(t)
	c := s.one(whatsapp, s.message("m1", "491701", "hello")).GetConversationId()
	identity := bodies[*eventv1.IdentityCreated](s)[0].GetIdentityId()
	stream := conversation.Stream{Category: conversation.CategoryIdentity, ID: identity}
	origin := &eventv1.SendOrigin{ConversationId: c, MessageId: "nowhere", Kind: eventv1.SendKind_SEND_KIND_REPLY}
	commit := eventstore.Commit{Epoch: s.store.Epoch()}
	for at, body := range []proto.Message{
		&eventv1.SendQueued{SendId: "send", IdentityId: identity, Origin: origin},
		&eventv1.SendRequested{SendId: "send", IdentityId: identity, Attempt: 1, Origin: origin},
		&eventv1.SendClaimed{SendId: "send", IdentityId: identity, Attempt: 1, Origin: origin, Nonce: "nonce"},
	} {
		h := &conversation.Header{ID: "bad", Account: "shop", Now: s.now, Received: s.now}
		event, err := s.engine.Encode(h, "test", conversation.Event{Stream: stream, ID: string(rune('a' + at)), At: s.now, Body: body})
		if err != nil {
			t.Fatal(err)
		}
		commit.Events = append(commit.Events, event)
	}
	if results, err := s.store.Append(t.Context(), []eventstore.Commit{commit}); err != nil || results[0].Err != nil {
		t.Fatal(err, results)
	}
	s.restart()
	answers := s.round(
		request(whatsapp, s.message("m2", "491701", "before"), receipt("out", eventv1.ReceiptState_RECEIPT_STATE_SENT, "send")),
		request(egress, sent("send", "out")),
		request(whatsapp, s.message("m3", "491701", "behind")),
	)
	if answers[0].GetStatus() != committed || answers[3].GetStatus() != committed {
		t.Errorf("I16: the neighbours of a panic: %v", answers)
	}
	if answers[1].GetStatus() != quarantined || answers[2].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_REFUSED {
		t.Errorf("I16: what panicked: %v", answers[1:3])
	}
	if kept := bodies[*eventv1.ItemQuarantined](s); len(kept) != 1 || kept[0].GetReason() == "" {
		t.Errorf("I16: in quarantine is %v", kept)
	}
}

// TestI16WhatTheLogCannotHold gives two messages that are too large for a record,
// between others. They are kept as they came, and the process goes on.
func TestI16WhatTheLogCannotHold(t *testing.T) {
	s := newStage(t)
	huge := strings.Repeat("x", eventstore.MaxBody)
	answers := s.round(request(whatsapp,
		s.message("m1", "491701", "before"), s.message("m2", "491702", huge), s.message("m3", "491701", "between"),
		s.message("m4", "491701", huge), s.message("m5", "491702", "behind"),
	))
	for at, want := range []ingressv1.ItemStatus{committed, quarantined, committed, quarantined, committed} {
		if answers[at].GetStatus() != want || answers[at].GetPosition() == 0 {
			t.Errorf("I16: item %d was answered with %v", at, answers[at])
		}
	}
	if n := len(bodies[*eventv1.MessageReceived](s)); n != 3 {
		t.Errorf("I16: %d messages joined, not 3", n)
	}
	if kept := bodies[*eventv1.ItemQuarantined](s); len(kept) != 2 || string(kept[0].GetSealed().GetRaw()) != "raw of m2" {
		t.Errorf("I16: in quarantine is %v", kept)
	}
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestWhatARoundDoesNotHaveOnDisk shows that a later item of a round sees what an
// earlier one did, also where the log would have to be asked.
func TestWhatARoundDoesNotHaveOnDisk(t *testing.T) {
	s := newStage(t)
	c := s.one(widget, post("t1", "hello")).GetConversationId()
	code := s.keys.Code("shop", s.one(widget, requestLink("t2")).GetLinkId())

	// The text beside the code is held and released within one round.
	for _, a := range s.round(request(whatsapp, s.message("m1", "491701", "held "+code), s.message("m2", "491701", "yes"))) {
		if a.GetStatus() != committed || a.GetConversationId() != c {
			t.Fatalf("%v", a)
		}
	}
	messages := bodies[*eventv1.MessageReceived](s)
	if last := messages[len(messages)-1]; contentText(last.GetSealed().GetContent()) != "held" || last.GetConversationId() != c {
		t.Errorf("L4: the last message is %v", last)
	}

	// A receipt comes before the outcome that it is about.
	s.finishPrompt()
	m := s.one(admin, reply("t3", c, "hello")).GetMessageId()
	send := bodies[*eventv1.SendQueued](s)[1].GetSendId()
	s.round(
		request(egress, claim(send)),
		request(whatsapp, receipt("out-1", eventv1.ReceiptState_RECEIPT_STATE_READ, ""), receipt("out-1", eventv1.ReceiptState_RECEIPT_STATE_DELIVERED, "")),
		request(egress, sent(send, "out-1")),
	)
	if read := bodies[*eventv1.MessageRead](s); len(read) != 1 || read[0].GetMessageId() != m {
		t.Errorf("I09: the receipt that came first is lost: %v", read)
	}
	if delivered := bodies[*eventv1.MessageDelivered](s); len(delivered) != 1 {
		t.Errorf("I09: the receipts that came first: %v", delivered)
	}
	if err := s.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// finishPrompt sends the first send of the log.
func (s *stage) finishPrompt() {
	s.t.Helper()
	send := bodies[*eventv1.SendQueued](s)[0].GetSendId()
	for _, a := range s.round(request(egress, claim(send), sent(send, "out-0"))) {
		if a.GetStatus() != committed {
			s.t.Fatalf("%v", a)
		}
	}
}

func contentText(content *eventv1.Content) string {
	text, _ := conversation.PlainText(content)
	return text
}

func TestSetUpTwiceWritesNothing(t *testing.T) {
	s := newStage(t)
	before := s.store.Durable()
	again := func(change func(*ingressv1.ApplySetup)) *ingressv1.ItemAnswer {
		setup := setUp()
		change(setup)
		return s.one(admin, agent("", "", &ingressv1.AgentCommand{Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setup}}))
	}
	s.restart()
	if a := again(func(*ingressv1.ApplySetup) {}); a.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_NOTHING || s.store.Durable() != before {
		t.Errorf("the same set-up again: %v, %d events", a, s.store.Durable()-before)
	}
	again(func(setup *ingressv1.ApplySetup) { setup.Apps[0].AppSecrets = []string{"rotated"} })
	if n := s.store.Durable() - before; n != 1 {
		t.Errorf("a new secret is %d events", n)
	}
	for what, change := range map[string]func(*ingressv1.ApplySetup){
		"an app twice":               func(setup *ingressv1.ApplySetup) { setup.Apps = append(setup.Apps, setup.Apps[0]) },
		"an integration on a widget": func(setup *ingressv1.ApplySetup) { setup.Integrations[0].Id = "widget" },
		"a channel that changes":     func(setup *ingressv1.ApplySetup) { setup.Apps[0].Channel = "messenger" },
		"an offer of nothing":        func(setup *ingressv1.ApplySetup) { setup.Widgets[0].Offers = []string{"nowhere"} },
		"an integration of no app":   func(setup *ingressv1.ApplySetup) { setup.Integrations[0].AppId = "nowhere" },
		"one number twice":           func(setup *ingressv1.ApplySetup) { setup.Integrations[0].Id = "another" },
		"an integration of other kind": func(setup *ingressv1.ApplySetup) {
			setup.Integrations[0].AppId, setup.Integrations[0].Channel = "messenger-app", "messenger"
		},
	} {
		if a := again(change); a.GetRefusal() != ingressv1.Refusal_REFUSAL_INVALID {
			t.Errorf("%s: %v", what, a)
		}
	}
}

// TestTimersFollowFromTheLog shows that the index of timers holds what the events
// set and have not ended, and that firing them all leaves none.
func TestTimersFollowFromTheLog(t *testing.T) {
	s := newStage(t)
	c := s.one(widget, post("t1", "hello")).GetConversationId()
	code := s.keys.Code("shop", s.one(widget, requestLink("t2")).GetLinkId())
	s.round(request(whatsapp, s.message("m1", "491701", code), s.message("m2", "491701", "yes")))
	s.one(admin, reply("t3", c, "hello"))
	s.one(egress, claim(bodies[*eventv1.SendQueued](s)[0].GetSendId()))
	s.one(widget, visitor("t4", &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_RequestLink{
		RequestLink: &ingressv1.RequestLink{IntegrationId: "messenger"},
	}}))
	fired := 0
	for ; ; fired++ {
		want := map[conversation.Timer]bool{}
		for _, rec := range s.records() {
			event, err := router.Decode(rec)
			if err != nil {
				t.Fatal(err)
			}
			set, end := conversation.Timers(event.Body)
			for _, timer := range end {
				delete(want, timer)
			}
			for _, timer := range set {
				want[timer] = true
			}
		}
		var first *conversation.Timer
		for hit, err := range s.store.IndexScan(t.Context(), router.Installation, router.IndexTimer, nil, nil) {
			account, timer, ok := router.TimerIn(hit.Key)
			if err != nil || !ok || account != "shop" {
				t.Fatal(err, ok, account)
			}
			if first == nil {
				first = &timer
			}
			if !want[timer] {
				t.Errorf("the index holds %v, the log does not", timer)
			}
			delete(want, timer)
		}
		if len(want) > 0 {
			t.Errorf("the log holds %v, the index does not", want)
		}
		account, next, ok, err := s.engine.NextTimer(t.Context())
		if err != nil || ok != (first != nil) || ok && next != *first {
			t.Fatalf("the next timer is %v (%v, %v), the first of the index is %v", next, ok, err, first)
		}
		if !ok {
			break
		}
		s.now = later(s.now, next.Due)
		before := s.store.Durable()
		if err := s.engine.Fire(t.Context(), account, next); err != nil {
			t.Fatal(err)
		}
		if s.store.Durable() == before {
			t.Fatalf("of %v came nothing", next)
		}
	}
	if fired != 3 {
		t.Errorf("%d timers fired, not those of the link, the outcome and the lane", fired)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// TestNothingPrivateIsInTheClear looks for secrets, codes, addresses and words in
// every byte of the log.
func TestNothingPrivateIsInTheClear(t *testing.T) {
	s := newStage(t)
	const words, phone = "the words of a message", "4917012345678"
	c := s.one(widget, post("t1", words)).GetConversationId()
	code := s.keys.Code("shop", s.one(widget, requestLink("t2")).GetLinkId())
	s.round(request(whatsapp, s.message("wamid.1", phone, words+" "+code), s.message("wamid.2", phone, "yes")))
	s.finishPrompt()
	s.one(admin, reply("t3", c, words))
	send := bodies[*eventv1.SendQueued](s)[1].GetSendId()
	s.round(request(egress, claim(send), sent(send, "wamid.3")))
	odd := s.message("wamid.4", phone, words)
	odd.GetInbound().Sender = nil
	s.one(whatsapp, odd)
	for _, rec := range s.records() {
		for _, secret := range []string{
			appSecret, verifyToken, accessToken, code, phone, words, "wamid.", "raw of",
		} {
			for what, part := range map[string][]byte{
				"facts": rec.Facts, "sealed": rec.Sealed, "envelope": []byte(rec.Causation + rec.Correlation + rec.Actor + rec.ID + rec.KeyID + rec.Stream.ID),
			} {
				if bytes.Contains(part, []byte(secret)) {
					t.Errorf("%q is in the %s of a %s", secret, what, rec.Type)
				}
			}
			for _, key := range rec.Dedup {
				if bytes.Contains([]byte(key.Key), []byte(secret)) || bytes.Contains(key.Hash, []byte(secret)) {
					t.Errorf("%q is in the dedup key of a %s", secret, rec.Type)
				}
			}
		}
	}
	// What is looked for would be found: it is there once it is opened.
	opened := 0
	for _, m := range bodies[*eventv1.MessageReceived](s) {
		if contentText(m.GetSealed().GetContent()) == words {
			opened++
		}
	}
	if opened != 2 {
		t.Errorf("the words can be opened %d times, not twice", opened)
	}
}
