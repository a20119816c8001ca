package conversation

import (
	"slices"
	"unicode"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The bounds of labels: of each, in characters, and of how many a conversation has.
const (
	maxLabel  = 40
	maxLabels = 20
)

// CloseConversation says, by an agent, that there is nothing to do.
type CloseConversation struct {
	Header
	Agent Agent
}

// ReopenConversation says, by an agent, that there is something to do again.
type ReopenConversation struct {
	Header
	Agent Agent
}

// AssignConversation says whose work a conversation is.
type AssignConversation struct {
	Header
	Agent Agent
	// AssigneeID is the agent; empty for nobody.
	AssigneeID string
}

// ChangeLabels adds words by which a conversation is found, and takes some away.
type ChangeLabels struct {
	Header
	Agent       Agent
	Add, Remove []string
}

// SeeConversation says that an agent has seen everything up to a message.
type SeeConversation struct {
	Header
	Agent     Agent
	MessageID string
}

// closeConversation closes a conversation (R11). Its bindings, links and replies under
// way stay as they are. One that is closed stays so. Also that of a customer who was
// erased can be closed, since nothing else can be done with it.
func (d *decider) closeConversation(c *CloseConversation) error {
	if err := d.acts(c.Agent.AgentID); err != nil {
		return err
	}
	conv := d.conversation(c.Agent.ConversationID)
	if conv == nil {
		return refuse(notFound, "there is no such conversation")
	}
	d.answer.ConversationID, d.answer.RouteVersion = conv.id, conv.version
	if conv.closed {
		return nil
	}
	conv.closed = true
	d.emit(conv.stream(), &eventv1.ConversationClosed{ConversationId: conv.id, AgentId: c.Agent.AgentID})
	return nil
}

// reopenConversation opens a closed conversation for an agent.
func (d *decider) reopenConversation(c *ReopenConversation) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	d.answer.ConversationID, d.answer.RouteVersion = conv.id, conv.version
	conv.reopen(c.Agent.AgentID, "")
	return nil
}

// reopen opens a conversation where it is closed.
func (c *conversationDraft) reopen(agentID, messageID string) {
	if !c.closed {
		return
	}
	c.closed = false
	c.d.emit(c.stream(), &eventv1.ConversationReopened{ConversationId: c.id, AgentId: agentID, MessageId: messageID})
}

// assign gives a conversation to an agent who can answer.
func (d *decider) assign(c *AssignConversation) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	if c.AssigneeID != "" {
		switch assignee := d.account().Agents[c.AssigneeID]; {
		case assignee == nil:
			return refuse(invalid, "there is no such agent")
		case assignee.GetRole() == eventv1.Role_ROLE_AUDITOR:
			return refuse(invalid, "an auditor answers nobody")
		}
	}
	d.answer.ConversationID, d.answer.RouteVersion = conv.id, conv.version
	if conv.base.Assignee == c.AssigneeID {
		return nil
	}
	d.emit(conv.stream(), &eventv1.ConversationAssigned{
		ConversationId: conv.id, AssigneeId: c.AssigneeID, AgentId: c.Agent.AgentID,
	})
	return nil
}

// changeLabels adds and takes away labels. They are kept and compared as they are
// written.
func (d *decider) changeLabels(c *ChangeLabels) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	changed := &eventv1.LabelsChanged{ConversationId: conv.id, AgentId: c.Agent.AgentID}
	for _, label := range slices.Compact(slices.Sorted(slices.Values(c.Add))) {
		if !isLabel(label) {
			return refuse(invalid, "a label has 1 to %d characters, no control characters, and no space at its ends", maxLabel)
		}
		if slices.Contains(c.Remove, label) {
			return refuse(invalid, "the label %q cannot come and go", label)
		}
		if !conv.base.Labels[label] {
			changed.Added = append(changed.Added, label)
		}
	}
	for _, label := range slices.Compact(slices.Sorted(slices.Values(c.Remove))) {
		if conv.base.Labels[label] {
			changed.Removed = append(changed.Removed, label)
		}
	}
	if len(conv.base.Labels)+len(changed.Added)-len(changed.Removed) > maxLabels {
		return refuse(invalid, "a conversation has at most %d labels", maxLabels)
	}
	d.answer.ConversationID, d.answer.RouteVersion = conv.id, conv.version
	if len(changed.Added)+len(changed.Removed) > 0 {
		d.emit(conv.stream(), changed)
	}
	return nil
}

// isLabel says whether a text can be a label.
func isLabel(text string) bool {
	runes := []rune(text)
	return utf8.ValidString(text) && len(runes) >= 1 && len(runes) <= maxLabel &&
		!slices.ContainsFunc(runes, unicode.IsControl) && !unicode.IsSpace(runes[0]) && !unicode.IsSpace(runes[len(runes)-1])
}

// see notes that agents have seen what the customer wrote. It goes forward alone, and
// where nothing was unseen up to there it changes nothing.
func (d *decider) see(c *SeeConversation) error {
	conv, err := d.byWhom(nil, &c.Agent, false)
	if err != nil {
		return err
	}
	upTo := conv.base.versionOf(c.MessageID)
	if upTo == 0 {
		return refuse(notFound, "there is no such message")
	}
	d.answer.ConversationID, d.answer.MessageID, d.answer.RouteVersion = conv.id, c.MessageID, conv.version
	if len(conv.base.Unseen) == 0 || conv.base.Unseen[0] > upTo {
		return nil
	}
	d.emit(conv.stream(), &eventv1.ConversationSeen{
		ConversationId: conv.id, MessageId: c.MessageID, AgentId: c.Agent.AgentID,
	})
	return nil
}

// versionOf returns the version of the stream at which a message stands; 0 where there
// is no such message.
func (c *Conversation) versionOf(messageID string) uint64 {
	if reply := c.Messages[messageID]; reply != nil {
		return reply.Version
	}
	return max(c.Inbound[messageID].Version, c.Asides[messageID])
}

// evolveInbox folds how agents keep their conversations.
func (c *Conversation) evolveInbox(e Event) {
	switch b := e.Body.(type) {
	case *eventv1.ConversationClosed:
		c.Closed, c.ClosedAt = true, e.At
	case *eventv1.ConversationReopened:
		c.Closed = false
	case *eventv1.ConversationContinued:
		c.ContinuedBy = b.GetByConversationId()
	case *eventv1.ConversationAssigned:
		c.Assignee = b.GetAssigneeId()
	case *eventv1.LabelsChanged:
		for _, label := range b.GetAdded() {
			c.Labels[label] = true
		}
		for _, label := range b.GetRemoved() {
			delete(c.Labels, label)
		}
	case *eventv1.ConversationSeen:
		upTo := c.versionOf(b.GetMessageId())
		c.Unseen = slices.DeleteFunc(c.Unseen, func(version uint64) bool { return version <= upTo })
	}
}
