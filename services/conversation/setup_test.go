package conversation_test

import (
	"errors"
	"testing"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// TestChannelNames shows which names of channels a set-up may have: they become
// parts of subjects, where a wrong one would hold up everything behind it.
func TestChannelNames(t *testing.T) {
	for name, good := range map[string]bool{
		"whatsapp": true, "echo-2": true, "": false, "widget": false, "a b": false, "a.b": false, "*": false, "Echo": false,
	} {
		_, err := conversation.Decide(conversation.NewState(), &conversation.ApplySetup{
			Header: conversation.Header{ID: "01000000000000000100000000", Account: account, Now: start, Received: start},
			Setup: &ingressv1.ApplySetup{
				Name: "Shop", Apps: []*ingressv1.AppSetup{{Id: "app", Channel: name}},
				Integrations: []*ingressv1.IntegrationSetup{{Id: "i", Channel: name, AppId: "app", ProviderAccountId: "1"}},
			},
		})
		var refused *conversation.Refusal
		if good && err != nil || !good && !errors.As(err, &refused) {
			t.Errorf("channel %q: %v", name, err)
		}
	}
}
