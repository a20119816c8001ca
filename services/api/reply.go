package api

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"unicode/utf8"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// What a reply may hold.
const (
	maxParts      = 10
	maxCards      = 10
	maxButtons    = 13
	maxTitle      = 80
	maxPayload    = 256
	maxName       = 256
	maxFileName   = 255
	maxCaption    = 4096
	maxComponents = 32 << 10
	maxEmoji      = 64
)

// SendReply answers the customer, by the route or to a named destination.
func (s *workspaceService) SendReply(ctx context.Context, req *workspacev1.SendReplyRequest) (*workspacev1.SendReplyResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	content, contentErr := replyContent(req)
	if err := errors.Join(err, known(req.GetConversationId()), contentErr); err != nil {
		return nil, err
	}
	if err := s.describe(ctx, callingAgent(ctx).account, content); err != nil {
		return nil, err
	}
	reply := &ingressv1.SendReply{
		Content: content, SeenRouteVersion: req.GetSeenRouteVersion(), Strict: req.GetStrict(), Automated: req.GetAutomated(),
	}
	switch place := req.GetDestination().GetPlace().(type) {
	case *workspacev1.Destination_IntegrationId:
		if err := known(place.IntegrationId); err != nil {
			return nil, err
		}
		reply.Destination = &ingressv1.Destination{
			Place: &ingressv1.Destination_IntegrationId{IntegrationId: place.IntegrationId},
		}
	case *workspacev1.Destination_Note:
		reply.Destination = &ingressv1.Destination{Place: &ingressv1.Destination_Note{Note: place.Note}}
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token, ConversationId: req.GetConversationId(),
		Command: &ingressv1.AgentCommand_SendReply{SendReply: reply},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.SendReplyResponse{
		MessageId: answer.GetMessageId(), RouteVersion: answer.GetRouteVersion(),
		RouteMoved: req.GetSeenRouteVersion() != 0 && answer.GetRouteVersion() != req.GetSeenRouteVersion(),
		Position:   s.opaque(answer.GetPosition()),
		Route:      answer.GetReplyRoute(), Changes: answer.GetFitChanges(), Parts: answer.GetReplyParts(),
	}, nil
}

// SettleOutcome says what became of a reply whose outcome is unknown.
func (s *workspaceService) SettleOutcome(ctx context.Context, req *workspacev1.SettleOutcomeRequest) (*workspacev1.SettleOutcomeResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetConversationId(), req.GetMessageId())); err != nil {
		return nil, err
	}
	if !req.GetArrived() && !req.GetSendAgain() {
		return nil, invalid("outcome is one of arrived and send_again")
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token, ConversationId: req.GetConversationId(),
		Command: &ingressv1.AgentCommand_SettleOutcome{SettleOutcome: &ingressv1.SettleOutcome{
			MessageId: req.GetMessageId(), Arrived: req.GetArrived(), SendAgain: req.GetSendAgain(),
		}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.SettleOutcomeResponse{Route: answer.GetReplyRoute(), Position: s.opaque(answer.GetPosition())}, nil
}

// React sets or removes the agent's reaction to a message of the customer.
func (s *workspaceService) React(ctx context.Context, req *workspacev1.ReactRequest) (*workspacev1.ReactResponse, error) {
	token, err := clientToken(ctx, req.GetClientToken())
	if err := errors.Join(err, known(req.GetConversationId(), req.GetMessageId())); err != nil {
		return nil, err
	}
	if len(req.GetEmoji()) > maxEmoji || !utf8.ValidString(req.GetEmoji()) {
		return nil, invalid("emoji has at most 64 bytes")
	}
	answer, err := s.askAgent(ctx, callingAgent(ctx), &ingressv1.AgentCommand{
		ClientToken: token, ConversationId: req.GetConversationId(),
		Command: &ingressv1.AgentCommand_React{React: &ingressv1.React{MessageId: req.GetMessageId(), Emoji: req.GetEmoji()}},
	})
	if err != nil {
		return nil, err
	}
	return &workspacev1.ReactResponse{Position: s.opaque(answer.GetPosition())}, nil
}

// replyContent makes the content of a reply from what was asked for.
func replyContent(req *workspacev1.SendReplyRequest) (*eventv1.Content, error) {
	content := &eventv1.Content{}
	switch {
	case req.GetContent() == nil:
		if err := agentText(req.GetText()); err != nil {
			return nil, err
		}
		content = plainText(req.GetText())
	case req.GetText() != "":
		return nil, invalid("text and content are not set both")
	case len(req.GetContent().GetParts()) < 1 || len(req.GetContent().GetParts()) > maxParts:
		return nil, invalid("content has 1 to 10 parts")
	default:
		for _, part := range req.GetContent().GetParts() {
			made, err := replyPart(part)
			if err != nil {
				return nil, err
			}
			if made.GetTemplate() != nil && len(req.GetContent().GetParts()) > 1 {
				return nil, invalid("a template stands alone")
			}
			content.Parts = append(content.Parts, made)
		}
	}
	if id := req.GetReplyToMessageId(); id != "" {
		if err := known(id); err != nil {
			return nil, err
		}
		content.ReplyTo = &eventv1.ReplyTo{MessageId: id}
	}
	return content, nil
}

// replyPart makes one part of a reply.
func replyPart(part *workspacev1.ReplyPart) (*eventv1.Part, error) {
	switch kind := part.GetKind().(type) {
	case *workspacev1.ReplyPart_Text:
		return plainText(kind.Text).GetParts()[0], agentText(kind.Text)
	case *workspacev1.ReplyPart_Media:
		m := kind.Media
		media := &eventv1.Media{
			Kind: m.GetKind(), MimeType: m.GetMimeType(), FileName: m.GetFileName(), Caption: m.GetCaption(),
			BlobId: m.GetBlobId(), Size: m.GetSize(),
		}
		var err error
		if m.GetBlobId() == "" {
			err = errNotFound
		}
		// What else is said of it is replaced by what it is.
		return &eventv1.Part{Kind: &eventv1.Part_Media{Media: media}}, errors.Join(err,
			words("file_name", m.GetFileName(), 0, maxFileName), words("caption", m.GetCaption(), 0, maxCaption))
	case *workspacev1.ReplyPart_Location:
		l := kind.Location
		if !(math.Abs(l.GetLatitude()) <= 90) || !(math.Abs(l.GetLongitude()) <= 180) {
			return nil, invalid("location has a latitude of -90 to 90 and a longitude of -180 to 180")
		}
		return &eventv1.Part{Kind: &eventv1.Part_Location{Location: l}}, errors.Join(
			words("location.name", l.GetName(), 0, maxName), words("location.address", l.GetAddress(), 0, maxName),
			words("location.url", l.GetUrl(), 0, 2048))
	case *workspacev1.ReplyPart_Contacts:
		return contactsPart(kind.Contacts)
	case *workspacev1.ReplyPart_Buttons:
		return buttonsPart(kind.Buttons)
	case *workspacev1.ReplyPart_Template:
		t := kind.Template
		err := errors.Join(words("template.name", t.GetName(), 1, 512), words("template.language", t.GetLanguage(), 1, maxLanguageTag))
		if c := t.GetComponentsJson(); len(c) > maxComponents || c != "" && !json.Valid([]byte(c)) {
			err = errors.Join(err, invalid("template.components_json is JSON of at most 32 KiB"))
		}
		return &eventv1.Part{Kind: &eventv1.Part_Template{Template: t}}, err
	}
	return nil, invalid("a part of content says what it is")
}

func contactsPart(contacts *eventv1.ContactCards) (*eventv1.Part, error) {
	if n := len(contacts.GetCards()); n < 1 || n > maxCards {
		return nil, invalid("contacts has 1 to 10 cards")
	}
	for _, card := range contacts.GetCards() {
		if err := words("contacts.cards.name", card.GetName(), 1, maxName); err != nil {
			return nil, err
		}
		for _, line := range append(append([]string{card.GetOrganisation()}, card.GetPhones()...), card.GetEmails()...) {
			if err := words("a line of a card", line, 0, maxName); err != nil {
				return nil, err
			}
		}
		if len(card.GetPhones()) > maxCards || len(card.GetEmails()) > maxCards || card.GetVcard() != "" || card.GetJson() != "" {
			return nil, invalid("a card has at most 10 phones and 10 emails, and neither vcard nor json")
		}
	}
	return &eventv1.Part{Kind: &eventv1.Part_Contacts{Contacts: contacts}}, nil
}

func buttonsPart(buttons *eventv1.Buttons) (*eventv1.Part, error) {
	if err := agentText(buttons.GetBody()); err != nil {
		return nil, invalid("buttons.body has 1 to 16,384 bytes, and not only spaces")
	}
	if n := len(buttons.GetButtons()); n < 1 || n > maxButtons {
		return nil, invalid("buttons has 1 to 13 buttons")
	}
	seen := map[string]bool{}
	for _, b := range buttons.GetButtons() {
		if err := errors.Join(words("a button's title", b.GetTitle(), 1, maxTitle), words("a button's payload", b.GetPayload(), 1, maxPayload)); err != nil {
			return nil, err
		}
		if seen[b.GetPayload()] {
			return nil, invalid("no two buttons have the same payload")
		}
		seen[b.GetPayload()] = true
	}
	return &eventv1.Part{Kind: &eventv1.Part_Buttons{Buttons: buttons}}, nil
}

// words checks the length of a text in bytes.
func words(what, text string, least, most int) error {
	if len(text) > most || !utf8.ValidString(text) || least > 0 && strings.TrimSpace(text) == "" {
		return invalid(what + " is missing or too long")
	}
	return nil
}
