package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/widget"
)

// Ana writes in the widget, goes on over WhatsApp, gets an answer there, and
// comes back to the widget.
func TestFromTheWidgetToWhatsAppAndBack(t *testing.T) {
	s := newStage(t, nil)
	opened := s.must(t, widgetService+"OpenSession", "", `{"widgetId":"shop"}`)
	if opened.text("widget.site") != "Acme Shop" || opened.text("widget.channels.0.integrationId") != "wa" {
		t.Errorf("the widget is %v", opened.get("widget"))
	}
	ana := opened.text("sessionToken")

	empty := s.must(t, widgetService+"GetTimeline", ana, `{}`)
	if empty.get("conversationId") != nil || empty.length("lines") != 0 {
		t.Errorf("there is a conversation before the first word: %v", empty.values)
	}
	sent := s.must(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
	conversationID := sent.text("conversationId")

	shown := s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, sent.text("position")))
	if shown.length("lines") != 1 || shown.text("lines.0.content.parts.0.text.body") != "hi" ||
		shown.text("lines.0.author") != "AUTHOR_CUSTOMER" || shown.text("lines.0.messageId") != sent.text("messageId") {
		t.Errorf("the timeline is %v", shown.values)
	}
	if shown.text("repliesTo") != "widget" || shown.get("widget.channels.0.linked") != nil {
		t.Errorf("the widget is %v", shown.values)
	}

	asked := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"2","language":"de"}`)
	link := asked.text("link.linkId")
	code := asked.text("link.code")
	if asked.text("link.state") != "LINK_STATE_WAITING" || asked.text("link.expiresAt") == "" || len(code) != 28 {
		t.Errorf("the link is %v", asked.values)
	}
	address, err := url.Parse(asked.text("link.url"))
	if err != nil || address.Host != "wa.me" || address.Path != "/15550001111" {
		t.Errorf("address %v, %v", address, err)
	}
	if text := address.Query().Get("text"); text != "Bitte hier weiter chatten: "+code {
		t.Errorf("the text is %q", text)
	}
	qr, err := widget.QR(asked.text("link.url"))
	if err != nil {
		t.Fatal(err)
	}
	if asked.text("link.qr.path") != qr.GetPath() || asked.get("link.qr.size") != float64(qr.GetSize()) {
		t.Error("the QR code is not that of the address")
	}

	s.whatsApp(t, "4917600000067", "wamid.1", "hello, "+code)
	linked := s.must(t, widgetService+"GetLink", ana, fmt.Sprintf(`{"linkId":%q}`, link))
	if linked.text("link.state") != "LINK_STATE_CONNECTED" || linked.get("link.code") != nil || linked.get("link.qr") != nil {
		t.Errorf("the link is %v", linked.values)
	}
	reply := s.must(t, workspaceService+"SendReply", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"text":"hello Ana","clientToken":"a"}`, conversationID))
	after := s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, reply.text("position")))
	last := after.length("lines") - 1
	at := fmt.Sprintf("lines.%d.", last)
	if after.text(at+"channel") != "whatsapp" || after.text(at+"agentName") != "Eva" || after.text(at+"state") != "queued" {
		t.Errorf("the reply is %v", after.get(strings.TrimSuffix(at, ".")))
	}
	if after.text("repliesTo") != "whatsapp" || after.get("widget.channels.0.linked") != true ||
		after.text("widget.channels.0.hint") != "67" || after.text("widget.channels.0.url") != "https://wa.me/15550001111" {
		t.Errorf("the widget is %v", after.values)
	}
	var about []string
	for n := range after.length("lines") {
		if word := after.text(fmt.Sprintf("lines.%d.about", n)); word != "" {
			about = append(about, word)
		}
	}
	if strings.Join(about, " ") != "linked" {
		t.Errorf("system lines %q", about)
	}

	s.want(t, "already_exists", "ALREADY_LINKED", widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"3"}`)
	s.want(t, "failed_precondition", "LINK_ENDED", widgetService+"CancelLink", ana,
		fmt.Sprintf(`{"linkId":%q,"clientToken":"4"}`, link))
	cut := s.must(t, widgetService+"Disconnect", ana, `{"integrationId":"wa","clientToken":"5"}`)
	back := s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, cut.text("position")))
	if back.text("repliesTo") != "widget" || back.get("widget.channels.0.linked") != nil ||
		back.get("widget.channels.0.hint") != nil || back.get("widget.channels.0.url") != nil {
		t.Errorf("the widget is %v", back.values)
	}
	s.want(t, "failed_precondition", "WIDGET_BINDING", widgetService+"Disconnect", ana, `{"integrationId":"shop","clientToken":"6"}`)
	s.want(t, "failed_precondition", "NO_SUCH_DESTINATION", widgetService+"Disconnect", ana, `{"integrationId":"wa","clientToken":"7"}`)
}

// A channel that its provider does not serve takes no new link. Whoever is linked to
// it sees it and can disconnect it.
func TestAnUnhealthyChannelStaysLinked(t *testing.T) {
	s := newStage(t, nil)
	ana, bob := s.visitor(t, "shop"), s.visitor(t, "shop")
	asked := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"1"}`)
	s.whatsApp(t, "4917600000067", "wamid.1", asked.text("link.code"))
	waiting := s.must(t, widgetService+"RequestLink", bob, `{"integrationId":"wa","clientToken":"1"}`)
	healthy := func(is bool) {
		t.Helper()
		report := &ingressv1.ReportHealth{IntegrationId: "wa", Healthy: is}
		answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindEgress, Account: "acme", ID: "test"},
			&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
				Command: &ingressv1.SenderCommand_Health{Health: report},
			}}}}})
		if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
			t.Fatalf("the report was not taken: %v %v", answer, err)
		}
	}
	shown := func(who string) answer { t.Helper(); return s.must(t, widgetService+"GetTimeline", who, `{}`) }
	if w := shown(ana); w.get("widget.channels.0.linked") != true || w.get("widget.channels.0.unhealthy") != nil {
		t.Fatalf("before: %v", w.get("widget"))
	}

	healthy(false)
	if w := shown(ana); w.length("widget.channels") != 1 || w.get("widget.channels.0.linked") != true || w.get("widget.channels.0.unhealthy") != true {
		t.Errorf("who is linked sees %v", w.get("widget"))
	}
	if w := shown(bob); w.get("widget.channels") != nil {
		t.Errorf("who is not linked sees %v", w.get("widget"))
	}
	s.want(t, "failed_precondition", "CHANNEL_UNHEALTHY", widgetService+"RequestLink", bob, `{"integrationId":"wa","clientToken":"2"}`)
	if l := s.must(t, widgetService+"GetLink", bob, fmt.Sprintf(`{"linkId":%q}`, waiting.text("link.linkId"))); l.get("link.url") != nil {
		t.Errorf("a link to it is shown: %v", l.values)
	}
	cut := s.must(t, widgetService+"Disconnect", ana, `{"integrationId":"wa","clientToken":"3"}`)
	if w := s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, cut.text("position"))); w.get("widget.channels") != nil {
		t.Errorf("who has disconnected it sees %v", w.get("widget"))
	}

	healthy(true)
	if w := shown(ana); w.text("widget.channels.0.integrationId") != "wa" || w.get("widget.channels.0.linked") != nil || w.get("widget.channels.0.unhealthy") != nil {
		t.Errorf("when it is served again: %v", w.get("widget"))
	}
}

func TestACancelledLinkShowsNoCode(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	first := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"1"}`)
	second := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"2"}`)
	if first.text("link.code") == second.text("link.code") {
		t.Error("a new link has the old code")
	}
	replaced := s.must(t, widgetService+"GetLink", ana, fmt.Sprintf(`{"linkId":%q}`, first.text("link.linkId")))
	if replaced.text("link.state") != "LINK_STATE_CANCELLED" || replaced.text("link.reason") != "replaced" || replaced.get("link.url") != nil {
		t.Errorf("the first link is %v", replaced.values)
	}
	again := s.must(t, widgetService+"GetLink", ana, fmt.Sprintf(`{"linkId":%q}`, second.text("link.linkId")))
	if again.text("link.code") != second.text("link.code") || again.text("link.url") != second.text("link.url") {
		t.Errorf("another tab sees %v", again.values)
	}
	gone := s.must(t, widgetService+"CancelLink", ana, fmt.Sprintf(`{"linkId":%q,"clientToken":"3"}`, second.text("link.linkId")))
	ended := s.must(t, widgetService+"GetLink", ana,
		fmt.Sprintf(`{"linkId":%q,"minPosition":%q}`, second.text("link.linkId"), gone.text("position")))
	if ended.text("link.state") != "LINK_STATE_CANCELLED" || ended.text("link.reason") != "customer" || ended.get("link.code") != nil {
		t.Errorf("the link is %v", ended.values)
	}
	// The request that made it, said again, does not make it anew.
	repeated := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"2"}`)
	if repeated.text("link.linkId") != second.text("link.linkId") || repeated.text("link.state") != "LINK_STATE_CANCELLED" {
		t.Errorf("the request again gives %v", repeated.values)
	}
	s.want(t, "failed_precondition", "CHANNEL_NOT_OFFERED", widgetService+"RequestLink", ana, `{"integrationId":"page","clientToken":"9"}`)
	s.want(t, "not_found", "NOT_FOUND", widgetService+"RequestLink", ana, `{"integrationId":"no-such","clientToken":"9"}`)
}

func TestTheSameClientTokenIsTheSameCommand(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	first := s.must(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"t"}`)
	head := s.store.Durable()
	again := s.must(t, widgetService+"SendMessage", ana, `{"text":"hi"}`, "Idempotency-Key", "t")
	for _, field := range []string{"conversationId", "messageId", "position"} {
		if first.text(field) != again.text(field) || first.text(field) == "" {
			t.Errorf("%s is %q and then %q", field, first.text(field), again.text(field))
		}
	}
	if s.store.Durable() != head {
		t.Error("the repetition was written")
	}
	s.want(t, "already_exists", "TOKEN_REUSED", widgetService+"SendMessage", ana, `{"text":"other","clientToken":"t"}`)
	// Another visitor's token is another token.
	ben := s.must(t, widgetService+"SendMessage", s.visitor(t, "shop"), `{"text":"hi","clientToken":"t"}`)
	if ben.text("conversationId") == first.text("conversationId") {
		t.Error("two visitors share a conversation")
	}
	reply := fmt.Sprintf(`{"conversationId":%q,"text":"yes","clientToken":"r"}`, first.text("conversationId"))
	one := s.must(t, workspaceService+"SendReply", s.eva(), reply)
	two := s.must(t, workspaceService+"SendReply", s.eva(), reply)
	if one.text("messageId") != two.text("messageId") {
		t.Error("the reply was sent twice")
	}
	s.want(t, "already_exists", "TOKEN_REUSED", workspaceService+"SendReply", s.eva(), strings.Replace(reply, "yes", "no", 1))
}

func TestTheWorkspace(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	sent := s.must(t, widgetService+"SendMessage", ana, `{"text":"hi","clientToken":"1"}`)
	id := sent.text("conversationId")
	at := fmt.Sprintf(`{"conversationId":%q,"minPosition":%q`, id, sent.text("position"))

	seen := s.must(t, workspaceService+"GetConversation", s.eva(), at+`}`)
	if seen.text("timeline.items.2.content.parts.0.text.body") != "hi" || seen.text("route.conversationId") != id {
		t.Errorf("the conversation is %v", seen.values)
	}
	route := s.must(t, workspaceService+"GetRoute", s.eva(), at+`}`)
	if route.text("route.bindings.0.integrationId") != "shop" {
		t.Errorf("the route is %v", route.values)
	}
	customer := s.must(t, workspaceService+"GetCustomer", s.eva(), at+`}`)
	if customer.text("customer.identities.0.channel") != "widget" {
		t.Errorf("the customer is %v", customer.values)
	}
	channel := s.must(t, workspaceService+"GetChannel", s.eva(), at+`,"integrationId":"shop"}`)
	if channel.text("channel.segments.0.entries.0.item.content.parts.0.text.body") != "hi" {
		t.Errorf("the channel is %v", channel.values)
	}

	offer := s.must(t, workspaceService+"OfferLink", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"integrationId":"wa","clientToken":"o"}`, id))
	code := s.keys.Code("acme", offer.text("linkId"))
	if !strings.HasSuffix(offer.text("url"), code) {
		t.Errorf("the offer is %v, its code %s", offer.values, code)
	}
	s.must(t, workspaceService+"CancelLink", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"linkId":%q,"clientToken":"c"}`, id, offer.text("linkId")))

	note := s.must(t, workspaceService+"SendReply", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"text":"a note","clientToken":"n","destination":{"note":true}}`, id))
	reply := s.must(t, workspaceService+"SendReply", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"text":"hello","clientToken":"r"}`, id))
	shown := s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, reply.text("position")))
	if shown.length("lines") != 2 || shown.text("lines.1.messageId") != reply.text("messageId") {
		t.Errorf("with a note %s the visitor sees %v", note.text("messageId"), shown.get("lines"))
	}
	s.must(t, widgetService+"MarkRead", ana, fmt.Sprintf(`{"messageId":%q}`, reply.text("messageId")))
	again := s.must(t, widgetService+"MarkRead", ana, fmt.Sprintf(`{"messageId":%q}`, reply.text("messageId")))
	if again.get("position") != nil {
		t.Errorf("nothing changed at %v", again.get("position"))
	}

	s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"l"}`)
	linked := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"l2"}`)
	s.whatsApp(t, "4917600000068", "wamid.2", linked.text("link.code"))
	moved := s.want(t, "aborted", "ROUTE_CHANGED", workspaceService+"SendReply", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"text":"x","clientToken":"s","strict":true,"seenRouteVersion":1}`, id))
	if version := moved.text("details.0.debug.metadata.route_version"); version != "2" {
		t.Errorf("the new route is %q", version)
	}
	late := s.must(t, workspaceService+"SendReply", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"text":"x","clientToken":"s","seenRouteVersion":1}`, id))
	if late.get("routeMoved") != true {
		t.Errorf("the agent is not told: %v", late.values)
	}
	s.must(t, workspaceService+"Disconnect", s.eva(), fmt.Sprintf(`{"conversationId":%q,"integrationId":"wa","clientToken":"d"}`, id))
}

func TestTheAdministrator(t *testing.T) {
	s := newStage(t, nil)
	same := s.setup(t, "acme", `{"agents":[{"id":"eva","name":"Eva"}]}`)
	if same.get("position") != nil || same.text("agentTokens.0.token") != s.eva() {
		t.Errorf("the same set-up gives %v", same.values)
	}
	page := s.must(t, adminService+"ListEvents", s.admin(), `{"limit":2}`)
	if page.length("events") != 2 || page.text("events.1.position") != "2" || page.text("head") == "" ||
		page.text("events.0.event.@type") != "type.googleapis.com/weiche.event.v1.AccountCreated" {
		t.Errorf("the log is %v", page.values)
	}
	for _, taken := range []string{
		`{"widgets":[{"id":"blog"}]}`,
		`{"widgets":[{"id":"shop"}],"apps":[{"id":"x","channel":"whatsapp"}]}`,
	} {
		account := map[bool]string{true: "acme", false: "other"}[strings.Contains(taken, "blog")]
		s.want(t, "already_exists", "TAKEN", adminService+"ApplySetup", s.admin(),
			fmt.Sprintf(`{"accountId":%q,"setup":%s}`, account, taken))
	}
	for _, taken := range []string{
		`{"apps":[{"id":"acme-wa","channel":"whatsapp"}]}`,
		`{"apps":[{"id":"mine","channel":"whatsapp"}],"integrations":[{"id":"mine","channel":"whatsapp","appId":"mine","providerAccountId":"100"}]}`,
	} {
		s.want(t, "already_exists", "TAKEN", adminService+"ApplySetup", s.admin(), `{"accountId":"other","setup":`+taken+`}`)
	}
	for _, bad := range []string{
		`{"accountId":"Acme","setup":{}}`, `{"accountId":"","setup":{}}`, `{"accountId":"-","setup":{}}`, `{"accountId":"acme"}`,
		`{"accountId":"` + strings.Repeat("a", 65) + `","setup":{}}`,
		`{"accountId":"acme","setup":{"agents":[{"id":"a|b","name":"x"}]}}`,
		`{"accountId":"acme","setup":{"widgets":[{"id":"a.b"}]}}`,
		`{"accountId":"acme","setup":{"widgets":[{"id":"w","offers":["no-such"]}]}}`,
	} {
		s.want(t, "invalid_argument", "INVALID", adminService+"ApplySetup", s.admin(), bad)
	}
}

func TestLivez(t *testing.T) {
	s := newStage(t, nil)
	resp, err := http.Get(s.server.URL + "/livez")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
}

// M7: a browser never sees where a provider keeps a file.
func TestNoProviderAddressReachesABrowser(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	code := s.must(t, widgetService+"RequestLink", ana, `{"integrationId":"wa","clientToken":"1"}`).text("link.code")
	s.whatsApp(t, "4917600000069", "wamid.1", code)
	s.inbound(t, "4917600000069", "wamid.2", &eventv1.Content{
		Parts: []*eventv1.Part{
			{Kind: &eventv1.Part_Media{Media: &eventv1.Media{
				Kind: eventv1.MediaKind_MEDIA_KIND_IMAGE, Caption: "my cat",
				ProviderUrl: "https://lookaside.example/provider-1", ProviderMediaId: "provider-2", StickerId: "provider-3",
			}}},
			{Kind: &eventv1.Part_Share{Share: &eventv1.Share{Title: "a post", Url: "https://provider-4", ProviderId: "provider-5"}}},
		},
		ReplyTo:  &eventv1.ReplyTo{ProviderMessageId: "provider-6", StoryUrl: "https://provider-7", StoryId: "provider-8"},
		Referral: &eventv1.Referral{AdId: "provider-9"},
	})
	shown := s.must(t, widgetService+"GetTimeline", ana, `{}`)
	if text := fmt.Sprint(shown.values); strings.Contains(text, "provider-") || !strings.Contains(text, "my cat") {
		t.Errorf("the visitor sees %s", text)
	}
	id := fmt.Sprintf(`{"conversationId":%q`, shown.text("conversationId"))
	for read, ask := range map[string]string{"GetConversation": id + "}", "GetChannel": id + `,"integrationId":"wa"}`} {
		seen := fmt.Sprint(s.must(t, workspaceService+read, s.eva(), ask).values)
		for _, hidden := range []string{"provider-1", "provider-2", "provider-3"} {
			if strings.Contains(seen, hidden) {
				t.Errorf("with %s the agent sees %s", read, hidden)
			}
		}
		if !strings.Contains(seen, "my cat") || !strings.Contains(seen, "provider-9") {
			t.Errorf("with %s the agent sees too little: %s", read, seen)
		}
	}
}
