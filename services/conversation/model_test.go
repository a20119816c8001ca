package conversation_test

import (
	"errors"
	"flag"
	"fmt"
	"hash/maphash"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"pgregory.net/rapid"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// TestModel gives random commands to a complete state and to a partial one that
// loads what it lacks, and shows after each that the invariants of 6.2 hold, that
// both states decide the same, that a decision changes nothing by itself, and
// that the sealed parts do not matter.
func TestModel(t *testing.T) {
	checks, steps := "200", "100"
	if os.Getenv("WEICHE_SOAK") != "" {
		checks, steps = "8000", "250"
	}
	for name, value := range map[string]string{"rapid.checks": checks, "rapid.steps": steps} {
		if f := flag.Lookup(name); f.Value.String() == f.DefValue {
			if err := flag.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	happened := map[string]int{}
	model := func(t *rapid.T) {
		w := newWorld(t, happened)
		t.Repeat(map[string]func(*rapid.T){
			"writes": w.writes, "writes on": w.writes, "brings a code": w.bringsCode, "answers": w.answers,
			"asks for a link": w.asksForLink, "cancels": w.cancels, "disconnects": w.disconnects,
			"reads": w.reads, "replies": w.replies, "replies on": w.replies,
			"claims": w.claims, "claims on": w.claims, "hands over": w.handsOver, "reports": w.reports, "reports on": w.reports,
			"receipt": w.receipt, "watermark": w.watermark, "echo": w.echo,
			"waits": w.waits, "waits a day": w.waitsADay, "timer": w.timer, "set-up": w.setsUp, "keeps": w.keeps, "again": w.again,
			"health": w.health, "settles": w.settles, "reacts to": w.reactsTo,
			"restored": w.restored, "erases": w.erases, "takes back": w.takesBack, "dropped": w.dropped,
			"reacts": w.reacts, "edits": w.edits, "business takes back": w.businessTakesBack, "opens a thread": w.opensThread,
			"links up": w.linksUp, "closes": w.closes, "keeps the inbox": w.keepsInbox, "approves": w.approves, "signs in": w.signsIn, "removes": w.removes,
			"changes an address": w.changesAddress, "confirms": w.confirms, "links customers": w.linksCustomers,
		})
		w.end()
	}
	missing := interesting
	for range 5 {
		rapid.Check(t, model)
		missing = slices.DeleteFunc(slices.Clone(missing), func(what string) bool { return happened[what] > 0 })
		if len(missing) == 0 {
			break
		}
	}
	t.Log(happened)
	for _, what := range missing {
		t.Errorf("in the whole run there was no %s", what)
	}
}

// interesting is what a run has to meet: one in which it did not happen has shown
// nothing about it.
var interesting = []string{
	"LinkConfirmed", "LinkCancelled", "LinkFailed", "LinkExpired", "LinkAnswered", "CodeRefused", "IdentityMoved",
	"IdentityAliasesChanged", "ReplyRerouted", "SendDeferred", "SendWithdrawn", "SendOutcomeUnknown", "LaneReleased",
	"SendSucceeded", "SendFailed", "ReceiptParked", "EchoReceived", "MessageRead", "NoticeQueued", "NoteAdded",
	"ChannelWithdrawn", "ItemQuarantined", "quarantined in a conversation", "duplicate", "late", "held", "released", "by prompt", "by activity", "at once",
	"ReactionChanged", "MessageEdited", "ChangeParked", "ChangeForgotten", "parked change applied", "ThreadOpened", "OptInChanged",
	"AliasConflictFound", "AddressContested", "IdentityKeyChanged", "AddressDoubted", "AddressConfirmed",
	"CustomersLinked", "CustomersUnlinked", "address gone", "unsent by the business",
	"CustomerErased", "several customers erased", "MessageUnsent", "UnsendParked",
	"parked receipt applied", "reply failed for an empty route", "abandoned",
	notFound.String(), invalid.String(), tokenReused.String(), tooLate.String(), notOffered.String(),
	alreadyLinked.String(), linkEnded.String(), noDestination.String(), emptyRoute.String(), routeChanged.String(),
	claimLost.String(), widgetBinding.String(),
	"ReplyFitted", "PartAdvanced", "OutcomeAsked", "OutcomeSettled", "IntegrationUnhealthy", "IntegrationRecovered",
	"TemplateOffered", "ReactionQueued", "reply fell", "window closed", "as a person",
	ingressv1.Refusal_REFUSAL_WINDOW_CLOSED.String(), ingressv1.Refusal_REFUSAL_CHANNEL_UNHEALTHY.String(),
	ingressv1.Refusal_REFUSAL_UNSUPPORTED_CONTENT.String(), ingressv1.Refusal_REFUSAL_UNCONFIRMED.String(),
	"IdentityConfirmed", "a code in doubt",
	"ConversationClosed", "ConversationReopened", "ConversationContinued", "ConversationAssigned", "LabelsChanged",
	"ConversationSeen", "LinkApproved", "by both", "IntegrationRemoved", "BindingsCut", "a channel cut", "signed in", "a name told",
	"several bindings taken over", "VisitorSessionEnded",
}

const (
	notFound        = ingressv1.Refusal_REFUSAL_NOT_FOUND
	invalid         = ingressv1.Refusal_REFUSAL_INVALID
	tokenReused     = ingressv1.Refusal_REFUSAL_TOKEN_REUSED
	tooLate         = ingressv1.Refusal_REFUSAL_TOO_LATE
	notOffered      = ingressv1.Refusal_REFUSAL_CHANNEL_NOT_OFFERED
	alreadyLinked   = ingressv1.Refusal_REFUSAL_ALREADY_LINKED
	linkEnded       = ingressv1.Refusal_REFUSAL_LINK_ENDED
	noDestination   = ingressv1.Refusal_REFUSAL_NO_SUCH_DESTINATION
	emptyRoute      = ingressv1.Refusal_REFUSAL_EMPTY_ROUTE
	routeChanged    = ingressv1.Refusal_REFUSAL_ROUTE_CHANGED
	settingsChanged = ingressv1.Refusal_REFUSAL_SETTINGS_CHANGED
	claimLost       = ingressv1.Refusal_REFUSAL_CLAIM_LOST
	widgetBinding   = ingressv1.Refusal_REFUSAL_WIDGET_BINDING
)

const account = "shop"

// world is one run: a log, what is known of it, and the people in it.
type world struct {
	t        *rapid.T
	happened map[string]int

	now      time.Time
	commands int

	complete, partial, bare *conversation.State
	digest                  uint64
	log                     *memory
	round                   int
	*observer

	setup   *ingressv1.ApplySetup
	given   []conversation.Command
	granted []conversation.ClaimSend
}

func newWorld(t *rapid.T, happened map[string]int) *world {
	w := &world{
		t: t, happened: happened, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC),
		complete: conversation.NewState(), bare: conversation.NewState(), partial: conversation.NewPartialState(),
		log: newMemory(), observer: newObserver(),
	}
	w.digest = digest(w.complete)
	w.fail = func(format string, args ...any) { w.t.Fatalf(format, args...) }
	w.setup = &ingressv1.ApplySetup{
		Name:   "Shop",
		Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}, {Id: "max", Name: "Max", Role: eventv1.Role_ROLE_AUDITOR}},
		Widgets: []*ingressv1.WidgetSetup{{
			Id: "widget", Site: "shop.example", Languages: []string{"en"}, Offers: slices.Clone(channels[:]),
			Confirmation: w.confirmation(), NewConversationAfter: durationpb.New(newAfter),
		}},
		BoundElsewhere: w.policy(),
	}
	for _, c := range channels {
		w.setup.Apps = append(w.setup.Apps, &ingressv1.AppSetup{Id: c + "-app", Channel: c, ProviderAppId: c + "-own"})
		w.setup.Integrations = append(w.setup.Integrations, &ingressv1.IntegrationSetup{
			Id: c, Channel: c, AppId: c + "-app", ProviderAccountId: c + "-account", HumanAgent: c == "messenger",
		})
	}
	w.give(&conversation.ApplySetup{Header: w.header(""), Setup: proto.CloneOf(w.setup)})
	return w
}

var (
	channels = [...]string{"whatsapp", "messenger", "instagram"}
	people   = []string{"ana", "bob", "cem"}
)

// header returns the header of a new command.
func (w *world) header(dedup string) conversation.Header {
	w.commands++
	return conversation.Header{
		ID: fmt.Sprintf("01%016d00000000", w.commands), Account: account, Now: w.now, Received: w.now,
		Dedup: conversation.Dedup{Key: dedup},
	}
}

// token returns the header of a person's command.
func (w *world) token() conversation.Header {
	h := w.header(fmt.Sprintf("token-%d", w.commands))
	h.Dedup.Hash = []byte(h.Dedup.Key)
	if w.chance("deadline", 40) {
		h.Deadline = w.now.Add(-time.Second)
	}
	return h
}

// give decides a command on every state and folds what follows.
func (w *world) give(c conversation.Command) (conversation.Decision, error) {
	d, err := conversation.Decide(w.complete, c)
	var refusal *conversation.Refusal
	if err != nil && !errors.As(err, &refusal) {
		w.fail("Decide: %v", err)
	}
	if refusal != nil {
		w.happened[refusal.Reason.String()]++
		if len(d.Events) > 0 {
			w.fail("a refused command has %d events", len(d.Events))
		}
	}
	if digest(w.complete) != w.digest {
		w.fail("Decide changed the state (error %v)", err)
	}
	w.alike(c, d, err)
	w.decided(c, d)
	for _, e := range d.Events {
		w.happened[string(e.Body.ProtoReflect().Descriptor().Name())]++
		conversation.Evolve(w.complete, e)
		conversation.Evolve(w.partial, e)
		conversation.Evolve(w.bare, withoutSealed(e))
		if content := contentOf(e.Body); content != nil {
			w.complete.SetContent(e.ID, content)
			w.partial.SetContent(e.ID, content)
		}
		w.log.add(e)
	}
	if len(d.Events) > 0 {
		w.digest = digest(w.complete)
	}
	w.tell(c, d)
	w.agrees(w.complete)
	if len(d.Events) > 0 && conversation.HeaderOf(c).Dedup.Key != "" {
		w.given = append(w.given, c)
	}
	if w.round--; w.round <= 0 {
		w.log.flush()
		w.round = rapid.IntRange(1, 5).Draw(w.t, "round")
		w.partial.Forget(rapid.IntRange(0, 2).Draw(w.t, "keep"))
	}
	return d, err
}

// alike decides the command on the partial state and shows that nothing differs.
func (w *world) alike(c conversation.Command, d conversation.Decision, err error) {
	var again conversation.Decision
	var errAgain error
	for loads := 0; ; loads++ {
		again, errAgain = conversation.Decide(w.partial, c)
		var need *conversation.Need
		if !errors.As(errAgain, &need) {
			break
		}
		if loads > 200 {
			w.fail("the partial state asks for ever for %v", need)
		}
		w.log.load(w.partial, account, need.Ref)
	}
	if fmt.Sprint(err) != fmt.Sprint(errAgain) {
		w.fail("a partial state says %v, the complete one %v", errAgain, err)
	}
	if len(again.Events) != len(d.Events) {
		w.fail("%T: a partial state decides %s, the complete one %s", c, told(again), told(d))
	}
	for at, e := range d.Events {
		o := again.Events[at]
		if e.Stream != o.Stream || e.ID != o.ID || !e.At.Equal(o.At) || !reflect.DeepEqual(e.Dedup, o.Dedup) || !proto.Equal(e.Body, o.Body) {
			w.fail("%T: a partial state decides %v, the complete one %v", c, o, e)
		}
	}
	d.Events, again.Events = nil, nil
	if !reflect.DeepEqual(d, again) {
		w.fail("%T: a partial state answers %+v, the complete one %+v", c, again, d)
	}
}

// end shows what only the end of a run shows.
func (w *world) end() {
	if digest(w.bare) != digest(w.complete) {
		w.fail("the sealed parts matter: without them the log folds to another state")
	}
	// Everything that waits for time ends.
	for range 20000 {
		due, ok := w.due()
		if !ok {
			return
		}
		if due.Due.After(w.now) {
			w.now = due.Due
		}
		if d, _ := w.give(&conversation.FireTimer{Header: w.header(""), Timer: due}); len(d.Events) == 0 {
			w.fail("I15: the timer %v was due and nothing came of it", due)
		}
	}
	w.fail("I15: the timers never end")
}

// due returns the timer that is due first.
func (w *world) due() (conversation.Timer, bool) {
	var first conversation.Timer
	for timer := range w.running {
		if first.ID == "" || timer.Due.Before(first.Due) || timer.Due.Equal(first.Due) && timer.ID < first.ID {
			first = timer
		}
	}
	return first, first.ID != ""
}

// tell counts what happened.
func (w *world) tell(c conversation.Command, d conversation.Decision) {
	if d.Duplicate {
		w.happened["duplicate"]++
	}
	var succeeded, delivered bool
	for _, e := range d.Events {
		switch b := e.Body.(type) {
		case *eventv1.MessageReceived:
			if b.GetLate() {
				w.happened["late"]++
			}
			if b.GetLinkId() != "" {
				w.happened["released"]++
			}
		case *eventv1.MessageEdited:
			w.counts("parked change applied", b.GetContentEventId() != "")
		case *eventv1.ReactionChanged:
			w.counts("parked change applied", b.GetContentEventId() != "")
		case *eventv1.ConversationContinued:
			w.counts("several bindings taken over", len(w.conversations[b.GetByConversationId()].bound) > 1)
		case *eventv1.IdentityAliasesChanged:
			w.counts("a name told", len(b.GetProfileHash()) > 0)
			w.counts("signed in", len(b.GetAdded()) == 1 && b.GetAdded()[0].GetKind() == conversation.ExternalID)
		case *eventv1.ChannelUnbound:
			w.counts("a channel cut", b.GetReason() == eventv1.UnboundReason_UNBOUND_REASON_CUT)
			w.counts("address gone", b.GetReason() == eventv1.UnboundReason_UNBOUND_REASON_ADDRESS_GONE)
		case *eventv1.MessageUnsent:
			w.counts("unsent by the business", b.GetByBusiness())
		case *eventv1.LinkMatched:
			if b.GetHeld() {
				w.happened["held"]++
			}
			w.counts("a code in doubt", w.changed.unsure[b.GetIdentityId()])
		case *eventv1.LinkConfirmed:
			w.happened[map[eventv1.Confirmation]string{
				eventv1.Confirmation_CONFIRMATION_BOTH:      "by both",
				eventv1.Confirmation_CONFIRMATION_IMMEDIATE: "at once", eventv1.Confirmation_CONFIRMATION_USER_ACTIVITY: "by activity",
			}[w.links[b.GetLinkId()].confirmation]]++
		case *eventv1.LinkAnswered:
			if b.GetYes() && !b.GetTooLate() {
				w.happened["by prompt"]++
			}
		case *eventv1.ReplyRerouted:
			if p := b.GetRoute().GetPassedOver(); len(p) > 0 && p[0].GetReason() == eventv1.PassedOverReason_PASSED_OVER_REASON_FAILED {
				w.happened["reply fell"]++
			}
		case *eventv1.ReplyQueued:
			if b.GetRoute().GetRule() == eventv1.ReplyRule_REPLY_RULE_WINDOW_CLOSED {
				w.happened["window closed"]++
			}
			if b.GetRoute().GetHumanAgent() {
				w.happened["as a person"]++
			}
		case *eventv1.SendSucceeded:
			succeeded = true
		case *eventv1.MessageDelivered:
			delivered = true
		case *eventv1.MessageFailed:
			if b.GetError().GetReason() == "empty_route" {
				w.happened["reply failed for an empty route"]++
			}
		}
	}
	if _, report := c.(*conversation.ReportOutcome); report && succeeded && delivered {
		w.happened["parked receipt applied"]++
	}
}

func (w *world) counts(what string, happened bool) {
	if happened {
		w.happened[what]++
	}
}

func told(d conversation.Decision) string {
	var b strings.Builder
	for _, e := range d.Events {
		fmt.Fprintf(&b, "\n  %s %v", e.Body.ProtoReflect().Descriptor().Name(), e.Body)
	}
	return b.String()
}

var seed = maphash.MakeSeed()

func digest(s *conversation.State) uint64 { return maphash.Bytes(seed, s.Dump()) }

func pick[V any](w *world, what string, from ...V) V { return rapid.SampledFrom(from).Draw(w.t, what) }

func (w *world) chance(what string, oneIn int) bool {
	// The remainder is nearly even, where small numbers themselves are not.
	return rapid.Uint64Range(0, 1<<62).Draw(w.t, what)%uint64(oneIn) == uint64(oneIn)-1
}

// pickID draws one of the newest ids, rarely an old one or one that is none.
func (w *world) pickID(what string, from []string) string {
	if len(from) == 0 || w.chance("no "+what, 25) {
		return pick(w, "no "+what, "", "nobody")
	}
	if len(from) > 6 && !w.chance("old "+what, 5) {
		from = from[len(from)-6:]
	}
	return pick(w, what, from...)
}
