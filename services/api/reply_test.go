package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/router"
)

// logged returns the events of one kind in the log, opened.
func logged[E any](t *testing.T, s *stage) (found []E) {
	t.Helper()
	for rec, err := range s.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(s.keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		if body, ok := event.Body.(E); ok {
			found = append(found, body)
		}
	}
	return found
}

// ana writes on WhatsApp and returns the conversation and her message.
func (s *stage) ana(t *testing.T) (conversationID, messageID string) {
	t.Helper()
	s.whatsApp(t, "15550100777", "wamid.1", "hello")
	said := logged[*eventv1.MessageReceived](t, s)[0]
	return said.GetConversationId(), said.GetMessageId()
}

// What an agent writes, of every kind, is what the log has of it.
func TestRepliesOfEveryKind(t *testing.T) {
	s := newStage(t, nil)
	conv, said := s.ana(t)
	for n, c := range []struct {
		request string
		is      func(*eventv1.Part) bool
	}{
		{`"text":"plain"`, func(p *eventv1.Part) bool { return p.GetText().GetBody() == "plain" }},
		{`"content":{"parts":[{"text":"part"}]}`, func(p *eventv1.Part) bool { return p.GetText().GetBody() == "part" }},
		{`"content":{"parts":[{"location":{"latitude":52.5,"longitude":13.4,"name":"Shop"}}]}`, func(p *eventv1.Part) bool {
			return p.GetLocation().GetLatitude() == 52.5 && p.GetLocation().GetLongitude() == 13.4 && p.GetLocation().GetName() == "Shop"
		}},
		{`"content":{"parts":[{"contacts":{"cards":[{"name":"Kim","phones":["1"],"emails":["kim@shop.example"]}]}}]}`, func(p *eventv1.Part) bool {
			card := p.GetContacts().GetCards()[0]
			return card.GetName() == "Kim" && card.GetPhones()[0] == "1" && card.GetEmails()[0] == "kim@shop.example"
		}},
		{`"content":{"parts":[{"buttons":{"body":"Which?","buttons":[{"title":"A","payload":"a"},{"title":"B","payload":"b"}]}}]}`, func(p *eventv1.Part) bool {
			return p.GetButtons().GetBody() == "Which?" && p.GetButtons().GetButtons()[1].GetPayload() == "b"
		}},
		{`"content":{"parts":[{"template":{"name":"ready","language":"de","componentsJson":"[]"}}]}`, func(p *eventv1.Part) bool {
			return p.GetTemplate().GetName() == "ready" && p.GetTemplate().GetLanguage() == "de" && p.GetTemplate().GetComponentsJson() == "[]"
		}},
	} {
		s.must(t, workspaceService+"SendReply", s.eva(),
			fmt.Sprintf(`{"conversationId":%q,"clientToken":"%d","replyToMessageId":%q,%s}`, conv, n, said, c.request))
		replies := logged[*eventv1.ReplyQueued](t, s)
		content := replies[len(replies)-1].GetSealed().GetContent()
		if len(replies) != n+1 || len(content.GetParts()) != 1 || !c.is(content.GetParts()[0]) || content.GetReplyTo().GetMessageId() != said {
			t.Errorf("%s became %v", c.request, content)
		}
	}
}

// What no reply can be is refused before anything is asked of the log.
func TestRepliesThatAreRefused(t *testing.T) {
	s := newStage(t, nil)
	conv, _ := s.ana(t)
	card := func(fields string) string { return `{"contacts":{"cards":[{` + fields + `}]}}` }
	list := func(one string, n int) string { return strings.Join(slices.Repeat([]string{one}, n), ",") }
	buttons := func(n int) string {
		var all []string
		for b := range n {
			all = append(all, fmt.Sprintf(`{"title":"t","payload":"%d"}`, b))
		}
		return strings.Join(all, ",")
	}
	x := func(n int) string { return strings.Repeat("x", n) }
	before := s.store.Durable()
	for what, part := range map[string]string{
		"nothing": `{}`, "no text": `{"text":" "}`, "a long text": `{"text":"` + x(16385) + `"}`,
		"a latitude":         `{"location":{"latitude":90.1}}`,
		"a longitude":        `{"location":{"longitude":-180.1}}`,
		"no place at all":    `{"location":{"latitude":"NaN"}}`,
		"a place's name":     `{"location":{"name":"` + x(257) + `"}}`,
		"a place's address":  `{"location":{"address":"` + x(257) + `"}}`,
		"a place's page":     `{"location":{"url":"` + x(2049) + `"}}`,
		"no cards":           `{"contacts":{}}`,
		"many cards":         `{"contacts":{"cards":[` + list(`{"name":"a"}`, 11) + `]}}`,
		"a card of nobody":   card(`"name":" "`),
		"a card's name":      card(`"name":"` + x(257) + `"`),
		"a card's phone":     card(`"name":"a","phones":["` + x(257) + `"]`),
		"many phones":        card(`"name":"a","phones":[` + list(`"1"`, 11) + `]`),
		"many emails":        card(`"name":"a","emails":[` + list(`"1"`, 11) + `]`),
		"a raw card":         card(`"name":"a","vcard":"BEGIN"`),
		"a provider's card":  card(`"name":"a","json":"{}"`),
		"no question":        `{"buttons":{"body":" ","buttons":[` + buttons(1) + `]}}`,
		"no buttons":         `{"buttons":{"body":"?"}}`,
		"many buttons":       `{"buttons":{"body":"?","buttons":[` + buttons(14) + `]}}`,
		"a button's title":   `{"buttons":{"body":"?","buttons":[{"title":"` + x(81) + `","payload":"p"}]}}`,
		"a button's payload": `{"buttons":{"body":"?","buttons":[{"title":"t","payload":"` + x(257) + `"}]}}`,
		"no payload":         `{"buttons":{"body":"?","buttons":[{"title":"t"}]}}`,
		"equal payloads":     `{"buttons":{"body":"?","buttons":[{"title":"a","payload":"p"},{"title":"b","payload":"p"}]}}`,
		"no template":        `{"template":{"language":"de"}}`,
		"no language":        `{"template":{"name":"ready"}}`,
		"a long template":    `{"template":{"name":"` + x(513) + `","language":"de"}}`,
		"no JSON":            `{"template":{"name":"ready","language":"de","componentsJson":"["}}`,
		"much JSON":          `{"template":{"name":"ready","language":"de","componentsJson":"[` + strings.Repeat(" ", 32<<10) + `]"}}`,
		"a template beside":  `{"text":"hello"},{"template":{"name":"ready","language":"de"}}`,
		"many parts":         list(`{"text":"a"}`, 11),
		"a file's name":      `{"media":{"blobId":"b","fileName":"` + x(256) + `"}}`,
		"a file's caption":   `{"media":{"blobId":"b","caption":"` + x(4097) + `"}}`,
	} {
		got := s.call(t, workspaceService+"SendReply", s.eva(),
			fmt.Sprintf(`{"conversationId":%q,"clientToken":"x","content":{"parts":[%s]}}`, conv, part))
		if got.text("code") != "invalid_argument" || got.reason() != "REASON_INVALID" {
			t.Errorf("%s: %d %v", what, got.status, got.values)
		}
	}
	for what, request := range map[string]string{
		"both": `"text":"a","content":{"parts":[{"text":"b"}]}`, "no parts": `"content":{}`, "neither": `"strict":true`,
	} {
		if got := s.call(t, workspaceService+"SendReply", s.eva(), fmt.Sprintf(`{"conversationId":%q,"clientToken":"x",%s}`, conv, request)); got.reason() != "REASON_INVALID" {
			t.Errorf("%s: %d %v", what, got.status, got.values)
		}
	}
	for what, request := range map[string]string{
		"no file":          `"content":{"parts":[{"media":{}}]}`,
		"a file of nobody": `"content":{"parts":[{"media":{"blobId":"nobody.1"}}]}`,
		"an unknown quote": `"text":"a","replyToMessageId":"01ARZ3NDEKTSV4RRFFQ69G5FAV"`,
		"no quote":         `"text":"a","replyToMessageId":"../x"`,
		"no destination":   `"text":"a","destination":{"integrationId":"../x"}`,
	} {
		s.want(t, "not_found", "NOT_FOUND", workspaceService+"SendReply", s.eva(), fmt.Sprintf(`{"conversationId":%q,"clientToken":"%s",%s}`, conv, what, request))
	}
	if s.store.Durable() != before {
		t.Error("something of it is in the log")
	}
}

// An agent reacts, and says what became of a reply of which nobody knows.
func TestReactAndSettleOutcome(t *testing.T) {
	s := newStage(t, nil)
	conv, said := s.ana(t)
	react := func(message, emoji string) string {
		return fmt.Sprintf(`{"conversationId":%q,"messageId":%q,"emoji":%q,"clientToken":"r%s"}`, conv, message, emoji, message)
	}
	s.want(t, "invalid_argument", "INVALID", workspaceService+"React", s.eva(), react(said, strings.Repeat("x", 65)))
	s.want(t, "not_found", "NOT_FOUND", workspaceService+"React", s.eva(), react("01ARZ3NDEKTSV4RRFFQ69G5FAV", "x"))
	s.must(t, workspaceService+"React", s.eva(), react(said, "👍"))
	if queued := logged[*eventv1.ReactionQueued](t, s); len(queued) != 1 || queued[0].GetAgentId() != "eva" || queued[0].GetMessageId() != said {
		t.Errorf("the log has %v", queued)
	}
	// The reaction leads the lane; it goes first.
	lost := s.must(t, workspaceService+"SendReply", s.eva(), fmt.Sprintf(`{"conversationId":%q,"text":"lost","clientToken":"1"}`, conv)).text("messageId")
	settle := func(message, outcome string) string {
		return fmt.Sprintf(`{"conversationId":%q,"messageId":%q,"clientToken":"s"%s}`, conv, message, outcome)
	}
	s.want(t, "invalid_argument", "INVALID", workspaceService+"SettleOutcome", s.eva(), settle(lost, ""))
	s.want(t, "invalid_argument", "INVALID", workspaceService+"SettleOutcome", s.eva(), settle(lost, `,"arrived":true`))
	s.want(t, "not_found", "NOT_FOUND", workspaceService+"SettleOutcome", s.eva(), settle("01ARZ3NDEKTSV4RRFFQ69G5FAV", `,"arrived":true`))
	for n := range 2 {
		requests := logged[*eventv1.SendRequested](t, s)
		send := requests[len(requests)-1].GetSendId()
		s.sender(t, &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Claim{Claim: &ingressv1.ClaimSend{SendId: send, Attempt: 1, Nonce: "n"}}})
		outcome := &ingressv1.ReportOutcome{SendId: send, Attempt: 1, Nonce: "n", IntegrationId: "wa"}
		outcome.Outcome = &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: "wamid.out"}
		if n == 1 {
			outcome.Outcome = &ingressv1.ReportOutcome_Unknown{Unknown: &eventv1.SendError{Reason: "timeout"}}
		}
		s.sender(t, &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Outcome{Outcome: outcome}})
	}
	s.must(t, workspaceService+"SettleOutcome", s.eva(), settle(lost, `,"arrived":true`))
	if settled := logged[*eventv1.OutcomeSettled](t, s); len(settled) != 1 || !settled[0].GetArrived() || settled[0].GetAgentId() != "eva" {
		t.Errorf("the log has %v", settled)
	}
}

// sender lets a sender ask or report.
func (s *stage) sender(t *testing.T, command *ingressv1.SenderCommand) {
	t.Helper()
	answer, err := s.give(t.Context(), channel.Source{Kind: channel.KindEgress, Account: "acme", ID: "host"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Sender{Sender: command}}}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("%v: %v", answer, err)
	}
	_, _ = s.WaitForSetup(t.Context(), answer.GetItems()[0].GetPosition())
}
