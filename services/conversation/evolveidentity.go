package conversation

import (
	"slices"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

func (s *State) evolveIdentity(e Event) {
	i := s.identities[e.Stream.ID]
	if i == nil {
		i = &Identity{
			ID: e.Stream.ID, Aliases: map[string]string{}, Conflicts: map[string]string{}, Unresolved: map[string]Send{},
		}
		s.identities[e.Stream.ID] = i
	}
	i.Version++
	switch b := e.Body.(type) {
	case *eventv1.IdentityCreated:
		i.Customer, i.IntegrationID, i.Channel = b.GetCustomerId(), b.GetIntegrationId(), b.GetChannel()
		i.ProfileWanted = b.GetProfileWanted()
		s.learn(i, b.GetAliases())
		s.own(i)
	case *eventv1.IdentityAliasesChanged:
		for _, a := range b.GetRemoved() {
			delete(i.Aliases, string(a.GetHash()))
			s.aliases[string(a.GetHash())] = ""
		}
		s.learn(i, b.GetAdded())
		if len(b.GetProfileHash()) > 0 {
			i.ProfileHash = b.GetProfileHash()
		}
		if b.GetProfileSettled() {
			i.ProfileWanted = false
		}
	case *eventv1.IdentityMoved:
		i.Customer = b.GetToCustomerId()
		s.own(i)
	case *eventv1.IdentityErased:
		for _, a := range b.GetAliases() {
			delete(i.Aliases, string(a.GetHash()))
			s.aliases[string(a.GetHash())] = ""
		}
		i.Conversation, i.Released, i.Matched, i.Erased = "", "", LinkRef{}, true
		i.confirmed()
	case *eventv1.IdentityMatched:
		i.Matched = LinkRef{ConversationID: b.GetConversationId(), LinkID: b.GetLinkId()}
	case *eventv1.IdentityBound:
		i.Conversation = b.GetConversationId()
	case *eventv1.IdentityReleased:
		i.Conversation = ""
		if !b.GetContinued() {
			// Nothing ties it to somebody any more who may not be there.
			i.confirmed()
		}
		i.Released, i.ReleasedAt = b.GetConversationId(), moment(b.GetReleasedAt())
	case *eventv1.CodeRefused:
		s.noteUnknown(b)
		s.hold(e, b.GetProviderMessageHash(), "", "")
		at := moment(b.GetRefusedAt())
		i.Refusals = append(i.Refusals, at)
		if more := len(i.Refusals) - refusalsAllowed; more > 0 {
			i.Refusals = slices.Clone(i.Refusals[more:])
		}
		if b.GetAnswered() {
			i.AnsweredAt = at
		}
	case *eventv1.IdentityKeyChanged:
		i.KeyHash, i.KeyAt = b.GetKeyHash(), moment(b.GetAt())
		if b.GetConversationId() != "" {
			i.Unconfirmed, i.Question = true, b.GetQuestionId()
		}
	case *eventv1.IdentityConfirmed:
		i.confirmed()
	case *eventv1.AliasConflictFound:
		i.Conflicts[b.GetOtherIdentityId()] = b.GetOtherCustomerId()
	case *eventv1.OptInChanged:
		// It is shown; nothing is decided by it.
	default:
		s.evolveLane(i, e)
	}
}

// own notes whom an identity belongs to.
func (s *State) own(i *Identity) {
	if !slices.Contains(i.Owners, i.Customer) {
		i.Owners = append(i.Owners, i.Customer)
	}
	s.AddIdentity(i.Customer, i.ID)
}

// hold notes that an event holds a message of a customer.
func (s *State) hold(e Event, hash []byte, conversationID, messageID string) {
	if len(hash) > 0 {
		s.AddSaid(hash, SaidEvent{EventID: e.ID, ConversationID: conversationID, MessageID: messageID})
	}
}

func (s *State) learn(i *Identity, aliases []*eventv1.AliasHash) {
	for _, a := range aliases {
		i.Aliases[string(a.GetHash())] = a.GetKind()
		s.aliases[string(a.GetHash())] = i.ID
	}
}

func (s *State) evolveLane(i *Identity, e Event) {
	switch b := e.Body.(type) {
	case *eventv1.SendQueued:
		s.sends[b.GetSendId()] = i.ID
		i.Lane = append(i.Lane, Send{
			ID: b.GetSendId(), IntegrationID: b.GetIntegrationId(), Channel: b.GetChannel(),
			ContentEvent: b.GetContentEventId(), Quoted: b.GetQuotedEventId(), Origin: b.GetOrigin(),
			State: SendQueued, QueuedAt: e.At,
		})
	case *eventv1.SendRequested:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Attempt, send.Nonce, send.Due = SendRequested, b.GetAttempt(), "", moment(nil)
		})
	case *eventv1.SendClaimed:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Nonce, send.Due = SendClaimed, b.GetNonce(), moment(b.GetOutcomeDue())
		})
	case *eventv1.SendDeferred:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Due = SendDeferred, moment(b.GetRetryAt())
			if !b.GetUncounted() {
				send.Tries++
			}
		})
	case *eventv1.SendOutcomeUnknown:
		i.change(b.GetSendId(), func(send *Send) {
			send.State, send.Due, send.AskAt = SendUnknown, moment(b.GetLaneUntil()), moment(b.GetAskAt())
		})
	case *eventv1.LaneReleased:
		i.change(b.GetSendId(), func(send *Send) {
			unresolved := *send
			unresolved.Due = moment(nil)
			i.Unresolved[send.ID] = unresolved
		})
		i.end(b.GetSendId())
	case *eventv1.SendSucceeded:
		delete(i.Unresolved, b.GetSendId())
		i.end(b.GetSendId())
		i.sent(e.ID, b.GetOrigin())
		s.messages[string(b.GetProviderMessageHash())] = MessageRef{
			IdentityID:     i.ID,
			ConversationID: b.GetOrigin().GetConversationId(),
			MessageID:      b.GetOrigin().GetMessageId(),
			Part:           b.GetOrigin().GetPart(),
			Hop:            b.GetOrigin().GetHop(),
		}
	case *eventv1.SendFailed:
		delete(i.Unresolved, b.GetSendId())
		i.end(b.GetSendId())
	case *eventv1.SendWithdrawn:
		i.end(b.GetSendId())
	default:
		panic(unknown(e))
	}
}

// change changes a send of the lane; one that is not in it is not the lane's any
// more.
func (i *Identity) change(sendID string, change func(*Send)) {
	for at := range i.Lane {
		if i.Lane[at].ID == sendID {
			change(&i.Lane[at])
			return
		}
	}
}

func (i *Identity) end(sendID string) {
	i.Lane = slices.DeleteFunc(i.Lane, func(send Send) bool { return send.ID == sendID })
}
