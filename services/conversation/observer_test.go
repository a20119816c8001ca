package conversation_test

import (
	"fmt"
	"slices"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// observer reads the events one by one, as anybody could who reads the log, and
// says which invariant of 6.2 they break. It shares nothing with Evolve.
type observer struct {
	fail func(format string, args ...any)

	versions      map[conversation.Stream]uint64
	ids           map[string]bool
	conversations map[string]*seenConversation
	identities    map[string]*seenIdentity
	links         map[string]*seenLink
	messages      map[string]*seenMessage
	sends         map[string]*seenSend
	byHash        map[string]string
	sets          map[conversation.Timer]bool
	running       map[conversation.Timer]bool
	taken         taken
	changed       changed

	// sick are the integrations that are not served, humanAgent those where a
	// person may answer for longer, failedHashes the messages whose failure a
	// provider stated.
	sick, humanAgent, failedHashes map[string]bool

	// wrote is who has switched the route by writing, in this decision.
	wrote string

	// The order in which they came, for drawing from.
	conversationIDs, linkIDs, messageIDs, sendIDs []string
}

type seenConversation struct {
	id, customer, widget string
	bound, route         []string
	acted                map[string]time.Time
	version              uint64
	caused               time.Time
	follows              string
	kept                 kept
}

type seenIdentity struct {
	customer, integration, conversation string
	released                            string
	releasedAt                          time.Time
}

type seenLink struct {
	id, conversation, integration, identity string
	code                                    []byte
	confirmation                            eventv1.Confirmation
	expires, matched, acted                 time.Time
	state                                   string
	saidYes                                 string
	// approved says that the widget said yes too, answered that the channel ever did.
	approved, answered bool
}

type seenMessage struct {
	id, conversation, identity, integration string
	state                                   string
	fixed, automated                        bool
	// sends are those of the hop, of which there were so many, and parts how far
	// each of several came.
	sends []string
	hop   uint32
	parts []eventv1.PartState
	tried map[string]bool
	// settled says that an agent said what became of it, again that it is to be
	// sent again.
	settled, again bool
}

type seenSend struct {
	id, identity, integration, message string
	kind                               eventv1.SendKind
	attempt                            uint32
	state, nonce, hash                 string
}

func newObserver() *observer {
	return &observer{
		versions: map[conversation.Stream]uint64{}, ids: map[string]bool{},
		conversations: map[string]*seenConversation{}, identities: map[string]*seenIdentity{},
		links: map[string]*seenLink{}, messages: map[string]*seenMessage{}, sends: map[string]*seenSend{},
		byHash: map[string]string{}, sets: map[conversation.Timer]bool{}, running: map[conversation.Timer]bool{},
		taken: newTaken(), changed: newChanged(), sick: map[string]bool{}, humanAgent: map[string]bool{}, failedHashes: map[string]bool{},
	}
}

// decided reads what follows from one command.
func (o *observer) decided(c conversation.Command, d conversation.Decision) {
	for stream, version := range d.Expected {
		if o.versions[stream] != version {
			o.fail("I07: %v is expected at version %d, it is at %d", stream, version, o.versions[stream])
		}
	}
	if receipt, ok := c.(*conversation.RecordReceipt); ok && receipt.State == eventv1.ReceiptState_RECEIPT_STATE_FAILED {
		o.failedHashes[string(receipt.MessageHash)] = true
	}
	for at, e := range d.Events {
		_, expected := d.Expected[e.Stream]
		stateless := slices.Contains([]string{
			conversation.CategoryQuarantine, conversation.CategoryReceipts, conversation.CategoryVisitor,
		}, e.Stream.Category)
		if !expected && !stateless {
			o.fail("I07: %T is written to %v, of which no version is expected", e.Body, e.Stream)
		}
		if o.ids[e.ID] {
			o.fail("the event id %s was given twice", e.ID)
		}
		o.ids[e.ID] = true
		if (len(e.Dedup) > 0) != (at == 0 && conversation.HeaderOf(c).Dedup.Key != "") {
			o.fail("I06: the dedup key is on event %d", at)
		}
		o.versions[e.Stream]++
		o.timers(e)
		o.event(c, e)
		o.takes(e)
		o.changes(c, e)
	}
	o.arrivals(c)
	for _, l := range o.links {
		l.saidYes = ""
	}
	o.wrote = ""
}

// timers shows that what is ended was set.
func (o *observer) timers(e conversation.Event) {
	set, end := conversation.Timers(e.Body)
	for _, timer := range end {
		if !o.sets[timer] {
			o.fail("I15: %T ends the timer %v, which was never set", e.Body, timer)
		}
		delete(o.running, timer)
	}
	for _, timer := range set {
		o.sets[timer], o.running[timer] = true, true
	}
}

func (o *observer) event(c conversation.Command, e conversation.Event) {
	switch b := e.Body.(type) {
	case *eventv1.IdentityCreated:
		o.identities[b.GetIdentityId()] = &seenIdentity{customer: b.GetCustomerId(), integration: b.GetIntegrationId()}
	case *eventv1.IdentityMoved:
		i := o.identities[b.GetIdentityId()]
		if i.customer != b.GetFromCustomerId() {
			o.fail("I14: an identity moves from %s, it belongs to %s", b.GetFromCustomerId(), i.customer)
		}
		i.customer = b.GetToCustomerId()
	case *eventv1.IdentityBound:
		if i := o.identities[b.GetIdentityId()]; i.conversation != "" {
			o.fail("I08: %s is bound to %s and then to %s", b.GetIdentityId(), i.conversation, b.GetConversationId())
		}
		o.identities[b.GetIdentityId()].conversation = b.GetConversationId()
	case *eventv1.IdentityReleased:
		if i := o.identities[b.GetIdentityId()]; i.conversation != b.GetConversationId() {
			o.fail("I08: %s is released from %s, it is bound to %s", b.GetIdentityId(), b.GetConversationId(), i.conversation)
		}
		i := o.identities[b.GetIdentityId()]
		i.conversation, i.released, i.releasedAt = "", b.GetConversationId(), b.GetReleasedAt().AsTime()
	case *eventv1.ConversationStarted:
		o.conversations[b.GetConversationId()] = &seenConversation{
			id: b.GetConversationId(), customer: b.GetCustomerId(), widget: b.GetWidgetId(),
			follows: b.GetFollowsConversationId(),
		}
		o.conversationIDs = append(o.conversationIDs, b.GetConversationId())
	case *eventv1.ChannelBound, *eventv1.ChannelUnbound, *eventv1.RouteChanged:
		o.route(c, e)
	case *eventv1.MessageReceived:
		o.received(c, b)
	case *eventv1.ReplyQueued, *eventv1.ReplyRerouted, *eventv1.MessageSending, *eventv1.MessageSent,
		*eventv1.MessageDelivered, *eventv1.MessageRead, *eventv1.MessageFailed, *eventv1.MessageOutcomeUnknown:
		o.message(c, e)
	case *eventv1.SendQueued, *eventv1.SendRequested, *eventv1.SendClaimed, *eventv1.SendDeferred,
		*eventv1.SendOutcomeUnknown, *eventv1.LaneReleased, *eventv1.SendSucceeded, *eventv1.SendFailed,
		*eventv1.SendWithdrawn:
		o.lane(c, e)
	case *eventv1.ConversationClosed, *eventv1.ConversationReopened, *eventv1.ConversationContinued,
		*eventv1.ConversationAssigned, *eventv1.LabelsChanged:
		o.life(c, e)
	case *eventv1.ReplyFitted, *eventv1.PartAdvanced, *eventv1.OutcomeSettled, *eventv1.OutcomeAsked:
		o.part(e)
	default:
		o.link(c, e)
	}
	o.acts(e)
}

func (t seenLink) String() string { return fmt.Sprintf("%s %s", t.id, t.state) }
