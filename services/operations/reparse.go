package operations

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/router"
)

// reparseFor is how long one call of Reparse works on the log.
const reparseFor = time.Second

// messagePlaces are where a message stands in the body of a webhook of a channel.
var messagePlaces = map[string][]string{
	"whatsapp":  {"entry[].changes[].value.messages[]"},
	"messenger": {"entry[].messaging[]", "entry[].standby[]"},
	"instagram": {"entry[].messaging[]", "entry[].standby[]", "entry[].changes[]"},
}

// Reparse reads what was ignored, and messages that could not be shown, with today's
// parsers, and has what they mean now appended, once. Each call works on a part of
// the log. What was erased, and what lies under the key of a day that is destroyed,
// is counted as gone; what waits in quarantine is counted alone.
func (o *Operations) Reparse(ctx context.Context, r *adminv1.ReparseRequest) (*adminv1.ReparseResponse, error) {
	answer := &adminv1.ReparseResponse{Position: r.GetAfter(), Total: o.Store.Durable()}
	p := reparser{
		Operations: o, request: r, answer: answer,
		engine: router.NewEngine(router.EngineConfig{Store: o.Store, Keys: o.Keys, Now: o.Now, Logger: o.Logger}),
	}
	began := time.Now()
	for rec, err := range o.Store.ReadAll(ctx, r.GetAfter()+1) {
		if err != nil {
			return nil, err
		}
		if rec.Position > answer.Total {
			break
		}
		if err := p.record(ctx, rec); err != nil {
			return nil, err
		}
		answer.Position = rec.Position
		if time.Since(began) > reparseFor {
			return answer, nil
		}
	}
	answer.Position, answer.Done = answer.Total, true
	return answer, nil
}

// reparser is one call of Reparse under way.
type reparser struct {
	*Operations
	request *adminv1.ReparseRequest
	answer  *adminv1.ReparseResponse
	engine  *router.Engine
}

// record reads one record again, where there is something to be read.
func (p *reparser) record(ctx context.Context, rec *eventstore.Record) error {
	switch rec.Type {
	case "weiche.event.v1.ItemQuarantined", "weiche.event.v1.ItemIgnored", "weiche.event.v1.MessageReceived":
	default:
		return nil
	}
	event, err := router.DecodeOpened(p.Keys, rec)
	if err != nil {
		return err
	}
	switch body := event.Body.(type) {
	case *eventv1.ItemQuarantined:
		if p.meant(body.GetIntegrationId()) {
			p.answer.Quarantined++
		}
	case *eventv1.ItemIgnored:
		if p.meant(body.GetIntegrationId()) {
			return p.ignored(ctx, rec, body)
		}
	case *eventv1.MessageReceived:
		if p.meant(body.GetIntegrationId()) && rec.SealedHash != [32]byte{} {
			return p.message(ctx, rec, body)
		}
	}
	return nil
}

func (p *reparser) meant(integration string) bool {
	return p.request.GetIntegrationId() == "" || p.request.GetIntegrationId() == integration
}

// ignored reads an item again that was of no use.
func (p *reparser) ignored(ctx context.Context, rec *eventstore.Record, body *eventv1.ItemIgnored) error {
	if len(body.GetSealed().GetRaw()) == 0 {
		p.answer.Gone++
		return nil
	}
	p.answer.Read++
	found, err := p.reread(quarantined{rec: rec, event: &eventv1.ItemQuarantined{
		Source: body.GetSource(), IntegrationId: body.GetIntegrationId(), Place: body.GetPlace(),
		ProviderAccountId: body.GetProviderAccountId(),
		Sealed:            &eventv1.ItemQuarantined_Sealed{Raw: body.GetSealed().GetRaw(), Beside: body.GetSealed().GetBeside()},
	}})
	if err != nil {
		// What it is can still not be said.
		p.answer.Unchanged++
		return nil
	}
	changed := false
	for index, one := range found {
		if one.item.GetIgnored() != nil {
			continue
		}
		done, err := p.means(ctx, rec, one.account, body.GetWhat(), &ingressv1.ReparseItem{
			Source: body.GetSource(), IntegrationId: one.source, Item: one.item, Index: uint32(index),
		})
		if err != nil {
			return err
		}
		changed = changed || done
	}
	p.count(changed)
	return nil
}

// message reads a message again that could not be shown.
func (p *reparser) message(ctx context.Context, rec *eventstore.Record, body *eventv1.MessageReceived) error {
	if body.GetSealed() == nil {
		p.answer.Gone++
		return nil
	}
	before := unsupported(body.GetSealed().GetContent())
	if len(before) == 0 || len(body.GetSealed().GetRaw()) == 0 {
		return nil
	}
	p.answer.Read++
	in, ok := p.Directory.Integration(rec.Stream.Account, body.GetIntegrationId())
	if !ok {
		p.answer.Unchanged++
		return nil
	}
	for _, place := range messagePlaces[in.Channel] {
		items, err := p.read(in.Channel, channel.KeptItem{
			Raw: body.GetSealed().GetRaw(), Place: place, ProviderAccount: in.ProviderAccount,
		})
		if err != nil || len(items) != 1 || items[0].GetInbound().GetMessage() == nil {
			continue
		}
		if len(unsupported(items[0].GetInbound().GetMessage())) >= len(before) {
			continue
		}
		changed, err := p.means(ctx, rec, rec.Stream.Account, before[0].GetType(), &ingressv1.ReparseItem{
			Source: in.ID, IntegrationId: in.ID, Item: items[0],
			ConversationId: body.GetConversationId(), MessageId: body.GetMessageId(),
		})
		if err != nil {
			return err
		}
		p.count(changed)
		return nil
	}
	p.answer.Unchanged++
	return nil
}

// unsupported returns the parts of a content that could not be shown.
func unsupported(content *eventv1.Content) []*eventv1.Unsupported {
	var found []*eventv1.Unsupported
	for _, part := range content.GetParts() {
		if u := part.GetUnsupported(); u != nil {
			found = append(found, u)
		}
	}
	return found
}

func (p *reparser) count(changed bool) {
	if changed {
		p.answer.Changed++
		return
	}
	p.answer.Unchanged++
}

// means has what something means now appended, and reports whether that is new.
func (p *reparser) means(ctx context.Context, rec *eventstore.Record, account, was string, item *ingressv1.ReparseItem) (bool, error) {
	item.Position, item.ReceivedAt = rec.Position, timestamppb.New(quarantined{rec: rec}.received())
	told := &adminv1.Reparsed{
		Position: rec.Position, AccountId: account, IntegrationId: item.GetIntegrationId(), Was: was, Is: kindOf(item.GetItem()),
	}
	asked := &ingressv1.Item{Kind: &ingressv1.Item_Reparse{Reparse: item}}
	if p.request.GetDryRun() {
		decision, err := p.engine.Foresee(ctx, channel.Source{Kind: channel.KindAgent, Account: account, ID: operator}, asked)
		var refusal *conversation.Refusal
		if errors.As(err, &refusal) || errors.Is(err, router.ErrNotAsked) {
			return false, nil
		}
		if err != nil || len(decision.Events) == 0 {
			return false, err
		}
		told.ConversationId = decision.ConversationID
		p.answer.Items = append(p.answer.Items, told)
		return true, nil
	}
	said, err := p.say(ctx, account, asked)
	if err != nil || said.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		return false, err
	}
	told.ConversationId = said.GetConversationId()
	p.answer.Items = append(p.answer.Items, told)
	return true, nil
}

// kindOf returns the word for what an item is.
func kindOf(item *ingressv1.Item) string {
	what := item.ProtoReflect()
	if in := item.GetInbound(); in != nil {
		what = in.ProtoReflect()
	}
	oneofs := what.Descriptor().Oneofs()
	for i := range oneofs.Len() {
		if field := what.WhichOneof(oneofs.Get(i)); field != nil {
			return string(field.Name())
		}
	}
	return "nothing"
}
