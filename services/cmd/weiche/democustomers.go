package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	viewv1 "weiche/proto/gen/weiche/view/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/simulator"
)

// demoPast is how far back the customers of the demo begin to write. The simulator's
// clock begins there and is moved to the present between their messages.
const demoPast = 27 * time.Hour

// demoCustomer is somebody who wrote to the shop before the demo's page was opened.
type demoCustomer struct {
	name, handle, channel string
	// ago is when they wrote first.
	ago time.Duration
	// said is what they said at first, and then the two sides in turn, an agent first.
	said []string
	// agent is who answers, and whose work it is; nobody's if empty.
	agent string
	// note is what agents alone see.
	note   string
	labels []string
	closed bool
}

// demoCustomers are in the order in which they wrote.
var demoCustomers = []demoCustomer{
	{
		name: "Deniz Kaya", handle: "deniz.kaya", channel: "whatsapp", ago: 26 * time.Hour,
		said: []string{"Good evening, my order should have come today. Can you see where it is?"}, labels: []string{"delivery"},
	},
	{
		name: "Jonas Weber", handle: "jonas.weber", channel: "messenger", ago: 5 * time.Hour, agent: "kim", closed: true, labels: []string{"return"},
		said: []string{"The shoes are too small. How do I send them back?", "Just use the label in the box, it costs you nothing.", "That was easy, thank you."},
	},
	{
		name: "Mia Lindqvist", handle: "mia.lind", channel: "instagram", ago: 4 * time.Hour, agent: "robin",
		said: []string{"Do you still have the straw hat from your last post?", "Yes, in two sizes. Shall I put one aside?", "Yes please, the larger one!"},
	},
	{
		name: "Priya Nair", handle: "priya.nair", channel: "whatsapp", ago: 3 * time.Hour, agent: "kim", closed: true,
		said: []string{"Hi, is the shop open on Sunday?", "Yes, from 11 to 18.", "Perfect."},
	},
	{
		name: "Tomás Silva", handle: "tomas.silva", channel: "whatsapp", ago: 2 * time.Hour, agent: "robin", labels: []string{"order"},
		said: []string{"My discount code does not work: SPRING10"}, note: "The code ended yesterday. I ask if we may extend it.",
	},
	{
		name: "Sam Okafor", handle: "sam.okafor", channel: "whatsapp", ago: 70 * time.Minute, labels: []string{"return"},
		said: []string{"I have got the wrong size. Can I change it in the shop?"},
	},
	{
		name: "Lena Hoffmann", handle: "lena.hoffmann", channel: "whatsapp", ago: 35 * time.Minute, agent: "kim",
		said: []string{"Guten Tag, wann ist die graue Jacke wieder da?", "Guten Tag! Am Mittwoch nächster Woche.", "Super, dann komme ich vorbei."},
	},
	{
		name: "Noah Martin", handle: "noah.martin", channel: "messenger", ago: 15 * time.Minute,
		said: []string{"Is there parking near the shop?"},
	},
	{
		name: "Zoë Peeters", handle: "zoe.peeters", channel: "instagram", ago: 4 * time.Minute,
		said: []string{"Love the green coat! How much is shipping to Belgium?"}, labels: []string{"delivery"},
	},
}

// fillInbox lets the customers write over the simulated channels, and agents answer
// them, so that the shop's inbox is one of a shop that lives.
func fillInbox(ctx context.Context, a *actors) error {
	past := demoPast
	for _, c := range demoCustomers {
		if err := a.simulate(ctx, "POST", "/sim/people", simulator.Person{Name: c.name, Username: c.handle}, nil); err != nil {
			return err
		}
		if err := a.advance(ctx, past-c.ago); err != nil {
			return err
		}
		past = c.ago
		if err := a.as(c).phone(ctx, "send", simulator.Typed{Integration: demoProviderAccount(c.channel), Text: c.said[0]}); err != nil {
			return err
		}
	}
	if err := a.advance(ctx, past); err != nil {
		return err
	}
	rows, err := a.customers(ctx)
	if err != nil {
		return err
	}
	for _, c := range demoCustomers {
		if err := a.as(c).serve(ctx, c, rows[c.said[0]].GetConversationId()); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// customers waits until all of them are in the inbox, and returns its rows by what was said.
func (a *actors) customers(ctx context.Context) (map[string]*viewv1.ConversationSummary, error) {
	rows := map[string]*viewv1.ConversationSummary{}
	return rows, a.await(ctx, "the customers to be in the inbox", func(ctx context.Context) (bool, error) {
		inbox := &workspacev1.ListConversationsResponse{}
		if err := a.workspace(ctx, "ListConversations", &workspacev1.ListConversationsRequest{Limit: 100}, inbox); err != nil {
			return false, err
		}
		for _, row := range inbox.GetConversations() {
			rows[row.GetLastLine().GetText()] = row
		}
		for _, c := range demoCustomers {
			if rows[c.said[0]] == nil {
				return false, nil
			}
		}
		return true, nil
	})
}

// serve says what the two have said after the first message, and does what agents do
// beside that.
func (a *actors) serve(ctx context.Context, c demoCustomer, conversation string) error {
	for at, text := range c.said[1:] {
		if agent := at%2 == 0; !agent {
			if err := a.phone(ctx, "send", simulator.Typed{Integration: demoProviderAccount(c.channel), Text: text}); err != nil {
				return err
			}
			continue
		}
		if err := a.workspace(ctx, "SendReply", &workspacev1.SendReplyRequest{
			ConversationId: conversation, Text: text, ClientToken: rand.Text(),
		}, &workspacev1.SendReplyResponse{}); err != nil {
			return err
		}
		if err := a.seesOn(ctx, c.channel, text); err != nil {
			return err
		}
		if err := a.phone(ctx, "read", map[string]string{"integration": demoProviderAccount(c.channel)}); err != nil {
			return err
		}
	}
	// A message that came after the closing would open it again.
	if err := a.simulate(ctx, "GET", "/sim/idle?timeout="+a.patience.String(), nil, nil); err != nil {
		return err
	}
	for _, work := range []struct {
		wanted bool
		method string
		ask    proto.Message
		answer proto.Message
	}{
		{c.note != "", "SendReply", &workspacev1.SendReplyRequest{
			ConversationId: conversation, Text: c.note, ClientToken: rand.Text(),
			Destination: &workspacev1.Destination{Place: &workspacev1.Destination_Note{Note: true}},
		}, &workspacev1.SendReplyResponse{}},
		{c.agent != "", "AssignConversation", &workspacev1.AssignConversationRequest{
			ConversationId: conversation, AssigneeId: c.agent, ClientToken: rand.Text(),
		}, &workspacev1.AssignConversationResponse{}},
		{len(c.labels) > 0, "ChangeLabels", &workspacev1.ChangeLabelsRequest{
			ConversationId: conversation, Add: c.labels, ClientToken: rand.Text(),
		}, &workspacev1.ChangeLabelsResponse{}},
		{c.closed, "CloseConversation", &workspacev1.CloseConversationRequest{
			ConversationId: conversation, ClientToken: rand.Text(),
		}, &workspacev1.CloseConversationResponse{}},
	} {
		if !work.wanted {
			continue
		}
		if err := a.workspace(ctx, work.method, work.ask, work.answer); err != nil {
			return err
		}
	}
	return nil
}

// advance moves the simulator's clock.
func (a *actors) advance(ctx context.Context, by time.Duration) error {
	return a.simulate(ctx, "POST", "/sim/clock", map[string]string{"advance": by.String()}, nil)
}

// as returns the actors with a customer at the phone, and the agent who answers them.
func (a *actors) as(c demoCustomer) *actors {
	other := *a
	other.person = c.name
	for _, agent := range a.tokens {
		if agent.GetAgentId() == c.agent {
			other.agent = agent.GetToken()
		}
	}
	return &other
}
