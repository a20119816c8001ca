package story_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
	"weiche/services/simulator"
)

func fmtID(id int64) string { return strconv.FormatInt(id, 10) }

// happen has a page or account told something that no phone does.
func (s *inProcesses) happen(path, account, event string, content any) {
	s.t.Helper()
	s.simulate(http.MethodPost, path+"event", map[string]any{"integration": account, "event": event, "content": content}, nil)
}

// webhook has an app's webhook told something, signed as the provider signs it.
func (s *inProcesses) webhook(channel string, body any) {
	s.t.Helper()
	s.simulate(http.MethodPost, "/sim/apps/app-"+channel+"/webhook", body, nil)
}

// inApp does in the provider's own app what an echo tells.
func (s *inProcesses) inApp(channel string, echo *ingressv1.Echo) {
	s.t.Helper()
	name := s.person(echo.GetRecipient())
	text, _ := conversation.PlainText(echo.GetContent())
	native := simulator.Native{Person: name, Text: text}
	if edit := echo.GetEdit(); edit != nil {
		native.Edit = s.message(name, edit.GetProviderMessageId())
		native.Text, _ = conversation.PlainText(edit.GetContent())
	}
	if unsend := echo.GetUnsend(); unsend != nil {
		native.Revoke = s.message(name, unsend.GetProviderMessageId())
	}
	echoes := func(off bool) {
		s.simulate(http.MethodPatch, "/sim/config", map[string]any{"webhooks": map[string]any{"events": map[string]simulator.EventSetting{"echo": {Off: off}}}}, nil)
	}
	echoes(false)
	var done simulator.Message
	s.simulate(http.MethodPost, "/sim/integrations/"+echo.GetProviderAccountId()+"/native", native, &done)
	s.simulate(http.MethodGet, "/sim/idle?timeout=20s", nil, nil)
	echoes(true)
	if id := echo.GetProviderMessageId(); id != "" {
		s.said[id] = done.ID
	}
}

// reports has a provider report how far a message of ours is.
func (s *inProcesses) reports(channel string, receipt *ingressv1.Receipt) {
	s.t.Helper()
	name, id := s.recipient(channel, receipt)
	now := time.Now()
	state := strings.ToLower(strings.TrimPrefix(receipt.GetState().String(), "RECEIPT_STATE_"))
	if channel == "whatsapp" {
		status := map[string]any{"id": id, "status": state, "timestamp": fmtID(now.Unix()), "recipient_id": s.on[name].WhatsApp.Phone}
		if sendID := receipt.GetSendId(); sendID != "" {
			status["biz_opaque_callback_data"] = sendID
		}
		if state == "failed" {
			status["errors"] = []any{map[string]any{"code": 131026, "title": "Message undeliverable"}}
		}
		s.onWhatsApp(map[string]any{"statuses": []any{status}})
		return
	}
	scoped := s.on[name].Messenger
	object, account := "page", channel+"-account"
	what := map[string]any{"watermark": now.UnixMilli()}
	if channel == "instagram" {
		scoped, object = s.on[name].Instagram, "instagram"
		what = map[string]any{"mid": id}
	}
	key := map[string]string{"delivered": "delivery", "read": "read"}[state]
	if key == "delivery" && id != "" {
		what["mids"] = []string{id}
	}
	s.webhook(channel, map[string]any{"object": object, "entry": []any{map[string]any{
		"id": account, "time": now.UnixMilli(), "messaging": []any{map[string]any{
			"sender": map[string]string{"id": scoped[account]}, "recipient": map[string]string{"id": account},
			"timestamp": now.UnixMilli(), key: what,
		}},
	}}})
}

// system has WhatsApp tell of a customer what no phone does.
func (s *inProcesses) system(message map[string]any) {
	s.count++
	message["id"], message["timestamp"], message["type"] = fmt.Sprintf("wamid.system-%d", s.count), fmtID(time.Now().Unix()), "system"
	s.onWhatsApp(map[string]any{"messages": []any{message}})
}

// mixed has WhatsApp say of a message that addresses of two phones are one person's.
func (s *inProcesses) mixed(sender []*eventv1.Alias, id string, content *eventv1.Content) {
	text, _ := conversation.PlainText(content)
	bsuid, number := sender[0].GetValue(), s.number(sender[1].GetValue())
	s.onWhatsApp(map[string]any{
		"contacts": []any{map[string]any{"profile": map[string]string{"name": bsuid}, "wa_id": number, "user_id": bsuid}},
		"messages": []any{map[string]any{
			"from": number, "from_user_id": bsuid, "id": "wamid.mixed-" + id, "timestamp": fmtID(time.Now().Unix()),
			"type": "text", "text": map[string]string{"body": text},
		}},
	})
}

// onWhatsApp has WhatsApp tell something of the field "messages".
func (s *inProcesses) onWhatsApp(value map[string]any) {
	value["messaging_product"] = "whatsapp"
	value["metadata"] = map[string]string{"display_phone_number": address["whatsapp"], "phone_number_id": "whatsapp-account"}
	s.webhook("whatsapp", map[string]any{"object": "whatsapp_business_account", "entry": []any{map[string]any{
		"id": "waba", "changes": []any{map[string]any{"field": "messages", "value": value}},
	}}})
}

// recipient finds the person that has a message of ours, and its provider's id.
func (s *inProcesses) recipient(channel string, receipt *ingressv1.Receipt) (name, id string) {
	s.t.Helper()
	if aliases := receipt.GetRecipient(); len(aliases) > 0 {
		return s.person(aliases), ""
	}
	for name := range s.on {
		var shown simulator.Threads
		s.simulate(http.MethodGet, phone(name)+"threads?integration="+channel, nil, &shown)
		for _, thread := range shown.Threads {
			for _, message := range thread.Messages {
				if message.From == simulator.FromBusiness && message.Text == receipt.GetProviderMessageId() {
					return name, message.ID
				}
			}
		}
	}
	s.t.Fatalf("nobody has a message %q on %s", receipt.GetProviderMessageId(), channel)
	return "", ""
}

// Sends says what becomes of sends.
func (s *inProcesses) Sends(t testing.TB, what string) {
	t.Helper()
	fault := func(f simulator.Fault) {
		f.Times = 1
		s.simulate(http.MethodPost, "/sim/faults", f, nil)
	}
	switch what {
	case "stop":
		s.wire.sends.shut()
	case "start":
		s.wire.sends.open()
	case "is slow":
		s.wire.beSlow()
	case "the answer comes":
		s.wire.answers.open()
	case "is refused":
		fault(simulator.Fault{Kind: simulator.FaultError, Code: 131026})
	case "is lost":
		fault(simulator.Fault{Kind: simulator.FaultResetAfter})
	case "shows that the channel fails":
		fault(simulator.Fault{Kind: simulator.FaultError, Code: 190})
	default:
		t.Fatalf("the next send cannot be so in the real world: %s", what)
	}
	s.settle(t)
}

// renew gives the providers the tokens of a set-up.
func (s *inProcesses) renew(setup *ingressv1.ApplySetup) {
	s.t.Helper()
	for _, integration := range setup.GetIntegrations() {
		if token := integration.GetAccessToken(); token != "token" {
			s.simulate(http.MethodPost, "/sim/integrations/"+integration.GetProviderAccountId()+"/token", map[string]string{"token": token}, nil)
		}
	}
}
