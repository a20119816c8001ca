package router

import (
	"encoding/hex"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
)

// translate makes the command that an item asks for. Who may ask for what is
// decided by the source alone.
func (e *Engine) translate(entry *entry) (conversation.Command, error) {
	source, item := entry.source, entry.item
	now := e.now()
	t := translation{engine: e, entry: entry, source: source, item: item, header: conversation.Header{
		ID: e.newID(now), Account: source.Account, Now: now, Received: entry.received,
	}}
	return t.said()
}

// said makes the command that the item asks for, with the header that the
// translation has.
func (t *translation) said() (conversation.Command, error) {
	source := t.source
	switch kind := t.item.GetKind().(type) {
	case *ingressv1.Item_Widget:
		if source.Kind == channel.KindWidget {
			return t.widget(kind.Widget)
		}
	case *ingressv1.Item_Agent:
		if source.Kind == channel.KindAgent {
			return t.agent(kind.Agent)
		}
	case *ingressv1.Item_Sender:
		if source.Kind == channel.KindEgress {
			return t.sender(kind.Sender)
		}
	case *ingressv1.Item_Replay:
		if source.Kind == channel.KindAgent {
			return t.replay(kind.Replay)
		}
	case *ingressv1.Item_Reparse:
		if source.Kind == channel.KindAgent {
			return t.reparse(kind.Reparse)
		}
	case *ingressv1.Item_Discard:
		if source.Kind == channel.KindAgent {
			return &conversation.DiscardItem{Header: t.header, Item: quarantined(kind.Discard.GetRef())}, nil
		}
	default:
		if source.Kind == channel.KindChannel {
			return t.channel(t.item)
		}
	}
	return nil, fmt.Errorf("a source of kind %q may not say this", source.Kind)
}

// Translate makes the command that an item asks for, without deciding it.
func (e *Engine) Translate(source channel.Source, item *ingressv1.Item, received time.Time) (conversation.Command, error) {
	return e.translate(&entry{source: source, item: item, received: received})
}

// translation is one item on its way to a command.
type translation struct {
	engine *Engine
	entry  *entry
	source channel.Source
	item   *ingressv1.Item
	header conversation.Header
}

// dedup makes the dedup key of a command from its parts.
func (t *translation) dedup(parts ...string) {
	hash := t.engine.keys.Hash("dedup", append([]string{t.source.Account, string(t.source.Kind), t.source.ID}, parts...)...)
	t.header.Dedup.Key = hex.EncodeToString(hash[:20])
}

// clientToken makes the dedup key of a command that carries a token, and the hash
// of what it asks for.
func (t *translation) clientToken(who, token string, command proto.Message) error {
	if token == "" {
		return nil
	}
	plain, err := deterministic.Marshal(command)
	if err != nil {
		return fmt.Errorf("the command cannot be written down: %w", err)
	}
	t.dedup("token", who, token)
	t.header.Dedup.Hash = t.engine.keys.DedupHash(t.source.Account, string(plain))
	return nil
}

// address hashes an alias.
func (t *translation) address(alias *eventv1.Alias) conversation.Address {
	return conversation.Address{
		Kind: alias.GetKind(), Value: alias.GetValue(),
		Hash: t.engine.keys.AliasHash(t.source.Account, t.source.ID, alias.GetKind(), alias.GetValue()),
	}
}

func (t *translation) addresses(aliases []*eventv1.Alias) []conversation.Address {
	var out []conversation.Address
	for _, alias := range aliases {
		out = append(out, t.address(alias))
	}
	return out
}

// messageHash hashes a provider's message id; nil for none.
func (t *translation) messageHash(id string) []byte {
	if id == "" {
		return nil
	}
	return t.engine.keys.MessageHash(t.source.Account, t.source.ID, "message", id)
}

// sender translates what a worker asks for or reports.
func (t *translation) sender(s *ingressv1.SenderCommand) (conversation.Command, error) {
	switch c := s.GetCommand().(type) {
	case *ingressv1.SenderCommand_Claim:
		return &conversation.ClaimSend{
			Header: t.header, SendID: c.Claim.GetSendId(), Attempt: c.Claim.GetAttempt(), Nonce: c.Claim.GetNonce(),
			Instance: t.source.ID,
		}, nil
	case *ingressv1.SenderCommand_Media:
		return &conversation.ReportMedia{
			Header: t.header, MediaID: c.Media.GetMediaId(), ConversationID: c.Media.GetConversationId(), Instance: t.source.ID,
			Stored: c.Media.GetStored(), Failed: c.Media.GetFailed(),
		}, nil
	case *ingressv1.SenderCommand_Profile:
		return &conversation.ReportProfile{
			Header: t.header, IdentityID: c.Profile.GetIdentityId(), Profile: c.Profile.GetProfile(), Instance: t.source.ID,
		}, nil
	case *ingressv1.SenderCommand_Health:
		report := &conversation.ReportHealth{Header: t.header, IntegrationID: c.Health.GetIntegrationId(), Instance: t.source.ID}
		if !c.Health.GetHealthy() {
			if report.Unhealthy = c.Health.GetError(); report.Unhealthy == nil {
				report.Unhealthy = &eventv1.SendError{Reason: "unhealthy"}
			}
		}
		return report, nil
	case *ingressv1.SenderCommand_Outcome:
		o := c.Outcome
		report := &conversation.ReportOutcome{
			Header: t.header, SendID: o.GetSendId(), Attempt: o.GetAttempt(), Nonce: o.GetNonce(), IntegrationID: o.GetIntegrationId(),
			Sent: o.GetProviderMessageId(), Refused: o.GetRefused(), Unknown: o.GetUnknown(),
			NotSent: o.GetNotSent().GetError(), RetryAfter: o.GetNotSent().GetRetryAfter().AsDuration(),
			Unhealthy: o.GetNotSent().GetUnhealthy(),
		}
		if report.Sent != "" {
			// The hash is the one that receipts and echoes will bring.
			report.SentHash = t.engine.keys.MessageHash(t.source.Account, o.GetIntegrationId(), "message", report.Sent)
		}
		return report, nil
	}
	return nil, fmt.Errorf("the sender's command is not known")
}

// timeOf returns the time of a timestamp; zero for none, and for one that is no time
// and that the log could not hold.
func timeOf(t *timestamppb.Timestamp) time.Time {
	if !t.IsValid() {
		return time.Time{}
	}
	return t.AsTime()
}
