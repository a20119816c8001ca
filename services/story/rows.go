package story

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// inbox tells the conversations of the account, the most recently active first.
func (p *player) inbox(t *testing.T, d *datadriven.TestData) string {
	query := &viewv1.InboxQuery{}
	for _, arg := range d.CmdArgs[1:] {
		switch arg.Key {
		case "open":
			query.Status = viewv1.ConversationStatus_CONVERSATION_STATUS_OPEN
		case "closed":
			query.Status = viewv1.ConversationStatus_CONVERSATION_STATUS_CLOSED
		case "label":
			query.Label = arg.Vals[0]
		case "assignee":
			query.AssigneeId = arg.Vals[0]
		case "nobody":
			query.Nobody = true
		default:
			d.Fatalf(t, "what of the inbox is %s?", arg.Key)
		}
	}
	var out strings.Builder
	for _, s := range p.stage.Inbox(t, query) {
		fmt.Fprintln(&out, p.row(s))
	}
	return cmp.Or(out.String(), "nothing\n")
}

// row tells a row of the inbox, but for the customer's name: in the real world each
// has one.
func (p *player) row(s *viewv1.ConversationSummary) string {
	words := []string{p.names.conversation(s.GetConversationId()) + " " + plain(s.GetStatus(), "CONVERSATION_STATUS_")}
	say := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(s.GetErased(), "erased")
	say(len(s.GetChannels()) > 0, "by %s", strings.Join(s.GetChannels(), " and "))
	say(s.GetChannel() != "", "replies go to %s", s.GetChannel())
	say(s.GetAssigneeId() != "", "the work of %s", s.GetAssigneeId())
	say(len(s.GetLabels()) > 0, "labelled %s", strings.Join(s.GetLabels(), " and "))
	say(s.GetUnread() > 0, "%d unread", s.GetUnread())
	say(s.GetWaitingSince() != nil, "the customer waits")
	say(s.GetTroubles() > 0, "%d in trouble", s.GetTroubles())
	row := strings.Join(words, ", ")
	last := s.GetLastLine()
	if last == nil {
		return row
	}
	text := last.GetText()
	if last.GetOther() != "" {
		text = strings.TrimSpace("(" + last.GetOther() + ") " + text)
	}
	if last.GetUnsent() {
		text = "(deleted)"
	}
	who := plain(last.GetSpeaker(), "SPEAKER_")
	if last.GetChannel() != "" {
		who += " (" + last.GetChannel() + ")"
	}
	return row + "\n  " + who + ": " + text
}
