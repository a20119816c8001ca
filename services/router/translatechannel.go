package router

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
)

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
		receive.QuotedHash = t.messageHash(event.Message.GetReplyTo().GetProviderMessageId())
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
