package broker

import (
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// Whatever a subject says, it is read as one source and that source's own
// subject, or not at all.
func FuzzSourceOf(f *testing.F) {
	for _, seed := range []string{
		"ingress.0.channel.acme.shop", "ingress.0.widget.-.x", "outcomes.0.acme.one", "ingress.0.egress.acme.one",
		"outcomes.0.acme", "ingress.1.channel.acme.shop", "", "....", "ingress.0.channel.*.>",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		from, err := sourceOf(subject)
		if err != nil {
			return
		}
		if again, err := subjectFor(from); err != nil || again != subject {
			t.Errorf("%q is %v, which speaks on %q, %v", subject, from, again, err)
		}
		if strings.ContainsAny(from.Account+from.ID, ".*> \r\n\t") {
			t.Errorf("%q gives %q", subject, from)
		}
	})
}

func FuzzReadEvent(f *testing.F) {
	f.Add("events.acme.conversation.1", "1", "2", "3")
	f.Add("events", "", "-1", "18446744073709551616")
	f.Fuzz(func(t *testing.T, subject, position, version, sequence string) {
		header := nats.Header{headerPosition: {position}, headerVersion: {version}, headerSequence: {sequence}}
		event, err := readEvent(subject, header, nil)
		if err != nil {
			return
		}
		if back, err := eventSubject(event.Account, event.Category, event.ID); err != nil || back != subject {
			t.Errorf("%q is %v, whose subject is %q, %v", subject, event, back, err)
		}
	})
}

func FuzzAckError(f *testing.F) {
	f.Add([]byte(`{"stream":"INGRESS","seq":1}`), "")
	f.Add([]byte(`{"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}}`), "")
	f.Add([]byte(`{"error":1}`), "503")
	f.Fuzz(func(t *testing.T, data []byte, status string) {
		err := ackError(&nats.Msg{Data: data, Header: nats.Header{"Status": {status}}})
		if status == "503" && err == nil {
			t.Error("a message that no stream took has no error")
		}
	})
}

func TestIsReceipt(t *testing.T) {
	for subject, want := range map[string]bool{
		"receipts.abc.a.1": true, "receipts.abc": true,
		"receipts.": false, "receipts": false, "receipts.*": false, "receipts.>": false, "receipts.a..b": false,
		"receipts.a b": false, "ingress.0.api.acme.admin": false, "": false, "$JS.API.STREAM.DELETE.EVENTS": false,
	} {
		if got := isReceipt(subject); got != want {
			t.Errorf("isReceipt(%q) = %v", subject, got)
		}
	}
}
