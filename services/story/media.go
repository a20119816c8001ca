package story

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/conversation"
)

// showing is content of a picture.
func showing(media *eventv1.Media) *eventv1.Content {
	media.Kind, media.MimeType = eventv1.MediaKind_MEDIA_KIND_IMAGE, "image/png"
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Media{Media: media}}}}
}

// shows lets a customer send a picture: from a phone, or by an upload in the widget.
func (p *player) shows(t testing.TB, m []string) string {
	media := &eventv1.Media{Caption: m[2], ProviderMediaId: "media-" + m[2]}
	if m[1] == "widget" {
		media = &eventv1.Media{Caption: m[2], BlobId: "uploads." + m[0]}
		refused, _ := p.visitor(t, m[0], &ingressv1.WidgetCommand{Command: &ingressv1.WidgetCommand_PostMessage{
			PostMessage: &ingressv1.PostMessage{Content: showing(media)},
		}})
		return refused
	}
	refused := p.inbound(t, m[0], m[1], showing(media), "")
	p.said[m[0]+"@"+m[1]+": "+words(showing(media))] = inboundID(p.count)
	return refused
}

// agentShows lets the agent send a picture that was uploaded for this conversation,
// or for another one.
func (p *player) agentShows(t testing.TB, m []string) string {
	customer := "somebody"
	for _, event := range p.stage.Events(t, 0) {
		if started, ok := event.Body.(*eventv1.ConversationStarted); ok && m[0] == "" && started.GetConversationId() == p.conversation {
			customer = started.GetCustomerId()
		}
	}
	return p.agent(t, &ingressv1.AgentCommand{
		ConversationId: p.conversation, Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{
			Content: showing(&eventv1.Media{Caption: m[1], BlobId: conversation.BlobOf(customer, "upload"), Size: 1000}),
		}},
	})
}

// fetches lets the file that was asked for last come, or not.
func (p *player) fetches(t testing.TB, m []string) string {
	var asked *eventv1.MediaRequested
	for _, event := range p.stage.Events(t, 0) {
		if body, ok := event.Body.(*eventv1.MediaRequested); ok {
			asked = proto.CloneOf(body)
		}
	}
	if asked == nil {
		t.Fatal("no file was asked for")
	}
	report := &ingressv1.ReportMedia{MediaId: asked.GetMediaId(), ConversationId: asked.GetConversationId()}
	switch blob := conversation.BlobOf(asked.GetCustomerId(), asked.GetMediaId()); m[0] {
	case "comes":
		report.Outcome = &ingressv1.ReportMedia_Stored{Stored: &eventv1.StoredMedia{
			BlobId: blob, MimeType: "image/png", Size: 1000, ThumbnailId: conversation.ThumbnailOf(blob), Width: 60, Height: 40,
		}}
	case "is gone":
		report.Outcome = &ingressv1.ReportMedia_Failed{Failed: &eventv1.SendError{Reason: "expired"}}
	default:
		report.Outcome = &ingressv1.ReportMedia_Later{Later: &ingressv1.NotSent{Error: &eventv1.SendError{Reason: "unreachable"}}}
	}
	return p.egress(t, &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Media{Media: report}})
}

// tellMedia says what becomes of a file.
func (n *names) tellMedia(body proto.Message) string {
	switch e := body.(type) {
	case *eventv1.MediaRequested:
		if e.GetAttempt() > 1 {
			return fmt.Sprintf("the file of %q is asked for again", n.messages[e.GetMessageId()])
		}
		return fmt.Sprintf("the file of %q is asked for", n.messages[e.GetMessageId()])
	case *eventv1.MediaStored:
		return fmt.Sprintf("the file of %q is there", n.messages[e.GetMessageId()])
	case *eventv1.MediaFailed:
		return fmt.Sprintf("the file of %q is not to be had: %s", n.messages[e.GetMessageId()], e.GetError().GetReason())
	}
	return ""
}

// files tells how far the files of a line are.
func files(item *viewv1.TimelineItem) string {
	var out strings.Builder
	for _, file := range item.GetMedia() {
		fmt.Fprintf(&out, " {%s", plain(file.GetState(), "MEDIA_STATE_"))
		if stored := file.GetStored(); stored != nil {
			fmt.Fprintf(&out, ", %s %d x %d", stored.GetMimeType(), stored.GetWidth(), stored.GetHeight())
		}
		if reason := file.GetError().GetReason(); reason != "" {
			out.WriteString(": " + reason)
		}
		out.WriteString("}")
	}
	return out.String()
}
