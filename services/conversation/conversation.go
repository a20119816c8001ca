// Package conversation is the core of Weiche: it decides what follows from a
// command. It is pure. It knows no clock, no network, no store and no
// randomness; times and ids arrive inside the command, and everything that is to
// happen outside is said by an event.
//
// A shell folds the log into a State with Evolve, gives commands to Decide,
// appends the events that come back, and folds them in turn.
package conversation

import (
	"time"

	"google.golang.org/protobuf/proto"
)

// Event is one thing that happened, as it is to be appended or was read.
type Event struct {
	// Stream is where it belongs.
	Stream Stream
	// ID is the event's id, unique in the installation.
	ID string
	// At is when it was decided.
	At time.Time
	// Position is its place in the log; 0 until it has one.
	Position uint64
	// Dedup are the keys that this event makes known; on the first event of a
	// decision only.
	Dedup []Dedup
	// Body is a message of weiche.event.v1. Its sealed field is set where a
	// decision made it and not set where it was read from the log.
	Body proto.Message
}

// Stream names a stream within an account.
type Stream struct{ Category, ID string }

// The categories of streams.
const (
	CategoryAccount      = "account"
	CategoryCustomer     = "customer"
	CategoryIdentity     = "identity"
	CategoryConversation = "conversation"
	CategoryAccess       = "access"
	CategoryVisitor      = "visitor"
	CategoryQuarantine   = "quarantine"
	CategoryReceipts     = "receipts"
	CategoryInstallation = "installation"
)

// Decision is what follows from a command.
type Decision struct {
	// Events are to be appended together or not at all, in this order. None
	// means that there is nothing left to do.
	Events []Event
	// Expected are the streams that the decision read or writes, with the
	// version at which it saw them; 0 where the stream did not exist.
	Expected map[Stream]uint64
	// Duplicate says that the command took effect before: what it did is in
	// the log under its dedup key.
	Duplicate bool
	// What the command made or concerned, for the answer.
	ConversationID, MessageID, LinkID string
	RouteVersion                      uint64
	// Refused is set where something else was done than what the command asked
	// for: the events are appended, and who asked is told that it was refused.
	Refused *Refusal
}

// HeaderOf returns the header of a command.
func HeaderOf(c Command) *Header { return c.header() }

// Decide returns what follows from command c in state s. It does not change s.
// The error is a *Refusal where the command is not carried out, and a *Need where
// a partial state lacks something; both leave no trace.
func Decide(s *State, c Command) (decision Decision, err error) {
	d := newDecider(s, c.header())
	defer func() {
		if recovered := recover(); recovered != nil {
			need, ok := recovered.(*Need)
			if !ok {
				panic(recovered)
			}
			decision, err = Decision{}, need
		}
	}()
	if c.header().Erased {
		return Decision{}, nil
	}
	if h := c.header(); h.Dedup.Key != "" {
		done, err := d.seen(h.Dedup)
		if done || err != nil {
			return Decision{Duplicate: done}, err
		}
	}
	if h := c.header(); !h.Deadline.IsZero() && h.Now.After(h.Deadline) {
		return Decision{}, refuse(tooLate, "the command's deadline has passed")
	}
	if err := d.decide(c); err != nil {
		return Decision{}, err
	}
	return d.finish(), nil
}

// decide gives the command to its rule.
func (d *decider) decide(c Command) error {
	switch c := c.(type) {
	case *ReceiveMessage:
		return d.receive(c)
	case *SendReply:
		return d.reply(c)
	case *RequestLink:
		return d.requestLink(c)
	case *CancelLink:
		return d.cancelLink(c)
	case *Disconnect:
		return d.disconnect(c)
	case *MarkRead:
		return d.markRead(c)
	case *RecordReceipt:
		return d.receipt(c)
	case *RecordEcho:
		return d.echo(c)
	case *ClaimSend:
		return d.claim(c)
	case *ReportOutcome:
		return d.outcome(c)
	case *ReportHealth:
		return d.health(c)
	case *SettleOutcome:
		return d.settleOutcome(c)
	case *React:
		return d.reactAsAgent(c)
	case *FireTimer:
		return d.fire(c)
	case *ApplySetup:
		return d.setup(c)
	case *UnsendMessage:
		return d.unsend(c)
	case *EraseCustomer:
		return d.erase(c)
	case *KeepItem:
		return d.keep(c)
	case *ReportMedia:
		return d.media(c)
	case *ReportProfile:
		return d.profile(c)
	case *AbandonSends:
		return d.abandon(c)
	case *AbandonSessions:
		return d.abandonSessions()
	case *ReactToMessage:
		return d.react(c)
	case *EditMessage:
		return d.edit(c)
	case *OpenThread:
		return d.openThread(c)
	case *OptIn:
		return d.optIn(c)
	case *ChangeIdentity:
		return d.changeIdentity(c)
	case *ConfirmIdentity:
		return d.confirmIdentity(c)
	case *LinkCustomers:
		return d.linkCustomers(c)
	case *UnlinkCustomers:
		return d.unlinkCustomers(c)
	case *ReparseItem:
		return d.reparse(c)
	case *RecordRestore:
		return d.restored(c)
	case *ReplayItem:
		return d.replayItem(c)
	case *CloseConversation:
		return d.closeConversation(c)
	case *ReopenConversation:
		return d.reopenConversation(c)
	case *AssignConversation:
		return d.assign(c)
	case *ChangeLabels:
		return d.changeLabels(c)
	case *SeeConversation:
		return d.see(c)
	case *RemoveIntegration:
		return d.removeIntegration(c)
	case *ConfirmLink:
		return d.confirmLink(c)
	case *IdentifyVisitor:
		return d.identifyVisitor(c)
	case *EndVisitorSession:
		return d.endVisitorSession(c)
	case *RemoveAgent:
		return d.removeAgent(c)
	case *DiscardItem:
		return d.discardItem(c)
	case *SetPassword:
		return d.setPassword(c)
	case *MakeLoginLink:
		return d.makeLoginLink(c)
	case *OpenSession:
		return d.openSession(c)
	case *EndSession:
		return d.endSession(c)
	case *CreateAPIKey:
		return d.createAPIKey(c)
	case *UseAPIKey:
		return d.useAPIKey(c)
	case *RevokeAPIKey:
		return d.revokeAPIKey(c)
	}
	panic("conversation: a command without a rule")
}
