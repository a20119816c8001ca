package api_test

import (
	"fmt"
	"testing"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// An agent sees what each channel can show, and how it stands to a conversation: what
// can be offered is what a request for a link takes.
func TestListChannels(t *testing.T) {
	s := newStage(t, nil)
	list := func(body string) answer { t.Helper(); return s.must(t, workspaceService+"ListChannels", s.eva(), body) }
	// In the order of their ids: the page, the widget, and WhatsApp.
	all := list(`{}`)
	for path, want := range map[string]any{
		"channels.0.integrationId": "page", "channels.1.integrationId": "shop", "channels.2.integrationId": "wa", "channels.3": nil,
		"channels.2.channel": "whatsapp", "channels.2.name": "Acme on WhatsApp", "channels.2.healthy": true,
		"channels.2.limits.text.max": 4096.0, "channels.2.limits.text.unit": "TEXT_UNIT_CHARACTERS",
		"channels.1.limits.text.unit": "TEXT_UNIT_BYTES", "channels.2.limits.buttons": 3.0, "channels.2.limits.listRows": 10.0,
		"channels.2.limits.templates": true, "channels.0.limits.templates": nil, "channels.0.limits.caption": nil,
		"channels.2.limits.media.0.kind": "MEDIA_KIND_IMAGE", "channels.2.limits.media.0.maxBytes": "5242880", "channels.2.limits.media.0.mimeTypes.1": "image/png",
		"channels.2.bound": nil, "channels.2.offerable": nil, "channels.2.notOfferable": nil,
	} {
		if got := all.get(path); got != want {
			t.Errorf("%s is %v, not %v", path, got, want)
		}
	}
	token := s.visitor(t, "shop")
	sent := s.must(t, widgetService+"SendMessage", token, `{"text":"hello","clientToken":"1"}`)
	standing := func(conversation, position string) string {
		t.Helper()
		got := list(fmt.Sprintf(`{"conversationId":%q,"minPosition":%q}`, conversation, position))
		text := ""
		for n := range got.length("channels") {
			at := fmt.Sprintf("channels.%d.", n)
			text += fmt.Sprintf("%s %v %v %s; ", got.text(at+"integrationId"), got.get(at+"bound"), got.get(at+"offerable"), got.text(at+"notOfferable"))
		}
		return text
	}
	want := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s:\n%s, not\n%s", what, got, want)
		}
	}
	id := sent.text("conversationId")
	const page, shop = "page <nil> <nil> NOT_OFFERABLE_NOT_OFFERED; ", "shop true <nil> NOT_OFFERABLE_WIDGET; "
	want("in the widget", standing(id, sent.text("position")), page+shop+"wa <nil> true ; ")
	health := func(healthy bool) {
		t.Helper()
		answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindEgress, Account: "acme", ID: "test"},
			&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
				Command: &ingressv1.SenderCommand_Health{Health: &ingressv1.ReportHealth{IntegrationId: "wa", Healthy: healthy}},
			}}}}})
		if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
			t.Fatalf("%v, %v", answer, err)
		}
	}
	health(false)
	want("not served", standing(id, ""), page+shop+"wa <nil> <nil> NOT_OFFERABLE_UNHEALTHY; ")
	health(true)
	offered := s.must(t, workspaceService+"OfferLink", s.eva(), fmt.Sprintf(`{"conversationId":%q,"integrationId":"wa","clientToken":"2"}`, id))
	asked := s.must(t, widgetService+"GetLink", token, fmt.Sprintf(`{"linkId":%q,"minPosition":%q}`, offered.text("linkId"), offered.text("position")))
	s.whatsApp(t, "4917600000067", "wamid.1", asked.text("link.code"))
	want("linked", standing(id, ""), page+shop+"wa true <nil> NOT_OFFERABLE_BOUND; ")
	card := s.must(t, workspaceService+"GetCustomer", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, id))
	for n := range card.length("customer.identities") {
		if at := card.text(fmt.Sprintf("customer.identities.%d.lastActiveAt", n)); at == "" {
			t.Errorf("nobody knows when identity %d was last active: %v", n, card.values)
		}
	}
	if card.length("customer.identities") != 2 {
		t.Errorf("the card is %v", card.values)
	}

	want("without a widget", standing(s.onPage(t), ""), "page true <nil> NOT_OFFERABLE_BOUND; shop <nil> <nil> NOT_OFFERABLE_WIDGET; wa <nil> <nil> NOT_OFFERABLE_NO_WIDGET; ")
	s.want(t, "not_found", "NOT_FOUND", workspaceService+"ListChannels", s.eva(), `{"conversationId":"01J0000000000000000000000"}`)
	s.want(t, "not_found", "NOT_FOUND", workspaceService+"ListChannels", s.otherEva(), fmt.Sprintf(`{"conversationId":%q}`, id))
}
