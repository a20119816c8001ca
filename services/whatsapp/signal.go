package whatsapp

import (
	"context"

	"weiche/services/channel"
	"weiche/services/meta"
)

// Signal marks the customer's last message as read, and with it all before, or
// shows that somebody types, which marks it as read too. There is no sign that
// somebody has stopped typing.
func (s *Sender) Signal(ctx context.Context, integration channel.Integration, signal channel.Signal) error {
	body := map[string]any{"messaging_product": "whatsapp", "status": "read", "message_id": signal.LastMessage}
	switch {
	case signal.LastMessage == "":
		return nil
	case signal.Kind == channel.TypingOn:
		body["typing_indicator"] = map[string]any{"type": "text"}
	case signal.Kind != channel.Seen:
		return nil
	}
	_, err := s.graph.Ask(ctx, meta.Request{
		Channel: Channel, Method: "POST", Account: integration.ProviderAccount, Edge: "messages",
		Token: integration.Token, Body: body, Attempt: 1,
	})
	return err
}
