package conversation_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// picture is content of one picture that a provider has.
func picture(media *eventv1.Media) *eventv1.Content {
	media.Kind = eventv1.MediaKind_MEDIA_KIND_IMAGE
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Media{Media: media}}}}
}

// shows sends a picture of Ana over WhatsApp.
func (d *desk) shows(media *eventv1.Media) conversation.Decision {
	return d.give(&conversation.ReceiveMessage{
		IntegrationID: "whatsapp", Sender: []conversation.Address{address("whatsapp", "phone", "ana")},
		Content: picture(media), MessageHash: []byte("picture"),
	})
}

// asked returns what a decision asks a fetcher for.
func asked(t *testing.T, decision conversation.Decision) *eventv1.MediaRequested {
	t.Helper()
	for _, e := range decision.Events {
		if requested, ok := e.Body.(*eventv1.MediaRequested); ok {
			return requested
		}
	}
	t.Fatal("nothing is to be fetched")
	return nil
}

func stored(r *eventv1.MediaRequested) *conversation.ReportMedia {
	return &conversation.ReportMedia{
		MediaID: r.GetMediaId(), ConversationID: r.GetConversationId(),
		Stored: &eventv1.StoredMedia{BlobId: conversation.BlobOf(r.GetCustomerId(), r.GetMediaId())},
	}
}

func (d *desk) refuses(c conversation.Command, want ingressv1.Refusal) {
	d.t.Helper()
	d.count++
	h := conversation.HeaderOf(c)
	h.ID, h.Account, h.Now, h.Received = "01REFUSED", account, d.now, d.now
	_, err := conversation.Decide(d.state, c)
	var refusal *conversation.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != want {
		d.t.Errorf("%T: %v, want %v", c, err, want)
	}
}

// A file that nobody reports on is asked for again and again, later each time, and
// given up after a day.
func TestAFileIsAskedForUntilItIsGivenUp(t *testing.T) {
	d := newDesk(t)
	first := d.shows(&eventv1.Media{ProviderMediaId: "1"})
	d.expect(first, "CustomerCreated IdentityCreated ConversationStarted ChannelBound IdentityBound RouteChanged MessageReceived MediaRequested")
	request, began := asked(t, first), d.now
	for attempt := uint32(2); ; attempt++ {
		due := request.GetDue().AsTime()
		if wait := due.Sub(d.now); wait < time.Minute || wait > 2*time.Hour {
			t.Fatalf("attempt %d waits %v", attempt, wait)
		}
		timer := conversation.Timer{Kind: conversation.TimerMedia, Due: due, Owner: request.GetConversationId(), ID: request.GetMediaId()}
		d.expect(d.give(&conversation.FireTimer{Timer: timer}), "")
		d.now = due
		again := d.give(&conversation.FireTimer{Timer: timer})
		if kinds(again) == "MediaFailed" {
			break
		}
		request = asked(t, again)
		if request.GetAttempt() != attempt || !request.GetEndedDue().AsTime().Equal(due) {
			t.Fatalf("asked again with %v", request)
		}
	}
	if took := d.now.Sub(began); took < 24*time.Hour || took > 27*time.Hour {
		t.Errorf("given up after %v", took)
	}
	d.refuses(stored(request), ingressv1.Refusal_REFUSAL_NOT_FOUND)
}

// What is reported twice is stored once, and what lies elsewhere not at all.
func TestAFileIsStoredOnce(t *testing.T) {
	d := newDesk(t)
	request := asked(t, d.shows(&eventv1.Media{ProviderUrl: "https://x"}))
	elsewhere := stored(request)
	elsewhere.Stored.BlobId = "somebody.else"
	d.refuses(elsewhere, ingressv1.Refusal_REFUSAL_INVALID)
	d.expect(d.give(&conversation.ReportMedia{MediaID: request.GetMediaId(), ConversationID: request.GetConversationId()}), "")
	d.expect(d.give(stored(request)), "MediaStored")
	d.expect(d.give(stored(request)), "")
	// One that disappears has no address and is not asked for.
	d.expect(d.shows(&eventv1.Media{ProviderUrl: "https://x", Ephemeral: true}), "MessageReceived")
}

// A message is taken back while its file is fetched: the file is refused, and named
// among what has to go, since it may be there already.
func TestM10AnUnsendTakesTheFiles(t *testing.T) {
	for _, fetched := range []bool{false, true} {
		d := newDesk(t)
		request := asked(t, d.shows(&eventv1.Media{ProviderMediaId: "1"}))
		want := "MediaFailed MessageUnsent"
		if fetched {
			d.give(stored(request))
			want = "MessageUnsent"
		}
		unsent := d.give(&conversation.UnsendMessage{IntegrationID: "whatsapp", MessageHash: []byte("picture")})
		d.expect(unsent, want)
		blob := conversation.BlobOf(request.GetCustomerId(), request.GetMediaId())
		got := unsent.Events[len(unsent.Events)-1].Body.(*eventv1.MessageUnsent).GetBlobIds()
		if diff := cmp.Diff([]string{blob, conversation.ThumbnailOf(blob)}, got); diff != "" {
			t.Errorf("fetched %v: what has to go (-want +got):\n%s", fetched, diff)
		}
		if !fetched {
			d.refuses(stored(request), ingressv1.Refusal_REFUSAL_NOT_FOUND)
		}
	}
}

// An erasure ends what is fetched.
func TestI32AnErasureEndsWhatIsFetched(t *testing.T) {
	d := newDesk(t)
	request := asked(t, d.shows(&eventv1.Media{ProviderMediaId: "1"}))
	d.expect(d.give(&conversation.EraseCustomer{CustomerID: request.GetCustomerId()}),
		"ChannelUnbound IdentityReleased RouteChanged MediaFailed ConversationErased IdentityErased CustomerErased")
	d.refuses(stored(request), ingressv1.Refusal_REFUSAL_NOT_FOUND)
}

// Nobody shows a file that is not theirs, and somebody else's looks like none.
func TestI20NobodyShowsTheFilesOfOthers(t *testing.T) {
	d := newDesk(t)
	mine := d.shows(&eventv1.Media{ProviderMediaId: "1"})
	request := asked(t, mine)
	own := conversation.BlobOf(request.GetCustomerId(), "01UPLOAD")
	for _, blob := range []string{"uploads.x", "01OTHER.x", request.GetCustomerId(), "x"} {
		d.refuses(&conversation.SendReply{
			Agent: conversation.Agent{AgentID: "kim", ConversationID: mine.ConversationID}, Content: picture(&eventv1.Media{BlobId: blob}),
		}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	}
	// A channel names no files of ours, and a visitor only what was uploaded.
	for integration, blob := range map[string]string{"whatsapp": "uploads.x", "widget": own} {
		d.refuses(&conversation.ReceiveMessage{
			IntegrationID: integration, Sender: []conversation.Address{address(integration, "phone", "ana")},
			Content: picture(&eventv1.Media{BlobId: blob}),
		}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	}
	uploaded := d.give(&conversation.ReceiveMessage{
		IntegrationID: "widget", Sender: []conversation.Address{address("widget", "visitor", "ana")},
		Content: picture(&eventv1.Media{BlobId: "uploads.x"}),
	})
	if got := asked(t, uploaded); got.GetChannel() != "widget" {
		t.Errorf("asked for %v", got)
	}
}

// What a channel tells of the business names no files of ours either, and a fetcher
// no small picture of another file.
func TestI20NoOtherWayLeadsToTheFilesOfOthers(t *testing.T) {
	d := newDesk(t)
	request := asked(t, d.shows(&eventv1.Media{ProviderMediaId: "1"}))
	ana := []conversation.Address{address("whatsapp", "phone", "ana")}
	others := picture(&eventv1.Media{BlobId: "01OTHER.x"})
	d.refuses(&conversation.RecordEcho{
		IntegrationID: "whatsapp", Recipient: ana, MessageHash: []byte("echo"), Content: others,
	}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	d.refuses(&conversation.EditMessage{
		IntegrationID: "whatsapp", Sender: ana, MessageHash: []byte("picture"), Content: others,
	}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	d.refuses(&conversation.ReparseItem{
		ConversationID: request.GetConversationId(), MessageID: request.GetMessageId(), MessageHash: []byte("picture"), Content: others,
	}, ingressv1.Refusal_REFUSAL_NOT_FOUND)
	report := stored(request)
	report.Stored.ThumbnailId = "01OTHER.x-t"
	d.refuses(report, ingressv1.Refusal_REFUSAL_INVALID)
	report.Stored.ThumbnailId = conversation.ThumbnailOf(report.Stored.BlobId)
	d.expect(d.give(report), "MediaStored")
}

// What the business takes back is gone in each form in which it was written down, with
// its files, whether the provider's id of it was known by then or not.
func TestM10TheBusinessTakesAReplyBack(t *testing.T) {
	for _, early := range []bool{false, true} {
		d := newDesk(t)
		_, first := d.replies()
		d.give(&conversation.ReportOutcome{SendID: first, Attempt: 1, Nonce: "n", Sent: "first", SentHash: []byte("first")})
		conversationID := d.writes("and a picture?", nil).ConversationID
		conv := d.state.Conversation(conversationID)
		blob := conversation.BlobOf(conv.Customer, "01UPLOAD")
		content := picture(&eventv1.Media{BlobId: blob, MimeType: "application/zip", FileName: "a.zip", Size: 1 << 40})
		content.Parts = append(content.Parts, conversation.Text("here").GetParts()...)
		reply := d.give(&conversation.SendReply{
			Agent: conversation.Agent{AgentID: "kim", ConversationID: conversationID}, Content: content,
		})
		var want []string
		for _, e := range reply.Events {
			switch e.Body.(type) {
			case *eventv1.ReplyQueued, *eventv1.ReplyFitted:
				want = append(want, e.ID)
			}
		}
		if len(want) != 2 {
			t.Fatalf("the reply was not fitted: %s", kinds(reply))
		}
		send := sendOf(t, reply)
		d.give(&conversation.ClaimSend{SendID: send, Attempt: 1, Nonce: "n"})
		unsend := &conversation.UnsendMessage{IntegrationID: "whatsapp", MessageHash: []byte("reply"), ByBusiness: true}
		succeed := &conversation.ReportOutcome{SendID: send, Attempt: 1, Nonce: "n", Sent: "reply", SentHash: []byte("reply")}
		var last conversation.Decision
		if early {
			d.give(unsend)
			last = d.give(succeed)
		} else {
			d.give(succeed)
			last = d.give(unsend)
		}
		var unsent *eventv1.MessageUnsent
		for _, e := range last.Events {
			if u, ok := e.Body.(*eventv1.MessageUnsent); ok {
				unsent = u
			}
		}
		if diff := cmp.Diff(want, unsent.GetContentEventIds()); diff != "" {
			t.Errorf("early %v: the words that go (-want +got):\n%s", early, diff)
		}
		if diff := cmp.Diff([]string{blob}, unsent.GetBlobIds()); diff != "" {
			t.Errorf("early %v: the files that go (-want +got):\n%s", early, diff)
		}
	}
}
