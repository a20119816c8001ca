package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// patience is how long a command may take until its events are durable. Past it
// the router refuses it, so that nobody is told that it failed and sees it done.
const patience = 4 * time.Second

// The instances under which the API speaks. They are part of what makes a client
// token the same, so every process has the same ones.
const (
	instanceWorkspace = "workspace"
	instanceAdmin     = "admin"
	instanceAccess    = "access"
)

// askWidget gives a visitor's command and returns the answer.
func (s *server) askWidget(ctx context.Context, v *visit, command *ingressv1.WidgetCommand) (*ingressv1.ItemAnswer, error) {
	command.Visitor = v.session.Visitor()
	command.Deadline = s.deadline()
	from := channel.Source{Kind: channel.KindWidget, Account: v.widget.Account, ID: v.widget.ID}
	return s.ask(ctx, from, &ingressv1.Item{Kind: &ingressv1.Item_Widget{Widget: command}})
}

// askAgent gives an agent's command and returns the answer.
func (s *server) askAgent(ctx context.Context, a actor, command *ingressv1.AgentCommand) (*ingressv1.ItemAnswer, error) {
	command.AgentId = a.id
	command.Deadline = s.deadline()
	from := channel.Source{Kind: channel.KindAgent, Account: a.account, ID: instanceWorkspace}
	return s.ask(ctx, from, &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: command}})
}

// askAccess gives a command about who may come in. What was ended is refused once it
// is answered.
func (s *server) askAccess(ctx context.Context, account, by string, command *ingressv1.AgentCommand) (*ingressv1.ItemAnswer, error) {
	return s.askSetup(ctx, channel.Source{Kind: channel.KindAgent, Account: account, ID: instanceAccess}, by, command)
}

// askSetup gives a command that changes what is set up, and returns once the set-up
// shows what became of it.
func (s *server) askSetup(ctx context.Context, from channel.Source, by string, command *ingressv1.AgentCommand) (*ingressv1.ItemAnswer, error) {
	command.AgentId, command.Deadline = by, s.deadline()
	answer, err := s.ask(ctx, from, &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: command}})
	if err != nil || answer.GetPosition() == 0 {
		return answer, err
	}
	ctx, cancel := context.WithTimeout(ctx, waitForViews)
	defer cancel()
	if _, err := s.Queries.WaitForSetup(ctx, answer.GetPosition()); err != nil {
		return nil, errBehind
	}
	return answer, nil
}

func (s *server) deadline() *timestamppb.Timestamp { return timestamppb.New(s.Now().Add(patience)) }

// ask publishes one item and waits for what became of it.
func (s *server) ask(ctx context.Context, from channel.Source, item *ingressv1.Item) (*ingressv1.ItemAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := s.Publisher.Publish(ctx, from, &ingressv1.Batch{
		ReceivedAt: timestamppb.New(s.Now()), Items: []*ingressv1.Item{item},
	})
	if err != nil {
		return nil, err
	}
	if len(answer.GetItems()) != 1 {
		s.Logger.Error("the router's answer is not one for one item", "error", answer.GetError())
		return nil, errInternal
	}
	return accepted(answer.GetItems()[0])
}

// accepted returns the answer to a command that was carried out, now or before,
// and the failure of one that was not.
func accepted(answer *ingressv1.ItemAnswer) (*ingressv1.ItemAnswer, error) {
	switch answer.GetStatus() {
	case ingressv1.ItemStatus_ITEM_STATUS_COMMITTED, ingressv1.ItemStatus_ITEM_STATUS_DUPLICATE,
		ingressv1.ItemStatus_ITEM_STATUS_NOTHING:
		return answer, nil
	case ingressv1.ItemStatus_ITEM_STATUS_REFUSED:
		return nil, refused(answer)
	}
	return nil, errInternal
}

// refused says why a command was refused, in words that name nobody's things.
func refused(answer *ingressv1.ItemAnswer) error {
	f := &failure{reason: reasonOf(answer.GetRefusal()), message: answer.GetDetail()}
	switch f.reason {
	case errorv1.Reason_REASON_NOT_FOUND:
		return errNotFound
	case errorv1.Reason_REASON_INTERNAL:
		return errInternal
	}
	f.metadata = whereTo(answer)
	if settings := answer.GetSettings(); settings != nil {
		f.metadata = changedSettings(settings)
	}
	return f
}

// whereTo says where a refused reply would go now, and why it goes nowhere else; nil
// where that is not the matter.
func whereTo(answer *ingressv1.ItemAnswer) map[string]string {
	said := map[string]string{}
	if version := answer.GetRouteVersion(); version > 0 {
		said["route_version"] = strconv.FormatUint(version, 10)
	}
	if route := answer.GetReplyRoute(); route != nil {
		said["integration_id"], said["channel"] = route.GetIntegrationId(), route.GetChannel()
		said["rule"] = word(route.GetRule(), "REPLY_RULE_")
	}
	var passed []string
	for _, p := range answer.GetPassedOver() {
		passed = append(passed, p.GetIntegrationId()+": "+word(p.GetReason(), "PASSED_OVER_REASON_"))
	}
	if len(passed) > 0 {
		said["passed_over"] = strings.Join(passed, ", ")
	}
	if len(said) == 0 {
		return nil
	}
	return said
}

// changedSettings says who has changed settings meanwhile, and when.
func changedSettings(s *ingressv1.SettingsVersion) map[string]string {
	said := map[string]string{
		"version": s.GetVersion(), "changed_at": s.GetChangedAt().AsTime().Format(time.RFC3339),
	}
	if s.GetChangedBy() != "" {
		said["changed_by"] = s.GetChangedBy()
	}
	return said
}

// plainText is content of one text.
func plainText(body string) *eventv1.Content {
	return &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Text{Text: &eventv1.Text{Body: body}}}}}
}
