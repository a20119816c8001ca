package operations_test

import (
	"fmt"
	"testing"
	"time"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// reparse calls Reparse until it is through, and adds up.
func (d *desk) reparse(request *adminv1.ReparseRequest) string {
	d.t.Helper()
	var read, changed, unchanged, gone, quarantined uint64
	told := ""
	for {
		part, err := d.ops.Reparse(d.t.Context(), request)
		if err != nil {
			d.t.Fatal(err)
		}
		read, changed, unchanged = read+part.GetRead(), changed+part.GetChanged(), unchanged+part.GetUnchanged()
		gone, quarantined = gone+part.GetGone(), quarantined+part.GetQuarantined()
		for _, item := range part.GetItems() {
			told += fmt.Sprintf(", %s is %s", item.GetWas(), item.GetIs())
		}
		if request.After = part.GetPosition(); part.GetDone() {
			return fmt.Sprintf("%d read, %d changed, %d unchanged, %d gone, %d quarantined%s", read, changed, unchanged, gone, quarantined, told)
		}
	}
}

func (d *desk) wantReparse(request *adminv1.ReparseRequest, want string) {
	d.t.Helper()
	if got := d.reparse(request); got != want {
		d.t.Errorf("reparse tells %q, not %q", got, want)
	}
}

// TestReparse reads again what today's parsers can read: each thing once, with the
// times of then, and nothing that they still cannot.
func TestReparse(t *testing.T) {
	d := newDesk(t)
	d.reader.deaf, d.reader.vague, d.reader.blind = "murmur", "hologram", "riddle"
	d.post("1", "m1", "hello")
	written := d.now
	d.post("1", "m2", "a murmur")
	d.post("1", "m3", "a hologram")
	d.post("1", "m4", "another hologram")
	d.post("1", "m5", "a riddle")
	d.now = d.now.Add(time.Hour)
	before := d.store.Durable()
	d.wantReparse(&adminv1.ReparseRequest{}, "3 read, 0 changed, 3 unchanged, 0 gone, 1 quarantined")

	d.reader.deaf, d.reader.vague = "", ""
	d.wantReparse(&adminv1.ReparseRequest{DryRun: true},
		"3 read, 3 changed, 0 unchanged, 0 gone, 1 quarantined, hologram is message, hologram is message, hologram is message")
	d.wantReparse(&adminv1.ReparseRequest{IntegrationId: "wa-2"}, "0 read, 0 changed, 0 unchanged, 0 gone, 0 quarantined")
	if d.store.Durable() != before {
		t.Errorf("saying what would change is %d events", d.store.Durable()-before)
	}

	d.wantReparse(&adminv1.ReparseRequest{},
		"3 read, 3 changed, 0 unchanged, 0 gone, 1 quarantined, hologram is message, hologram is message, hologram is message")
	messages, records := found[*eventv1.MessageReceived](d)
	if len(messages) != 4 {
		t.Fatalf("there are %d messages", len(messages))
	}
	late := messages[3]
	if text, _ := conversation.PlainText(late.GetSealed().GetContent()); text != "a murmur" ||
		!late.GetSentAt().AsTime().Equal(written) || !records[3].Received.Equal(written) || records[3].Actor != "api/operator" {
		t.Errorf("what was ignored is %v, received %v by %s", late, records[3].Received, records[3].Actor)
	}
	said, _ := found[*eventv1.MessageReparsed](d)
	if len(said) != 2 || said[0].GetMessageId() != messages[1].GetMessageId() || said[1].GetMessageId() != messages[2].GetMessageId() {
		t.Fatalf("what could not be shown is %v", said)
	}
	if text, _ := conversation.PlainText(said[0].GetSealed().GetContent()); text != "a hologram" {
		t.Errorf("it says %q", text)
	}

	// M1: again it changes nothing, and neither does what the provider delivers again.
	before = d.store.Durable()
	d.wantReparse(&adminv1.ReparseRequest{}, "3 read, 0 changed, 3 unchanged, 0 gone, 1 quarantined")
	d.post("1", "m2", "a murmur")
	d.post("1", "m3", "a hologram")
	if d.store.Durable() != before {
		t.Errorf("again it is %d events", d.store.Durable()-before)
	}
	if err := d.store.Verify(t.Context(), nil); err != nil {
		t.Error(err)
	}
}

// TestReparseBehindTheProvider reads something again that the provider delivered
// again meanwhile, to a parser that could read it.
func TestReparseBehindTheProvider(t *testing.T) {
	d := newDesk(t)
	d.reader.deaf = "murmur"
	d.post("1", "m1", "a murmur")
	d.reader.deaf = ""
	d.post("1", "m1", "a murmur")
	d.wantReparse(&adminv1.ReparseRequest{}, "1 read, 0 changed, 1 unchanged, 0 gone, 0 quarantined")
	if messages, _ := found[*eventv1.MessageReceived](d); len(messages) != 1 {
		t.Errorf("there are %d messages", len(messages))
	}
}

// TestReparseOfTheErased passes over what was erased, and what lies under the key of
// a day that is destroyed.
func TestReparseOfTheErased(t *testing.T) {
	d := newDesk(t)
	d.reader.deaf, d.reader.vague = "murmur", "hologram"
	d.post("1", "m1", "a hologram")
	d.post("1", "m2", "a murmur")
	d.reader.deaf, d.reader.vague = "", ""
	_, records := found[*eventv1.ItemIgnored](d)
	_, said := found[*eventv1.MessageReceived](d)
	if err := d.keys.Destroy(records[0].KeyID, said[0].KeyID); err != nil {
		t.Fatal(err)
	}
	before := d.store.Durable()
	d.wantReparse(&adminv1.ReparseRequest{}, "0 read, 0 changed, 0 unchanged, 2 gone, 0 quarantined")
	if d.store.Durable() != before {
		t.Errorf("it is %d events", d.store.Durable()-before)
	}
}
