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

// channel translates what an adapter publishes.
func (t *translation) channel(item *ingressv1.Item) (conversation.Command, error) {
	if t.source.Account == installation && item.GetUnreadable() == nil && item.GetIgnored() == nil {
		return t.keep("the item belongs to no integration of this app", "", nil), nil
	}
	if key := channel.DedupKey(item); key != "" {
		t.dedup(key)
	}
	switch kind := item.GetKind().(type) {
	case *ingressv1.Item_Inbound:
		return t.inbound(kind.Inbound)
	case *ingressv1.Item_Receipt:
		r := kind.Receipt
		return &conversation.RecordReceipt{
			Header: t.header, IntegrationID: t.source.ID,
			MessageHash: t.messageHash(r.GetProviderMessageId()), ProviderMessageID: r.GetProviderMessageId(),
			SendID: r.GetSendId(), Recipient: t.addresses(r.GetRecipient()), Watermark: timeOf(r.GetWatermark()),
			State: r.GetState(), At: timeOf(r.GetAt()), Error: r.GetError(),
		}, nil
	case *ingressv1.Item_Echo:
		echo := kind.Echo
		t.erasedBefore(echo.GetRecipient(), echo.GetSentAt())
		switch {
		case echo.GetEdit() != nil:
			edit := t.edit(echo.GetEdit(), echo.GetSentAt())
			edit.ByBusiness, edit.Sender = true, t.addresses(echo.GetRecipient())
			return edit, nil
		case echo.GetUnsend() != nil:
			unsend := t.unsend(echo.GetUnsend(), echo.GetSentAt())
			unsend.ByBusiness = true
			return unsend, nil
		}
		return &conversation.RecordEcho{
			Header: t.header, IntegrationID: t.source.ID,
			MessageHash: t.messageHash(echo.GetProviderMessageId()), ProviderMessageID: echo.GetProviderMessageId(),
			SendID: echo.GetSendId(), AppID: echo.GetProviderAppId(), Recipient: t.addresses(echo.GetRecipient()),
			SentAt: timeOf(echo.GetSentAt()), Content: echo.GetContent(), Raw: t.item.GetRaw(),
		}, nil
	case *ingressv1.Item_Unreadable:
		t.erasedBefore(kind.Unreadable.GetSender(), kind.Unreadable.GetSentAt())
		return t.keep(kind.Unreadable.GetReason(), "", kind.Unreadable.GetSentAt()), nil
	case *ingressv1.Item_Ignored:
		return t.keep("", kind.Ignored.GetWhat(), nil), nil
	}
	return t.keep("the item says nothing that is known", "", nil), nil
}

// keep translates an item that is only kept. The same bytes again are the same
// item; what came without its bytes is kept each time.
func (t *translation) keep(reason, ignored string, sentAt *timestamppb.Timestamp) *conversation.KeepItem {
	raw := t.item.GetRaw()
	if t.header.Dedup = (conversation.Dedup{}); len(raw) > 0 {
		t.dedup("raw", string(raw))
	}
	kept := &conversation.KeepItem{
		Header: t.header, Source: t.source.ID, Reason: reason, Ignored: ignored,
		SentAt: timeOf(sentAt), ProviderAccount: channel.ProviderAccount(t.item),
		Raw: raw, Place: t.item.GetPlace(), Beside: t.item.GetBeside(),
	}
	if t.source.Account != installation {
		kept.IntegrationID = t.source.ID
		kept.Sender = t.addresses(channel.SaidBy(t.item))
	}
	return kept
}

// kept returns the command that keeps an item which was refused, or nil where a
// person or a sender asked and is told so instead.
func (e *Engine) kept(entry *entry, reason string) *conversation.KeepItem {
	if entry.item == nil || entry.source.Kind != channel.KindChannel {
		return nil
	}
	now := e.now()
	t := translation{engine: e, source: entry.source, item: entry.item, header: conversation.Header{
		ID: e.newID(now), Account: entry.source.Account, Now: now, Received: entry.received,
	}}
	return t.keep(reason, "", entry.item.GetInbound().GetSentAt())
}

// inbound translates something that a customer did.
func (t *translation) inbound(in *ingressv1.Inbound) (conversation.Command, error) {
	receive := &conversation.ReceiveMessage{
		IntegrationID: t.source.ID, Sender: t.addresses(in.GetSender()), Profile: in.GetProfile(),
		SentAt: timeOf(in.GetSentAt()), MessageHash: t.messageHash(in.GetProviderMessageId()),
		ProviderMessageID: in.GetProviderMessageId(), Raw: t.item.GetRaw(), Language: in.GetProfile().GetLocale(),
		KeyHash: t.keyHash(in.GetIdentityKeyHash()),
	}
	t.erasedBefore(in.GetSender(), in.GetSentAt())
	switch event := in.GetEvent().(type) {
	case *ingressv1.Inbound_Message:
		receive.Content = event.Message
	case *ingressv1.Inbound_Unsend:
		return t.unsend(event.Unsend, in.GetSentAt()), nil
	case *ingressv1.Inbound_Edit:
		edit := t.edit(event.Edit, in.GetSentAt())
		edit.Sender, edit.Profile = receive.Sender, in.GetProfile()
		return edit, nil
	case *ingressv1.Inbound_Reaction:
		return &conversation.ReactToMessage{
			Header: t.header, IntegrationID: t.source.ID, Sender: receive.Sender, Profile: in.GetProfile(),
			MessageHash: t.messageHash(event.Reaction.GetProviderMessageId()), Emoji: event.Reaction.GetEmoji(),
			At: timeOf(in.GetSentAt()), Raw: receive.Raw,
		}, nil
	case *ingressv1.Inbound_OptIn:
		return &conversation.OptIn{
			Header: t.header, IntegrationID: t.source.ID, Sender: receive.Sender, Profile: in.GetProfile(),
			Topic: event.OptIn.GetTopic(), Allowed: event.OptIn.GetAllowed(), Payload: event.OptIn.GetPayload(),
			At: timeOf(in.GetSentAt()), Raw: receive.Raw,
		}, nil
	case *ingressv1.Inbound_IdentityChange:
		return t.identityChange(in, event.IdentityChange), nil
	case *ingressv1.Inbound_Referral:
		receive.Content = &eventv1.Content{Referral: event.Referral}
	default:
		// Read and kept, for a version that uses it.
		return t.keep("", eventName(in), nil), nil
	}
	if code, rest, ok := conversation.FindCode(receive.Content); ok {
		receive.Code = &conversation.Code{Hash: t.engine.keys.CodeHash(t.source.Account, code), Rest: rest}
	} else if len(receive.Content.GetParts()) == 0 && receive.Content.GetReferral() != nil {
		header := t.header
		return &conversation.OpenThread{
			Header: header, IntegrationID: t.source.ID, Sender: receive.Sender, At: receive.SentAt,
			Referral: receive.Content.GetReferral(), Otherwise: t.keep("", "referral", in.GetSentAt()),
		}, nil
	}
	receive.Header = t.header
	return receive, nil
}

// edit translates new words for a message. A link code in them is nobody's to read,
// as in the message itself.
func (t *translation) edit(edit *ingressv1.Edit, at *timestamppb.Timestamp) *conversation.EditMessage {
	content := edit.GetContent()
	if _, rest, ok := conversation.FindCode(content); ok && len(rest.GetParts()) > 0 {
		content = rest
	}
	return &conversation.EditMessage{
		Header: t.header, IntegrationID: t.source.ID, MessageHash: t.messageHash(edit.GetProviderMessageId()),
		Content: content, Number: edit.GetNumber(), At: timeOf(at), Raw: t.item.GetRaw(),
	}
}

// unsend translates that a message was taken back.
func (t *translation) unsend(unsend *ingressv1.Unsend, at *timestamppb.Timestamp) *conversation.UnsendMessage {
	return &conversation.UnsendMessage{
		Header: t.header, IntegrationID: t.source.ID,
		MessageHash: t.messageHash(unsend.GetProviderMessageId()), At: timeOf(at),
	}
}

// identityChange translates a change of addresses, or of whose they are. The item is
// kept as ignored where it is about nobody who is known.
func (t *translation) identityChange(in *ingressv1.Inbound, change *ingressv1.IdentityChange) conversation.Command {
	header := t.header
	return &conversation.ChangeIdentity{
		Header: header, IntegrationID: t.source.ID, Sender: t.addresses(in.GetSender()),
		Old: t.addresses(change.GetOld()), New: t.addresses(change.GetNew()),
		Doubt: len(change.GetOld()) == 0 && len(change.GetNew()) == 0, KeyHash: t.keyHash(in.GetIdentityKeyHash()),
		At: timeOf(in.GetSentAt()), Otherwise: t.keep("", "identity_change", in.GetSentAt()),
	}
}

// keyHash hashes the provider's hash of a customer's identity key; nil for none.
func (t *translation) keyHash(hash string) []byte {
	if hash == "" {
		return nil
	}
	return t.engine.keys.Hash("identity key", t.source.Account, t.source.ID, hash)
}

// erasedBefore notes where something was said by or to somebody before they were
// erased. A command that says nothing of its time is as old as its coming.
func (t *translation) erasedBefore(who []*eventv1.Alias, said *timestamppb.Timestamp) {
	var hashes [][]byte
	for _, address := range t.addresses(who) {
		hashes = append(hashes, address.Hash)
	}
	at := timeOf(said)
	if at.IsZero() || at.After(t.header.Received) {
		at = t.header.Received
	}
	if t.header.Erased = at.Before(t.engine.keys.ErasedAt(t.source.Account, hashes...)); t.header.Erased {
		t.engine.logger.Debug("an item was dropped: it is from before its customer was erased", "account", t.source.Account, "integration", t.source.ID)
	}
}

// eventName returns the field name of what happened: reaction, edit, unsend, ...
func eventName(in *ingressv1.Inbound) string {
	reflected := in.ProtoReflect()
	if field := reflected.WhichOneof(reflected.Descriptor().Oneofs().ByName("event")); field != nil {
		return string(field.Name())
	}
	return "nothing"
}

// widget translates a visitor's command.
func (t *translation) widget(w *ingressv1.WidgetCommand) (conversation.Command, error) {
	visitor := &conversation.Visitor{
		WidgetID: t.source.ID, Address: t.address(w.GetVisitor()), Language: w.GetLanguage(),
	}
	if w.GetVisitor().GetValue() == "" {
		return nil, fmt.Errorf("the command names no visitor")
	}
	asked := &ingressv1.WidgetCommand{Command: w.GetCommand()}
	if err := t.clientToken(w.GetVisitor().GetValue(), w.GetClientToken(), asked); err != nil {
		return nil, err
	}
	t.header.Deadline = timeOf(w.GetDeadline())
	switch c := w.GetCommand().(type) {
	case *ingressv1.WidgetCommand_PostMessage:
		return &conversation.ReceiveMessage{
			Header: t.header, IntegrationID: t.source.ID, Sender: []conversation.Address{visitor.Address},
			SentAt: t.header.Received, Content: c.PostMessage.GetContent(), Language: w.GetLanguage(),
		}, nil
	case *ingressv1.WidgetCommand_RequestLink:
		return t.requestLink(visitor, nil, c.RequestLink), nil
	case *ingressv1.WidgetCommand_CancelLink:
		return &conversation.CancelLink{Header: t.header, Visitor: visitor, LinkID: c.CancelLink.GetLinkId()}, nil
	case *ingressv1.WidgetCommand_Disconnect:
		return &conversation.Disconnect{
			Header: t.header, Visitor: visitor, IntegrationID: c.Disconnect.GetIntegrationId(),
		}, nil
	case *ingressv1.WidgetCommand_MarkRead:
		return &conversation.MarkRead{Header: t.header, Visitor: *visitor, MessageID: c.MarkRead.GetMessageId()}, nil
	}
	return nil, fmt.Errorf("the widget's command is not known")
}

// requestLink gives a link its id and the hash of the code that follows from it.
func (t *translation) requestLink(v *conversation.Visitor, a *conversation.Agent, c *ingressv1.RequestLink) conversation.Command {
	linkID := t.engine.newID(t.header.Now)
	code := t.engine.keys.Code(t.source.Account, linkID)
	return &conversation.RequestLink{
		Header: t.header, Visitor: v, Agent: a, IntegrationID: c.GetIntegrationId(),
		LinkID: linkID, CodeHash: t.engine.keys.CodeHash(t.source.Account, code),
	}
}

// agent translates an agent's or admin's command.
func (t *translation) agent(a *ingressv1.AgentCommand) (conversation.Command, error) {
	asked := &ingressv1.AgentCommand{ConversationId: a.GetConversationId(), Command: a.GetCommand()}
	if err := t.clientToken(a.GetAgentId(), a.GetClientToken(), asked); err != nil {
		return nil, err
	}
	t.header.Deadline = timeOf(a.GetDeadline())
	agent := conversation.Agent{AgentID: a.GetAgentId(), ConversationID: a.GetConversationId()}
	switch c := a.GetCommand().(type) {
	case *ingressv1.AgentCommand_SendReply:
		return &conversation.SendReply{
			Header: t.header, Agent: agent, Content: c.SendReply.GetContent(),
			IntegrationID:    c.SendReply.GetDestination().GetIntegrationId(),
			Note:             c.SendReply.GetDestination().GetNote(),
			SeenRouteVersion: c.SendReply.GetSeenRouteVersion(), Strict: c.SendReply.GetStrict(),
			Automated: c.SendReply.GetAutomated(),
		}, nil
	case *ingressv1.AgentCommand_SettleOutcome:
		return &conversation.SettleOutcome{
			Header: t.header, Agent: agent, MessageID: c.SettleOutcome.GetMessageId(),
			Arrived: c.SettleOutcome.GetArrived(), SendAgain: c.SettleOutcome.GetSendAgain(),
		}, nil
	case *ingressv1.AgentCommand_React:
		return &conversation.React{
			Header: t.header, Agent: agent, MessageID: c.React.GetMessageId(), Emoji: c.React.GetEmoji(),
		}, nil
	case *ingressv1.AgentCommand_OfferLink:
		return t.requestLink(nil, &agent, c.OfferLink), nil
	case *ingressv1.AgentCommand_CancelLink:
		return &conversation.CancelLink{Header: t.header, Agent: &agent, LinkID: c.CancelLink.GetLinkId()}, nil
	case *ingressv1.AgentCommand_Disconnect:
		return &conversation.Disconnect{
			Header: t.header, Agent: &agent, IntegrationID: c.Disconnect.GetIntegrationId(),
		}, nil
	case *ingressv1.AgentCommand_ApplySetup:
		return t.setup(c.ApplySetup)
	case *ingressv1.AgentCommand_LinkCustomers:
		return &conversation.LinkCustomers{
			Header: t.header, AgentID: a.GetAgentId(),
			CustomerID: c.LinkCustomers.GetCustomerId(), Other: c.LinkCustomers.GetOtherCustomerId(),
		}, nil
	case *ingressv1.AgentCommand_UnlinkCustomers:
		return &conversation.UnlinkCustomers{
			Header: t.header, AgentID: a.GetAgentId(),
			CustomerID: c.UnlinkCustomers.GetCustomerId(), Other: c.UnlinkCustomers.GetOtherCustomerId(),
		}, nil
	case *ingressv1.AgentCommand_ConfirmIdentity:
		return &conversation.ConfirmIdentity{
			Header: t.header, AgentID: a.GetAgentId(),
			IdentityID: c.ConfirmIdentity.GetIdentityId(), SamePerson: c.ConfirmIdentity.GetSamePerson(),
		}, nil
	case *ingressv1.AgentCommand_EraseCustomer:
		return &conversation.EraseCustomer{Header: t.header, CustomerID: c.EraseCustomer.GetCustomerId()}, nil
	}
	return nil, fmt.Errorf("the agent's command is not known")
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
			Header: t.header, MediaID: c.Media.GetMediaId(), ConversationID: c.Media.GetConversationId(),
			Stored: c.Media.GetStored(), Failed: c.Media.GetFailed(),
		}, nil
	case *ingressv1.SenderCommand_Health:
		report := &conversation.ReportHealth{Header: t.header, IntegrationID: c.Health.GetIntegrationId()}
		if !c.Health.GetHealthy() {
			if report.Unhealthy = c.Health.GetError(); report.Unhealthy == nil {
				report.Unhealthy = &eventv1.SendError{Reason: "unhealthy"}
			}
		}
		return report, nil
	case *ingressv1.SenderCommand_Outcome:
		o := c.Outcome
		report := &conversation.ReportOutcome{
			Header: t.header, SendID: o.GetSendId(), Attempt: o.GetAttempt(), Nonce: o.GetNonce(),
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
