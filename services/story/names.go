package story

import (
	"fmt"
	"slices"
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/conversation"
)

// names tells events in words, with a name for every id.
type names struct {
	identities    map[string]string
	customers     map[string]string
	owners        map[string]string
	conversations []string
	links         []string
	messages      map[string]string
	sends         map[string]string
	contents      map[string]string
	lastReply     string
}

func newNames() *names {
	return &names{
		identities: map[string]string{}, customers: map[string]string{}, owners: map[string]string{},
		messages: map[string]string{}, sends: map[string]string{}, contents: map[string]string{},
	}
}

// learn takes the names that an event brings.
func (n *names) learn(event conversation.Event) {
	switch e := event.Body.(type) {
	case *eventv1.IdentityCreated:
		n.identities[e.GetIdentityId()] = e.GetSealed().GetAliases()[0].GetValue() + "@" + e.GetIntegrationId()
		n.owners[e.GetIdentityId()] = e.GetCustomerId()
		n.customers[e.GetCustomerId()] = e.GetSealed().GetAliases()[0].GetValue()
	case *eventv1.IdentityMoved:
		n.owners[e.GetIdentityId()] = e.GetToCustomerId()
	case *eventv1.ConversationStarted:
		n.conversations = append(n.conversations, e.GetConversationId())
	case *eventv1.LinkRequested:
		n.links = append(n.links, e.GetLinkId())
	case *eventv1.ReplyQueued:
		n.messages[e.GetMessageId()] = words(e.GetSealed().GetContent())
		n.lastReply = e.GetMessageId()
	case *eventv1.MessageReceived:
		n.messages[e.GetMessageId()] = words(e.GetSealed().GetContent())
	case *eventv1.EchoReceived:
		n.messages[e.GetMessageId()] = words(e.GetSealed().GetContent())
	case *eventv1.SendQueued:
		n.sends[e.GetSendId()] = n.contents[e.GetContentEventId()]
		if e.GetOrigin().GetParts() > 0 {
			n.sends[e.GetSendId()] = fmt.Sprintf("part %d", e.GetOrigin().GetPart()+1)
		}
	}
	if content := contentOf(event.Body); content != nil {
		n.contents[event.ID] = words(content)
	}
}

// ownerOf returns the customer of the newest identity of a name.
func (n *names) ownerOf(name string) string { return n.owners[n.newest(name)] }

// newest returns the newest identity of a name.
func (n *names) newest(name string) string {
	newest := ""
	for id, known := range n.identities {
		if known == name && id > newest {
			newest = id
		}
	}
	return newest
}

func (n *names) identity(id string) string { return n.identities[id] }

func (n *names) conversation(id string) string {
	return fmt.Sprintf("c%d", slices.Index(n.conversations, id)+1)
}

func (n *names) conversationID(name string) string {
	for at, id := range n.conversations {
		if name == fmt.Sprintf("c%d", at+1) {
			return id
		}
	}
	return "no such conversation"
}

func (n *names) link(id string) string {
	at := slices.Index(n.links, id)
	if at < 0 {
		return "no link"
	}
	return fmt.Sprintf("link %d", at+1)
}

func (n *names) route(ids []string) string {
	if len(ids) == 0 {
		return "nowhere"
	}
	var out []string
	for _, id := range ids {
		out = append(out, n.identity(id))
	}
	return strings.Join(out, ", ")
}

// plain makes words of an enum's value: LINK_CONFIRMED of ROUTE_RULE_LINK_CONFIRMED
// becomes "link confirmed".
func plain(value fmt.Stringer, prefix string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(value.String(), prefix), "_", " "))
}
