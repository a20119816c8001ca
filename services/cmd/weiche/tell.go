package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// tellView writes a view for people.
func tellView(message proto.Message) string {
	var out strings.Builder
	switch view := message.(type) {
	case *viewv1.Timeline:
		for _, item := range view.GetItems() {
			fmt.Fprintln(&out, tellItem(item))
		}
	case *viewv1.ChannelView:
		for _, segment := range view.GetSegments() {
			fmt.Fprintf(&out, "segment %d\n", segment.GetNumber())
			for _, entry := range segment.GetEntries() {
				aside := ""
				if entry.GetAside() {
					aside = "(aside) "
				}
				fmt.Fprintf(&out, "  %s%s\n", aside, tellItem(entry.GetItem()))
			}
		}
	case *viewv1.Route:
		fmt.Fprintf(&out, "route %d, %s\n", view.GetVersion(), word(view.GetRule(), "ROUTE_RULE_"))
		for at, binding := range view.GetBindings() {
			fmt.Fprintf(&out, "%3d. %s (%s)\n", at+1, binding.GetIntegrationId(), binding.GetChannel())
		}
	case *viewv1.InboxPage:
		for _, row := range view.GetConversations() {
			fmt.Fprintln(&out, tellRow(row))
		}
		if view.GetNextBefore() != 0 {
			fmt.Fprintln(&out, "and more")
		}
	case *viewv1.Customer:
		tellCustomer(&out, view)
	}
	return out.String()
}

// tellItem writes one line of a timeline.
func tellItem(item *viewv1.TimelineItem) string {
	label := func(who, channel string, more ...string) string {
		return fmt.Sprintf("%-9s %-22s %s", who, "["+strings.Join(append([]string{channel}, more...), ", ")+"]", said(item))
	}
	switch line := item.GetLine().(type) {
	case *viewv1.TimelineItem_Customer:
		if line.Customer.GetLate() {
			return label("customer", line.Customer.GetChannel(), "late")
		}
		return label("customer", line.Customer.GetChannel())
	case *viewv1.TimelineItem_Agent:
		more := []string{word(line.Agent.GetState(), "DELIVERY_STATE_")}
		if intended := line.Agent.GetIntendedChannel(); intended != "" && intended != line.Agent.GetChannel() {
			more = append(more, "meant for "+intended)
		}
		return label("agent", line.Agent.GetChannel(), more...)
	case *viewv1.TimelineItem_NativeApp:
		return label("business", line.NativeApp.GetChannel())
	case *viewv1.TimelineItem_Note:
		return label("note", "agents")
	case *viewv1.TimelineItem_System:
		return strings.TrimRight(fmt.Sprintf("%-9s %s %s", "--",
			word(line.System.GetKind(), "SYSTEM_LINE_KIND_"), line.System.GetChannel()), " ") + whatBecame(line.System) + workOf(line.System)
	}
	return ""
}

// workOf says whose work a conversation became, what it is labelled, and where it goes
// on.
func workOf(line *viewv1.SystemLine) string {
	words := ""
	switch line.GetKind() {
	case viewv1.SystemLineKind_SYSTEM_LINE_KIND_ASSIGNED:
		words = " " + cmp.Or(line.GetAssigneeId(), "nobody")
	case viewv1.SystemLineKind_SYSTEM_LINE_KIND_LABELS_CHANGED:
		for _, label := range line.GetLabelsAdded() {
			words += " +" + label
		}
		for _, label := range line.GetLabelsRemoved() {
			words += " -" + label
		}
	case viewv1.SystemLineKind_SYSTEM_LINE_KIND_CONTINUED:
		words = " " + line.GetOtherConversationId()
	}
	if line.GetOtherConversationId() != "" && words == "" {
		words = ", follows " + line.GetOtherConversationId()
	}
	return words
}

// whatBecame says what became of an item in quarantine.
func whatBecame(line *viewv1.SystemLine) string {
	switch {
	case line.GetReplayed():
		return ", replayed"
	case line.GetDiscarded():
		return ", discarded"
	}
	return ""
}

// said returns what a line says.
func said(item *viewv1.TimelineItem) string {
	if item.GetErased() {
		return "(erased)"
	}
	if item.GetUnsent() {
		return "(deleted by the customer)"
	}
	return words(item.GetContent())
}

// words returns content as text; what is no text is named.
func words(content *eventv1.Content) string {
	var out []string
	for _, part := range content.GetParts() {
		switch kind := part.GetKind().(type) {
		case *eventv1.Part_Text:
			out = append(out, kind.Text.GetBody())
		case *eventv1.Part_Buttons:
			out = append(out, kind.Buttons.GetBody())
		case *eventv1.Part_Answer:
			out = append(out, "["+kind.Answer.GetTitle()+"]")
		case *eventv1.Part_Postback:
			out = append(out, "["+kind.Postback.GetTitle()+"]")
		case *eventv1.Part_Unsupported:
			out = append(out, "(unsupported "+kind.Unsupported.GetType()+")")
		case *eventv1.Part_Media:
			out = append(out, "("+word(kind.Media.GetKind(), "MEDIA_KIND_")+") "+kind.Media.GetCaption())
		case *eventv1.Part_Location:
			out = append(out, "(location) "+kind.Location.GetName())
		default:
			out = append(out, "(something else)")
		}
	}
	return strings.Join(out, " ")
}

// word makes words of an enum's value.
func word(value fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(value.String(), prefix), "_", " "))
}

// count is how many there are of something, in words.
func count[N int | uint32 | uint64](n N, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// shownTime is a time as every command shows it, and as --at takes it.
func shownTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
