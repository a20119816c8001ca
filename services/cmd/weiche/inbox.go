package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// inboxFlags say which conversations of the inbox are shown.
type inboxFlags struct {
	status string
	limit  int
	query  viewv1.InboxQuery
}

func (f *inboxFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.status, "status", "", "open or closed; both if it is left out")
	flags.StringVar(&f.query.AssigneeId, "assignee", "", "only the work of this agent")
	flags.BoolVar(&f.query.Nobody, "nobody", false, "only nobody's work")
	flags.StringVar(&f.query.Label, "label", "", "only with this label")
	flags.StringVar(&f.query.Channel, "channel", "", "only with a binding on this channel")
	flags.StringVar(&f.query.CustomerId, "customer", "", "only of this customer")
	flags.IntVar(&f.limit, "limit", 50, "how many at most")
	cmd.MarkFlagsMutuallyExclusive("assignee", "nobody")
}

// read reads pages until it has as many conversations as were asked for.
func (f *inboxFlags) read(ctx context.Context, v viewReader, account string) (*viewv1.InboxPage, error) {
	switch f.status {
	case "":
	case "open":
		f.query.Status = viewv1.ConversationStatus_CONVERSATION_STATUS_OPEN
	case "closed":
		f.query.Status = viewv1.ConversationStatus_CONVERSATION_STATUS_CLOSED
	default:
		return nil, usageError{fmt.Errorf("--status %q is neither open nor closed", f.status)}
	}
	if f.limit < 1 {
		return nil, usageError{fmt.Errorf("--limit %d is less than 1", f.limit)}
	}
	all := &viewv1.InboxPage{}
	for {
		f.query.Limit = int32(min(f.limit-len(all.Conversations), 200))
		page, err := v.Inbox(ctx, account, &f.query)
		if err != nil {
			return nil, err
		}
		all.Conversations = append(all.Conversations, page.Conversations...)
		all.NextBefore, all.AsOf = page.NextBefore, page.AsOf
		if f.query.Before = page.NextBefore; f.query.Before == 0 || len(all.Conversations) >= f.limit {
			return all, nil
		}
	}
}

// tellRow writes a row of the inbox.
func tellRow(s *viewv1.ConversationSummary) string {
	words := []string{word(s.GetStatus(), "CONVERSATION_STATUS_")}
	say := func(is bool, format string, args ...any) {
		if is {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(s.GetErased(), "erased")
	say(s.GetCustomerName() != "", "%s", s.GetCustomerName())
	say(s.GetChannel() != "", "replies go to %s", s.GetChannel())
	say(s.GetAssigneeId() != "", "assigned to %s", s.GetAssigneeId())
	say(len(s.GetLabels()) > 0, "labels %s", strings.Join(s.GetLabels(), " "))
	say(s.GetUnread() > 0, "%d unread", s.GetUnread())
	say(s.GetTroubles() > 0, "%d in trouble", s.GetTroubles())
	row := s.GetConversationId() + "  " + strings.Join(words, ", ")
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
	return row + "\n  " + word(last.GetSpeaker(), "SPEAKER_") + ": " + text
}
