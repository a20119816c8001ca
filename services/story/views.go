package story

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// view tells one view of a conversation: the one that is named, or the one that
// was written in last.
func (p *player) view(t *testing.T, d *datadriven.TestData) string {
	if len(d.CmdArgs) > 0 && d.CmdArgs[0].Key == "inbox" {
		return p.inbox(t, d)
	}
	what, where := "", p.conversation
	for _, arg := range d.CmdArgs {
		if len(arg.Vals) == 0 && strings.HasPrefix(arg.Key, "c") && arg.Key != "customer" {
			where = p.names.conversationID(arg.Key)
			continue
		}
		what = arg.Key
	}
	switch what {
	case "timeline", "widget-timeline":
		return p.timeline(t, where, what == "widget-timeline")
	case "route":
		return p.route(t, where)
	case "customer":
		return p.customer(t, where)
	case "":
		d.Fatalf(t, "which view?")
	}
	return p.channel(t, where, what)
}

// timeline tells the conversation as the workspace shows it, or with comments
// alone, and what agents have seen of them, as the widget does.
func (p *player) timeline(t testing.TB, conversationID string, commentsOnly bool) string {
	var out strings.Builder
	for _, item := range p.stage.Timeline(t, conversationID) {
		if commentsOnly && item.GetKind() != viewv1.ItemKind_ITEM_KIND_COMMENT {
			continue
		}
		out.WriteString(p.item(item))
		if commentsOnly && item.GetCustomer().GetSeen() {
			out.WriteString(" (seen)")
		}
		out.WriteString("\n")
	}
	return out.String()
}

// item tells one line of a timeline.
func (p *player) item(item *viewv1.TimelineItem) string {
	text := words(item.GetContent())
	if item.GetUnsent() {
		text = "(deleted by the customer)"
		if item.GetNativeApp() != nil || item.GetAgent() != nil {
			text = "(deleted)"
		}
	}
	text += changed(item) + files(item)
	switch line := item.GetLine().(type) {
	case *viewv1.TimelineItem_Customer:
		late := ""
		if line.Customer.GetLate() {
			late = ", late"
		}
		return fmt.Sprintf("customer (%s%s): %s", line.Customer.GetChannel(), late, text)
	case *viewv1.TimelineItem_Agent:
		a := line.Agent
		over := a.GetChannel()
		if a.GetIntendedChannel() != "" && a.GetIntendedChannel() != over {
			over += ", meant for " + a.GetIntendedChannel()
		}
		return fmt.Sprintf("agent (%s, %s%s): %s", over, plain(a.GetState(), "DELIVERY_STATE_"), more(a), text)
	case *viewv1.TimelineItem_NativeApp:
		return fmt.Sprintf("native app (%s): %s", line.NativeApp.GetChannel(), text)
	case *viewv1.TimelineItem_Note:
		return "note: " + text
	case *viewv1.TimelineItem_System:
		words := plain(line.System.GetKind(), "SYSTEM_LINE_KIND_")
		if line.System.GetChannel() != "" {
			words += " " + line.System.GetChannel()
		}
		if line.System.GetReplayed() {
			words += ", replayed"
		}
		if line.System.GetDiscarded() {
			words += ", discarded"
		}
		return "-- " + words
	}
	return "?"
}

// changed tells what was done to a message.
func changed(item *viewv1.TimelineItem) string {
	var out strings.Builder
	if len(item.GetEdits()) > 0 {
		fmt.Fprintf(&out, " (edited, first: %s)", words(item.GetOriginal()))
	}
	for _, reaction := range item.GetReactions() {
		fmt.Fprintf(&out, " [%s]", reaction.GetEmoji())
	}
	return out.String()
}

// more tells what else a line says of a reply.
func more(a *viewv1.AgentComment) string {
	var out strings.Builder
	for _, hop := range a.GetGivenUp() {
		fmt.Fprintf(&out, ", gave up %s", hop.GetRoute().GetChannel())
	}
	if a.GetRoute().GetRule() == eventv1.ReplyRule_REPLY_RULE_WINDOW_CLOSED {
		out.WriteString(", window closed")
	}
	for _, change := range a.GetChanges() {
		out.WriteString(", " + plain(change, "FIT_CHANGE_"))
	}
	for _, part := range a.GetParts() {
		out.WriteString(", part " + plain(part.GetState(), "DELIVERY_STATE_"))
	}
	if a.GetAsked() {
		out.WriteString(", the agent is asked")
	}
	if a.GetSettled() {
		out.WriteString(", settled")
	}
	return out.String()
}

// channel tells what was exchanged over one integration.
func (p *player) channel(t testing.TB, conversationID, integrationID string) string {
	var out strings.Builder
	for _, segment := range p.stage.Channel(t, conversationID, integrationID).GetSegments() {
		fmt.Fprintf(&out, "segment %d\n", segment.GetNumber())
		for _, entry := range segment.GetEntries() {
			aside := ""
			if entry.GetAside() {
				aside = "aside: "
			}
			fmt.Fprintf(&out, "  %s%s\n", aside, p.item(entry.GetItem()))
		}
	}
	if out.Len() == 0 {
		return "nothing\n"
	}
	return out.String()
}

func (p *player) route(t testing.TB, conversationID string) string {
	route := p.stage.Route(t, conversationID)
	var ids []string
	for _, binding := range route.GetBindings() {
		ids = append(ids, binding.GetIdentityId())
	}
	return fmt.Sprintf("route %d: %s (%s)\n", route.GetVersion(), p.names.route(ids), plain(route.GetRule(), "ROUTE_RULE_"))
}

// customer tells the card of the customer of a conversation.
func (p *player) customer(t testing.TB, conversationID string) string {
	var out strings.Builder
	card := p.stage.Customer(t, p.stage.Route(t, conversationID).GetCustomerId())
	slices.SortFunc(card.GetIdentities(), func(a, b *viewv1.Identity) int {
		return cmp.Compare(a.GetFirstSeen(), b.GetFirstSeen())
	})
	for _, identity := range card.GetIdentities() {
		fmt.Fprintf(&out, "%s", p.names.identity(identity.GetIdentityId()))
		if identity.GetConversationId() != "" {
			fmt.Fprintf(&out, " in %s", p.names.conversation(identity.GetConversationId()))
		}
		for _, alias := range identity.GetAliases() {
			fmt.Fprintf(&out, ", %s %s", alias.GetKind(), alias.GetValue())
		}
		for _, former := range identity.GetFormer() {
			fmt.Fprintf(&out, ", once %s %s", former.GetAlias().GetKind(), former.GetAlias().GetValue())
		}
		for _, optIn := range identity.GetOptIns() {
			fmt.Fprintf(&out, ", %s: %t", optIn.GetTopic(), optIn.GetAllowed())
		}
		if identity.GetUnconfirmed() {
			fmt.Fprint(&out, ", unconfirmed")
		}
		fmt.Fprintln(&out)
	}
	if card.GetErased() {
		fmt.Fprintln(&out, "erased")
	}
	for _, conversation := range card.GetConversations() {
		fmt.Fprintf(&out, "has %s\n", p.names.conversation(conversation.GetConversationId()))
	}
	for _, conflict := range card.GetConflicts() {
		state := "undecided"
		if conflict.GetDecided() {
			state = "decided"
		}
		fmt.Fprintf(&out, "an address leads to %s too (%s)\n", p.names.identity(conflict.GetOtherIdentityId()), state)
	}
	for _, linked := range card.GetLinked() {
		fmt.Fprintf(&out, "is also the customer who was %s, with", p.names.customers[linked.GetCustomerId()])
		for _, identity := range linked.GetIdentities() {
			fmt.Fprintf(&out, " %s", p.names.identity(identity.GetIdentityId()))
		}
		fmt.Fprintln(&out)
	}
	return out.String()
}
