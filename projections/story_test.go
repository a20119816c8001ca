package projections

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/cockroachdb/pebble/v2/vfs"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
)

// TestStories plays the stories of testdata. Each view that a story shows is
// read from views that follow the log; at the end of the story they are rebuilt
// and have to be the same.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		s := newStory(t)
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			out, err := s.run(d)
			if err != nil {
				return "error: " + err.Error() + "\n"
			}
			return out
		})
		rebuiltEqualsLive(t, s.views, s.log)
	})
}

// story writes the events of a dialogue, in the order in which a conversation
// writes them.
type story struct {
	t     *testing.T
	log   *memoryLog
	views *Views

	conversation, customer string
	channels               []string // ever bound
	route                  []string // channels, first leads
	version                uint64
	messages               int
	links                  int
}

func newStory(t *testing.T) *story {
	s := &story{t: t, log: newLog("one"), conversation: "c1", customer: "ana"}
	s.views = open(t, vfs.NewMem(), s.log)
	running(t, s.views, s.log)
	return s
}

func open(t testing.TB, fs vfs.FS, log *memoryLog) *Views {
	t.Helper()
	v, err := Open("views", Options{FS: fs, Opener: log.keys.open, BatchRecords: 3, RebuildRecords: 7, CacheRows: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func (s *story) run(d *datadriven.TestData) (string, error) {
	if d.Cmd == "play" {
		for line := range strings.Lines(d.Input) {
			if err := s.play(strings.TrimSpace(line)); err != nil {
				return "", fmt.Errorf("%s: %w", strings.TrimSpace(line), err)
			}
		}
		return "", nil
	}
	ctx := s.t.Context()
	if err := s.views.WaitFor(ctx, s.log.Durable()); err != nil {
		return "", err
	}
	var asOf uint64
	var read reads = s.views
	if d.HasArg("as-of") {
		d.ScanArgs(s.t, "as-of", &asOf)
		read = AsOf(s.log, asOf, s.log.keys.open)
	}
	switch d.Cmd {
	case "timeline":
		page := Page{}
		if d.HasArg("widget") {
			page.Keep.Kinds = []viewv1.ItemKind{viewv1.ItemKind_ITEM_KIND_COMMENT}
		}
		view, err := read.Timeline(ctx, "acme", s.conversation, page)
		return showTimeline(view), err
	case "channel":
		view, err := read.Channel(ctx, "acme", s.conversation, "i-"+d.CmdArgs[0].Key)
		return showChannel(view), err
	case "route":
		view, err := read.Route(ctx, "acme", s.conversation)
		return showRoute(view), err
	case "customer":
		view, err := read.Customer(ctx, "acme", d.CmdArgs[0].Key)
		return showCustomer(view), err
	}
	return "", fmt.Errorf("no such command: %s", d.Cmd)
}

// play writes the events of one line of a story.
func (s *story) play(line string) error {
	before, said, _ := strings.Cut(line, ":")
	said = strings.TrimSpace(said)
	words := strings.Fields(before)
	who, channel, _ := strings.Cut(words[0], "@")
	arg := func(n int) string {
		if n < len(words) {
			return words[n]
		}
		return ""
	}
	switch who {
	case "start":
		s.start(arg(1))
	case "customer":
		s.customerWrites(channel, said, arg(1) == "late")
	case "agent":
		if channel == "" {
			s.reply(s.route[0], eventv1.ReplyRule_REPLY_RULE_LAST_USED, said)
		} else {
			s.reply(channel, eventv1.ReplyRule_REPLY_RULE_NAMED, said)
		}
	case "note":
		s.add(&eventv1.NoteAdded{
			MessageId: s.message(), ConversationId: s.conversation, CustomerId: s.customer, AgentId: "ben",
			Sealed: &eventv1.NoteAdded_Sealed{Content: text(said)},
		})
	case "echo":
		s.add(&eventv1.EchoReceived{
			MessageId: s.message(), ConversationId: s.conversation, CustomerId: s.customer,
			IdentityId: "p-" + channel, IntegrationId: "i-" + channel, Channel: channel, SentAt: s.now(),
			Sealed: &eventv1.EchoReceived_Sealed{Content: text(said)},
		})
	case "notice":
		s.add(&eventv1.NoticeQueued{
			ConversationId: s.conversation, CustomerId: s.customer,
			IdentityId: "p-" + channel, IntegrationId: "i-" + channel, Channel: channel,
			Kind: eventv1.NoticeKind_NOTICE_KIND_DISCONNECTED, Sealed: &eventv1.NoticeQueued_Sealed{Content: text(said)},
		})
	case "link":
		s.link(arg(1))
	case "ask":
		s.ask(arg(1))
	case "bind":
		s.identity(arg(1), s.customer)
		s.bind(arg(1), "")
		s.routeChanged(eventv1.RouteRule_ROUTE_RULE_STARTED)
	case "cancel", "expire", "refuse":
		s.endLink(who)
	case "disconnect":
		s.disconnect(arg(1))
	case "destroy":
		s.log.keys.destroy(arg(1))
	case "redact":
		s.log.redact(arg(1))
	case "strange":
		s.log.addRaw("weiche.event.v1.FromTheFuture", []byte("?"))
	default:
		return s.delivery(who, words, said)
	}
	return nil
}

// delivery writes what becomes of a message.
func (s *story) delivery(what string, words []string, said string) error {
	if len(words) < 2 {
		return errors.New("not a line of a story")
	}
	id := words[1]
	switch what {
	case "sending":
		s.add(&eventv1.MessageSending{MessageId: id, ConversationId: s.conversation})
	case "sent":
		e := &eventv1.MessageSent{MessageId: id, ConversationId: s.conversation}
		if len(words) > 2 {
			e.IntegrationId, e.Channel = "i-"+words[2], words[2]
		}
		s.add(e)
	case "delivered":
		s.add(&eventv1.MessageDelivered{MessageId: id, ConversationId: s.conversation, At: s.now()})
	case "read":
		s.add(&eventv1.MessageRead{MessageId: id, ConversationId: s.conversation, At: s.now()})
	case "failed":
		s.add(&eventv1.MessageFailed{MessageId: id, ConversationId: s.conversation, Error: &eventv1.SendError{Reason: words[2]}})
	case "unknown":
		s.add(&eventv1.MessageOutcomeUnknown{MessageId: id, ConversationId: s.conversation, Error: &eventv1.SendError{Reason: words[2]}})
	case "reroute":
		s.add(&eventv1.ReplyRerouted{MessageId: id, ConversationId: s.conversation, Route: s.frozen(words[2], eventv1.ReplyRule_REPLY_RULE_FALLBACK)})
	case "react":
		when := s.now()
		if len(words) > 3 {
			when = at(1) // it comes late
		}
		s.add(&eventv1.ReactionChanged{
			ConversationId: s.conversation, CustomerId: s.customer, MessageId: id, IdentityId: "p-" + words[2], At: when,
			Sealed: &eventv1.ReactionChanged_Sealed{Emoji: said},
		})
	case "edit":
		number, err := strconv.Atoi(words[2])
		if err != nil {
			return err
		}
		s.add(&eventv1.MessageEdited{
			ConversationId: s.conversation, CustomerId: s.customer, MessageId: id, Edit: uint32(number), At: s.now(),
			Sealed: &eventv1.MessageEdited_Sealed{Content: text(said)},
		})
	case "unsend":
		s.add(&eventv1.MessageUnsent{ConversationId: s.conversation, MessageId: id, ContentEventIds: []string{words[2]}, At: s.now()})
	case "move":
		if words[2] != s.customer {
			s.log.add("customer", words[2], &eventv1.CustomerCreated{CustomerId: words[2]})
		}
		s.log.add("identity", words[1], &eventv1.IdentityMoved{IdentityId: words[1], FromCustomerId: s.customer, ToCustomerId: words[2]})
	case "rename":
		s.rename(words[1], said)
	default:
		return errors.New("not a line of a story")
	}
	return nil
}

func (s *story) add(event proto.Message) *eventstore.Record {
	return s.log.add("conversation", s.conversation, event)
}

func (s *story) now() *timestamppb.Timestamp { return at(int(s.log.Durable()) + 1) }

func (s *story) message() string {
	s.messages++
	return fmt.Sprintf("m%d", s.messages)
}

func (s *story) start(channel string) {
	if s.version > 0 {
		s.conversation, s.route, s.version = fmt.Sprintf("c%d", s.log.Durable()), nil, 0
	}
	if s.messages == 0 {
		s.log.add("customer", s.customer, &eventv1.CustomerCreated{CustomerId: s.customer})
	}
	s.identity(channel, s.customer)
	widget := ""
	if channel == "widget" {
		widget = "i-widget"
	}
	s.add(&eventv1.ConversationStarted{ConversationId: s.conversation, CustomerId: s.customer, WidgetId: widget, Language: "en"})
	s.bind(channel, "")
	s.lead(channel, eventv1.RouteRule_ROUTE_RULE_STARTED)
}

// identity makes the customer's identity on a channel known.
func (s *story) identity(channel, customer string) {
	if slices.Contains(s.channels, channel) {
		return
	}
	s.channels = append(s.channels, channel)
	s.log.add("identity", "p-"+channel, &eventv1.IdentityCreated{
		IdentityId: "p-" + channel, CustomerId: customer, IntegrationId: "i-" + channel, Channel: channel,
		Aliases: []*eventv1.AliasHash{{Kind: "phone", Hash: []byte("49-" + channel)}},
		Sealed: &eventv1.IdentityCreated_Sealed{
			Aliases: []*eventv1.Alias{{Kind: "phone", Value: "+49-" + channel}},
			Profile: &eventv1.Profile{Name: "Ana of " + channel},
		},
	})
}

// rename replaces the alias of an identity.
func (s *story) rename(identity, value string) {
	channel := strings.TrimPrefix(identity, "p-")
	s.log.add("identity", identity, &eventv1.IdentityAliasesChanged{
		IdentityId: identity, CustomerId: s.customer, IntegrationId: "i-" + channel,
		Removed: []*eventv1.AliasHash{{Kind: "phone", Hash: []byte("49-" + channel)}},
		Added:   []*eventv1.AliasHash{{Kind: "phone", Hash: []byte(value)}},
		Sealed:  &eventv1.IdentityAliasesChanged_Sealed{Added: []*eventv1.Alias{{Kind: "phone", Value: value}}},
	})
}

func (s *story) bind(channel, link string) {
	s.add(&eventv1.ChannelBound{
		ConversationId: s.conversation, IdentityId: "p-" + channel, IntegrationId: "i-" + channel, Channel: channel, LinkId: link,
	})
	s.log.add("identity", "p-"+channel, &eventv1.IdentityBound{IdentityId: "p-" + channel, ConversationId: s.conversation})
	s.route = append(s.route, channel)
}

// lead moves a channel to the front of the route.
func (s *story) lead(channel string, rule eventv1.RouteRule) {
	s.route = append([]string{channel}, slices.DeleteFunc(s.route, func(c string) bool { return c == channel })...)
	s.routeChanged(rule)
}

func (s *story) routeChanged(rule eventv1.RouteRule) {
	s.version++
	e := &eventv1.RouteChanged{ConversationId: s.conversation, RouteVersion: s.version, Rule: rule, CausedAt: s.now()}
	for _, channel := range s.route {
		e.IdentityIds = append(e.IdentityIds, "p-"+channel)
	}
	s.add(e)
}

func (s *story) customerWrites(channel, said string, late bool) {
	sent := s.now()
	if late {
		sent = timestamppb.New(sent.AsTime().Add(-time.Minute))
	} else if s.route[0] != channel {
		s.lead(channel, eventv1.RouteRule_ROUTE_RULE_CUSTOMER_WROTE)
	}
	s.add(&eventv1.MessageReceived{
		MessageId: s.message(), ConversationId: s.conversation, CustomerId: s.customer,
		IdentityId: "p-" + channel, IntegrationId: "i-" + channel, Channel: channel, SentAt: sent, Late: late,
		Sealed: &eventv1.MessageReceived_Sealed{Content: text(said)},
	})
}

func (s *story) frozen(channel string, rule eventv1.ReplyRule) *eventv1.FrozenRoute {
	return &eventv1.FrozenRoute{
		IntegrationId: "i-" + channel, IdentityId: "p-" + channel, Channel: channel, RouteVersion: s.version, Rule: rule,
	}
}

func (s *story) reply(channel string, rule eventv1.ReplyRule, said string) {
	s.add(&eventv1.ReplyQueued{
		MessageId: s.message(), ConversationId: s.conversation, CustomerId: s.customer, AgentId: "ben",
		Route: s.frozen(channel, rule), Sealed: &eventv1.ReplyQueued_Sealed{Content: text(said)},
	})
}

// ask goes as far as the question, link all the way.
func (s *story) ask(channel string) string {
	s.links++
	id := fmt.Sprintf("l%d", s.links)
	s.add(&eventv1.LinkRequested{
		LinkId: id, ConversationId: s.conversation, WidgetId: "i-widget", IntegrationId: "i-" + channel, Channel: channel,
		Confirmation: eventv1.Confirmation_CONFIRMATION_PROMPT,
	})
	s.identity(channel, s.customer)
	s.add(&eventv1.LinkMatched{
		LinkId: id, ConversationId: s.conversation, IdentityId: "p-" + channel, CustomerId: s.customer, SentAt: s.now(),
		Sealed: &eventv1.LinkMatched_Sealed{Hint: "67"},
	})
	s.add(&eventv1.LinkPrompted{
		LinkId: id, ConversationId: s.conversation, IdentityId: "p-" + channel, CustomerId: s.customer,
		Sealed: &eventv1.LinkPrompted_Sealed{Content: text("Go on here?")},
	})
	return id
}

func (s *story) link(channel string) {
	id := s.ask(channel)
	s.add(&eventv1.LinkAnswered{
		LinkId: id, ConversationId: s.conversation, IdentityId: "p-" + channel, CustomerId: s.customer, Yes: true, SentAt: s.now(),
		Sealed: &eventv1.LinkAnswered_Sealed{Content: text("Yes")},
	})
	s.add(&eventv1.LinkConfirmed{LinkId: id, ConversationId: s.conversation, IdentityId: "p-" + channel})
	s.bind(channel, id)
	s.lead(channel, eventv1.RouteRule_ROUTE_RULE_LINK_CONFIRMED)
}

func (s *story) endLink(how string) {
	id := fmt.Sprintf("l%d", s.links)
	switch how {
	case "cancel":
		s.add(&eventv1.LinkCancelled{LinkId: id, ConversationId: s.conversation, Reason: eventv1.CancelReason_CANCEL_REASON_CUSTOMER})
	case "expire":
		s.add(&eventv1.LinkExpired{LinkId: id, ConversationId: s.conversation})
	case "refuse":
		s.add(&eventv1.LinkFailed{LinkId: id, ConversationId: s.conversation, Reason: eventv1.CodeRefusal_CODE_REFUSAL_BOUND_ELSEWHERE})
	}
}

func (s *story) disconnect(channel string) {
	s.add(&eventv1.ChannelUnbound{
		ConversationId: s.conversation, IdentityId: "p-" + channel, IntegrationId: "i-" + channel, Channel: channel,
		Reason: eventv1.UnboundReason_UNBOUND_REASON_CUSTOMER, UnboundAt: s.now(),
	})
	s.log.add("identity", "p-"+channel, &eventv1.IdentityReleased{IdentityId: "p-" + channel, ConversationId: s.conversation})
	s.route = slices.DeleteFunc(s.route, func(c string) bool { return c == channel })
	s.routeChanged(eventv1.RouteRule_ROUTE_RULE_DISCONNECTED)
}
