package projections

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// reads are what can be asked of the present and of the past.
type reads interface {
	Timeline(ctx context.Context, account, conversation string, page Page) (*viewv1.Timeline, error)
	Channel(ctx context.Context, account, conversation, integration string) (*viewv1.ChannelView, error)
	Route(ctx context.Context, account, conversation string) (*viewv1.Route, error)
	Customer(ctx context.Context, account, customer string) (*viewv1.Customer, error)
}

// word makes a word of an enum value: DELIVERY_STATE_SENT is sent.
func word(e protoreflect.Enum) string {
	enum := e.Descriptor()
	name := string(enum.Values().ByNumber(e.Number()).Name())
	prefix := strings.TrimSuffix(string(enum.Values().ByNumber(0).Name()), "UNSPECIFIED")
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", " "))
}

func showContent(c *eventv1.Content) string {
	var b strings.Builder
	for _, p := range c.GetParts() {
		b.WriteString(p.GetText().GetBody())
	}
	return b.String()
}

// showItem shows a line without its place.
func showItem(item *viewv1.TimelineItem) string {
	var b strings.Builder
	switch line := item.Line.(type) {
	case *viewv1.TimelineItem_Customer:
		fmt.Fprintf(&b, "%s customer@%s", item.MessageId, line.Customer.Channel)
		if line.Customer.Late {
			b.WriteString(" late")
		}
	case *viewv1.TimelineItem_Agent:
		a := line.Agent
		fmt.Fprintf(&b, "%s %s@%s %s", item.MessageId, a.AgentId, a.Channel, word(a.State))
		if a.Error != nil {
			fmt.Fprintf(&b, " (%s)", a.Error.Reason)
		}
		if a.IntendedIntegrationId != a.IntegrationId {
			fmt.Fprintf(&b, " meant for %s", a.IntendedChannel)
		}
		for _, g := range a.GivenUp {
			fmt.Fprintf(&b, " gave up %s at %s", g.Route.Channel, word(g.State))
			if g.Error != nil {
				fmt.Fprintf(&b, " (%s)", g.Error.Reason)
			}
		}
		fmt.Fprintf(&b, " [%s, route %d]", word(a.Route.Rule), a.Route.RouteVersion)
	case *viewv1.TimelineItem_NativeApp:
		fmt.Fprintf(&b, "%s native app@%s", item.MessageId, line.NativeApp.Channel)
	case *viewv1.TimelineItem_Note:
		fmt.Fprintf(&b, "%s note by %s", item.MessageId, line.Note.AgentId)
	case *viewv1.TimelineItem_System:
		showSystem(&b, line.System)
	}
	if item.Unsent {
		b.WriteString(" deleted by the customer")
	}
	if item.Erased {
		b.WriteString(" erased")
	}
	if item.Content != nil {
		fmt.Fprintf(&b, ": %s", showContent(item.Content))
	}
	if item.Original != nil {
		fmt.Fprintf(&b, " (first: %s)", showContent(item.Original))
	}
	for _, r := range item.Reactions {
		fmt.Fprintf(&b, " %s by %s", r.Emoji, r.IdentityId)
	}
	if item.Sealed != nil {
		b.WriteString(" NOT OPENED")
	}
	return b.String()
}

func showSystem(b *strings.Builder, line *viewv1.SystemLine) {
	fmt.Fprintf(b, "-- %s", word(line.Kind))
	for _, s := range []string{line.Channel, line.LinkId, line.IdentityId, line.Hint} {
		if s != "" {
			b.WriteString(" " + s)
		}
	}
	if line.Yes {
		b.WriteString(" yes")
	}
	for _, e := range []protoreflect.Enum{line.RouteRule, line.UnboundReason, line.CancelReason, line.Refusal, line.Notice} {
		if e.Number() != 0 {
			b.WriteString(", " + word(e))
		}
	}
}

func showTimeline(view *viewv1.Timeline) string {
	var b strings.Builder
	for _, item := range view.GetItems() {
		fmt.Fprintf(&b, "%3d %s\n", item.Position, showItem(item))
	}
	if view.GetMore() {
		b.WriteString("more\n")
	}
	return b.String()
}

func showChannel(view *viewv1.ChannelView) string {
	var b strings.Builder
	for _, segment := range view.GetSegments() {
		fmt.Fprintf(&b, "segment %d", segment.Number)
		if segment.Begins != 0 {
			fmt.Fprintf(&b, " from %d, %s", segment.Begins, word(segment.Rule))
		}
		if segment.Ends != 0 {
			fmt.Fprintf(&b, ", to %d", segment.Ends)
		}
		b.WriteString("\n")
		for _, entry := range segment.Entries {
			aside := ""
			if entry.Aside {
				aside = "aside "
			}
			fmt.Fprintf(&b, "  %3d %s%s\n", entry.Position, aside, showItem(entry.Item))
		}
	}
	return b.String()
}

func showRoute(view *viewv1.Route) string {
	if view == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version %d since %d, %s, caused %s\n", view.Version, view.Since, word(view.Rule), view.CausedAt.AsTime().Format("15:04:05"))
	for n, list := range [][]*viewv1.Binding{view.Bindings, view.Others} {
		for _, binding := range list {
			fmt.Fprintf(&b, "  %s", binding.IdentityId)
			if n == 1 {
				b.WriteString(" not in it")
			}
			if binding.Bound != 0 {
				fmt.Fprintf(&b, " bound at %d %s", binding.Bound, binding.LinkId)
			}
			if binding.Unbound != 0 {
				fmt.Fprintf(&b, " unbound at %d, %s", binding.Unbound, word(binding.UnboundReason))
			}
			if binding.ActiveAt != nil {
				fmt.Fprintf(&b, " active %s", binding.ActiveAt.AsTime().Format("15:04:05"))
			}
			b.WriteString("\n")
		}
	}
	return b.String()
}

func showCustomer(view *viewv1.Customer) string {
	if view == nil {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", view.CustomerId)
	for _, i := range view.Identities {
		fmt.Fprintf(&b, "  %s@%s", i.IdentityId, i.Channel)
		for _, alias := range i.Aliases {
			fmt.Fprintf(&b, " %s %s", alias.Kind, alias.Value)
		}
		if i.Profile != nil {
			fmt.Fprintf(&b, " %q", i.Profile.Name)
		}
		if i.Erased {
			b.WriteString(" erased")
		}
		if i.ConversationId != "" {
			fmt.Fprintf(&b, " in %s", i.ConversationId)
		}
		if i.MovedFrom != "" {
			fmt.Fprintf(&b, " moved from %s", i.MovedFrom)
		}
		if i.Names != nil {
			b.WriteString(" NOT OPENED")
		}
		b.WriteString("\n")
	}
	for _, c := range view.Conversations {
		fmt.Fprintf(&b, "  conversation %s from %d %s\n", c.ConversationId, c.Started, c.WidgetId)
	}
	return b.String()
}
