package operations_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

const (
	replayed  = adminv1.QuarantineState_QUARANTINE_STATE_REPLAYED
	discarded = adminv1.QuarantineState_QUARANTINE_STATE_DISCARDED
	waits     = adminv1.QuarantineState_QUARANTINE_STATE_WAITING
)

// TestI16ReplayIsWhatTheWebhookWouldHaveBeen replays a message that a parser could
// not read at first: it joins once, with the times of then, in one commit with the
// event that takes it out of quarantine.
func TestI16ReplayIsWhatTheWebhookWouldHaveBeen(t *testing.T) {
	d := newDesk(t)
	d.reader.blind = "riddle"
	d.post("1", "m1", "hello")
	written := d.now
	d.post("1", "m2", "a riddle")
	d.post("1", "m3", "and on")
	position := d.waiting()
	d.wantList("shop", false, "shop wa-1 WAITING")
	d.wantList("-", false, "")

	got, err := d.ops.GetQuarantined(t.Context(), &adminv1.GetQuarantinedRequest{Position: position})
	if err != nil || !strings.Contains(string(got.GetRaw()), "a riddle") || got.GetItem().GetReason() != "a word that nobody knows" {
		t.Errorf("%v (%v)", got, err)
	}
	d.now = d.now.Add(time.Hour)
	before := d.store.Durable()
	if a := d.replay(position); a.GetItem().GetState() != waits || a.GetDetail() != "a word that nobody knows" || d.store.Durable() != before {
		t.Errorf("what can still not be read: %v, %d events", a, d.store.Durable()-before)
	}

	d.reader.blind = ""
	answer := d.replay(position)
	messages, records := found[*eventv1.MessageReceived](d)
	if len(messages) != 3 {
		t.Fatalf("there are %d messages", len(messages))
	}
	last := messages[2]
	if answer.GetItem().GetState() != replayed || answer.GetConversationId() != last.GetConversationId() || answer.GetDetail() != "" {
		t.Errorf("the answer is %v", answer)
	}
	if !last.GetSentAt().AsTime().Equal(written) || !records[2].Received.Equal(written) || last.GetSealed().GetProfile().GetName() != "Ana" {
		t.Errorf("replayed it is %v, received %v", last, records[2].Received)
	}
	taken, by := found[*eventv1.ItemReplayed](d)
	if len(taken) != 1 || taken[0].GetPosition() != position || by[0].Actor != "api/operator" || records[2].Actor != "api/operator" {
		t.Fatalf("what says so is %v", taken)
	}
	if by[0].Causation != records[2].Causation || records[2].More == 0 {
		t.Error("the message and what says that it was replayed are two commits")
	}

	before = d.store.Durable()
	if again := d.replay(position); again.GetItem().GetState() != replayed || again.GetConversationId() != answer.GetConversationId() {
		t.Errorf("replayed again: %v", again)
	}
	d.post("1", "m2", "a riddle") // I19: what the provider delivers again is a duplicate, too.
	if d.store.Durable() != before {
		t.Errorf("again it is %d events", d.store.Durable()-before)
	}
	d.wantList("", false, "")
	d.wantList("", true, "shop wa-1 REPLAYED")
	if err := d.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestI16ReplayBehindTheProvider replays what the provider delivered again meanwhile,
// to a parser that could read it.
func TestI16ReplayBehindTheProvider(t *testing.T) {
	d := newDesk(t)
	d.reader.blind = "riddle"
	d.post("1", "m1", "a riddle")
	position := d.waiting()
	d.reader.blind = ""
	d.post("1", "m1", "a riddle")
	answer := d.replay(position)
	messages, _ := found[*eventv1.MessageReceived](d)
	taken, _ := found[*eventv1.ItemReplayed](d)
	if answer.GetItem().GetState() != replayed || len(messages) != 1 || len(taken) != 1 || !taken[0].GetDuplicate() {
		t.Errorf("%v: %d messages, %v", answer, len(messages), taken)
	}
}

// TestI16ReplayAfterConnecting replays what belonged to no integration when it came.
func TestI16ReplayAfterConnecting(t *testing.T) {
	d := newDesk(t)
	d.post("2", "m1", "anybody there?")
	position := d.waiting()
	d.wantList("-", false, "- app WAITING")
	d.wantList("shop", true, "")
	if a := d.replay(position); a.GetItem().GetState() != waits || !strings.Contains(a.GetDetail(), "number-2") {
		t.Errorf("%v", a)
	}
	d.connect("1", "2")
	if a := d.replay(position); a.GetItem().GetState() != replayed || a.GetConversationId() == "" {
		t.Errorf("%v", a)
	}
	if messages, _ := found[*eventv1.MessageReceived](d); len(messages) != 1 || messages[0].GetIntegrationId() != "wa-2" {
		t.Errorf("%v", messages)
	}
	d.wantList("-", true, "- app REPLAYED")
	if err := d.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestI16ReplayOfAWholeBody replays a body over which the parser panicked: it is
// several items, each takes effect once, also where the operator hears nothing
// after each of them.
func TestI16ReplayOfAWholeBody(t *testing.T) {
	d := newDesk(t)
	body := `{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"number-1"},"messages":[`
	for _, id := range []string{"m1", "m2", "m3"} {
		body += fmt.Sprintf(`{"from":"15550100001","id":"wamid.%s","timestamp":"%d","type":"text","text":{"body":"x"}},`, id, d.now.Unix())
	}
	body = strings.TrimSuffix(body, ",") + `]}}]}]}`
	whole := &ingressv1.Item{Raw: []byte(body), Kind: &ingressv1.Item_Unreadable{Unreadable: &ingressv1.Unreadable{Reason: "the reader panicked"}}}
	if _, err := d.Publish(t.Context(), channel.Source{Kind: channel.KindChannel, Account: "-", ID: "app"},
		&ingressv1.Batch{Items: []*ingressv1.Item{whole}}); err != nil {
		t.Fatal(err)
	}
	position := d.waiting()
	for crash, want := range []string{"- app WAITING", "- app WAITING", ""} {
		d.lose = crash + 1
		_, err := d.ops.ReplayQuarantined(t.Context(), &adminv1.ReplayQuarantinedRequest{Position: position})
		if !errors.Is(err, errLost) || d.lose != 0 {
			t.Fatalf("the answer was not lost: %v", err)
		}
		d.wantList("", false, want)
	}
	if a := d.replay(position); a.GetItem().GetState() != replayed {
		t.Errorf("%v", a)
	}
	if messages, _ := found[*eventv1.MessageReceived](d); len(messages) != 3 {
		t.Errorf("three messages are %d", len(messages))
	}
	if taken, _ := found[*eventv1.ItemReplayed](d); len(taken) != 1 {
		t.Errorf("it was taken out %d times", len(taken))
	}
}

func TestI16Discard(t *testing.T) {
	d := newDesk(t)
	d.post("2", "m1", "anybody there?")
	position := d.waiting()
	for range 2 {
		answer, err := d.ops.DiscardQuarantined(t.Context(), &adminv1.DiscardQuarantinedRequest{Position: position})
		if err != nil || answer.GetItem().GetState() != discarded {
			t.Errorf("%v (%v)", answer, err)
		}
	}
	if given, by := found[*eventv1.ItemDiscarded](d); len(given) != 1 || by[0].Actor != "api/operator" {
		t.Errorf("%v", given)
	}
	d.connect("1", "2")
	d.wantReason(errorv1.Reason_REASON_ENDED, func() error {
		_, err := d.ops.ReplayQuarantined(t.Context(), &adminv1.ReplayQuarantinedRequest{Position: position})
		return err
	})
	d.wantList("", true, "- app DISCARDED")
	if kept, _ := found[*eventv1.ItemQuarantined](d); len(kept) != 1 || len(kept[0].GetSealed().GetRaw()) == 0 {
		t.Error("its event is gone")
	}

	// What was replayed cannot be discarded any more.
	d.reader.blind = "riddle"
	d.post("1", "m2", "a riddle")
	position = d.waiting()
	d.reader.blind = ""
	d.replay(position)
	d.wantReason(errorv1.Reason_REASON_ENDED, func() error {
		_, err := d.ops.DiscardQuarantined(t.Context(), &adminv1.DiscardQuarantinedRequest{Position: position})
		return err
	})
	for _, nowhere := range []uint64{0, 1, d.store.Durable() + 1} {
		d.wantReason(errorv1.Reason_REASON_NOT_FOUND, func() error {
			_, err := d.ops.DiscardQuarantined(t.Context(), &adminv1.DiscardQuarantinedRequest{Position: nowhere})
			return err
		})
	}
	if err := d.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestReplayWithoutItsKey shows that what a destroyed key sealed can be discarded,
// and nothing else.
func TestReplayWithoutItsKey(t *testing.T) {
	d := newDesk(t)
	d.post("2", "m1", "anybody there?")
	position := d.waiting()
	rec, err := d.store.ReadAt(t.Context(), position)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.keys.Destroy(rec.KeyID); err != nil {
		t.Fatal(err)
	}
	d.connect("1", "2")
	d.wantReason(errorv1.Reason_REASON_ENDED, func() error {
		_, err := d.ops.ReplayQuarantined(t.Context(), &adminv1.ReplayQuarantinedRequest{Position: position})
		return err
	})
	if got, err := d.ops.GetQuarantined(t.Context(), &adminv1.GetQuarantinedRequest{Position: position}); err != nil || len(got.GetRaw()) > 0 {
		t.Errorf("%v (%v)", got, err)
	}
	if _, err := d.ops.DiscardQuarantined(t.Context(), &adminv1.DiscardQuarantinedRequest{Position: position}); err != nil {
		t.Error(err)
	}
}

func TestQuarantineIsListedInPages(t *testing.T) {
	d := newDesk(t)
	for n := range 5 {
		d.post("2", fmt.Sprint("m", n), "anybody there?")
	}
	var positions []uint64
	for after := uint64(0); ; {
		page, err := d.ops.ListQuarantine(t.Context(), &adminv1.ListQuarantineRequest{After: after, Limit: 2})
		if err != nil {
			t.Fatal(err)
		}
		if len(page.GetItems()) == 0 {
			break
		}
		for _, item := range page.GetItems() {
			if after >= item.GetPosition() {
				t.Errorf("%d comes behind %d", item.GetPosition(), after)
			}
			after = item.GetPosition()
			positions = append(positions, after)
		}
	}
	if len(positions) != 5 {
		t.Errorf("%v", positions)
	}
	d.wantReason(errorv1.Reason_REASON_INVALID, func() error {
		_, err := d.ops.ListQuarantine(t.Context(), &adminv1.ListQuarantineRequest{Limit: 1001})
		return err
	})
}
