package story_test

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/conversation"
	"weiche/services/simulator"
)

// person returns who has the addresses on the simulator, and makes them appear by
// those; somebody who is not there yet is made.
func (s *inProcesses) person(aliases []*eventv1.Alias) string {
	s.t.Helper()
	name, mode := "", simulator.ModePhone
	has := map[string]string{}
	for _, alias := range aliases {
		has[alias.GetKind()] = alias.GetValue()
		if name == "" {
			name = s.owners[alias.GetValue()]
		}
	}
	switch {
	case has["bsuid"] != "" && has["phone"] != "":
		mode = simulator.ModePhoneAndBSUID
	case has["bsuid"] != "":
		mode = simulator.ModeUsername
	}
	if name == "" {
		name = aliases[0].GetValue()
		made := simulator.Person{Name: name, NoProfile: true, WhatsApp: simulator.WhatsAppIdentity{Mode: mode, BSUID: has["bsuid"]}}
		made.WhatsApp.Phone = s.number(has["phone"])
		s.simulate(http.MethodPost, "/sim/people", made, &made)
		s.on[name] = made
		if s.people[made.WhatsApp.Phone] == "" {
			s.people[made.WhatsApp.Phone] = name
		}
		for _, ids := range []map[string]string{made.Messenger, made.Instagram} {
			for _, id := range ids {
				s.people[id] = name
			}
		}
		for _, alias := range aliases {
			s.owners[alias.GetValue()] = name
		}
	}
	if aliases[0].GetKind() == "phone" || aliases[0].GetKind() == "bsuid" {
		s.appear(name, simulator.IdentityChange{Mode: mode})
	}
	return name
}

// number is the phone number that a story shortens to its last digits; empty where it
// names none.
func (s *inProcesses) number(short string) string {
	if short == "" || strings.Trim(short, "0123456789") != "" {
		return ""
	}
	long := "15550180" + short
	s.people[long] = short
	return long
}

// appear changes how a person appears on WhatsApp.
func (s *inProcesses) appear(name string, change simulator.IdentityChange) {
	s.t.Helper()
	if s.on[name].WhatsApp.Mode == change.Mode && !change.NewKey {
		return
	}
	var now simulator.Person
	s.simulate(http.MethodPost, phone(name)+"identity", change, &now)
	s.on[name] = now
}

func phone(name string) string { return "/sim/people/" + url.PathEscape(name) + "/" }

// onPhone does on a person's phone what an inbound says that they did.
func (s *inProcesses) onPhone(channel string, in *ingressv1.Inbound) {
	s.t.Helper()
	if late := time.Since(in.GetSentAt().AsTime()); late > 2*time.Second {
		s.t.Fatalf("a message of %s ago cannot be sent now", late)
	}
	name, account := s.person(in.GetSender()), in.GetProviderAccountId()
	s.hasKey(name, in.GetIdentityKeyHash())
	path := phone(name)
	change := func(what, message, field, value string) {
		s.simulate(http.MethodPost, path+what, map[string]string{"integration": account, "message": s.message(name, message), field: value}, nil)
	}
	switch event := in.GetEvent().(type) {
	case *ingressv1.Inbound_Unsend:
		change("unsend", event.Unsend.GetProviderMessageId(), "text", "")
	case *ingressv1.Inbound_Reaction:
		change("react", event.Reaction.GetProviderMessageId(), "emoji", event.Reaction.GetEmoji())
	case *ingressv1.Inbound_Edit:
		text, _ := conversation.PlainText(event.Edit.GetContent())
		change("edit", event.Edit.GetProviderMessageId(), "text", text)
	case *ingressv1.Inbound_Referral:
		var shown simulator.Threads
		s.simulate(http.MethodGet, path+"threads?integration="+account, nil, &shown)
		if len(shown.Threads) == 0 {
			// A phone tells of a first link with the first message alone.
			s.happen(path, account, "referral", map[string]string{"ref": event.Referral.GetRef(), "source": "SHORTLINK", "type": "OPEN_THREAD"})
			return
		}
		s.simulate(http.MethodPost, path+"open", simulator.Visit{URL: "https://m.me/" + address[channel] + "?ref=" + event.Referral.GetRef(), Start: simulator.StartNone}, nil)
	case *ingressv1.Inbound_OptIn:
		s.optsIn(path, account, event.OptIn)
	case *ingressv1.Inbound_IdentityChange:
		s.changes(name, event.IdentityChange)
	case *ingressv1.Inbound_Message:
		s.writes(name, account, in.GetProviderMessageId(), in.GetSender(), event.Message)
	default:
		s.t.Fatalf("nobody can do this on a phone: %v", in)
	}
}

// writes sends a message from a phone, taps, or opens a link.
func (s *inProcesses) writes(name, account, id string, sender []*eventv1.Alias, content *eventv1.Content) {
	s.t.Helper()
	path := phone(name)
	if len(sender) > 1 && s.owners[sender[1].GetValue()] != name {
		s.mixed(sender, id, content)
		return
	}
	typed := simulator.Typed{Integration: account}
	for _, part := range content.GetParts() {
		if answer := part.GetAnswer(); answer != nil {
			s.simulate(http.MethodPost, path+"tap", simulator.Press{Integration: account, Button: answer.GetPayload()}, nil)
			return
		}
		if media := part.GetMedia(); media != nil {
			typed.Text = media.GetCaption()
			typed.Media = &simulator.Attached{Kind: simulator.MediaImage, Data: picture(), MIME: "image/png"}
		}
	}
	if ref := content.GetReferral().GetRef(); ref != "" {
		s.simulate(http.MethodPost, path+"open", simulator.Visit{URL: s.linkWith(ref).GetUrl()}, nil)
		return
	}
	if typed.Media == nil {
		text, ok := conversation.PlainText(content)
		if !ok {
			s.t.Fatalf("nobody can write this on a phone: %v", content)
		}
		typed.Text = text
	}
	for _, link := range s.links {
		if u, err := url.Parse(link.GetUrl()); err == nil && u.Query().Get("text") == typed.Text && typed.Text != "" {
			s.simulate(http.MethodPost, path+"open", simulator.Visit{URL: link.GetUrl(), Send: true}, nil)
			return
		}
	}
	var sent simulator.Message
	s.simulate(http.MethodPost, path+"send", typed, &sent)
	s.said[id] = sent.ID
}

func (s *inProcesses) linkWith(code string) *widgetv1.Link {
	for _, link := range s.links {
		if link.GetCode() == code {
			return link
		}
	}
	s.t.Fatalf("no link has the code %q", code)
	return nil
}

// message returns the provider's id of what the story calls by an id of its own, or,
// where a business said it, by its words.
func (s *inProcesses) message(name, id string) string {
	s.t.Helper()
	if known := s.said[id]; known != "" {
		return known
	}
	var shown simulator.Threads
	s.simulate(http.MethodGet, phone(name)+"threads", nil, &shown)
	for _, thread := range shown.Threads {
		for _, message := range thread.Messages {
			if message.From == simulator.FromBusiness && message.Text == id {
				return message.ID
			}
		}
	}
	s.t.Fatalf("%s has no message %q", name, id)
	return ""
}

// again does something, or has the providers tell it again where it was done before.
func (s *inProcesses) again(item *ingressv1.Item, do func()) {
	s.t.Helper()
	told := func() (ids []int64) {
		var report simulator.DeliveryReport
		s.simulate(http.MethodGet, "/sim/deliveries?limit=1000", nil, &report)
		for _, delivery := range report.Deliveries {
			ids = append(ids, delivery.ID)
		}
		return ids
	}
	if ids, ok := s.told[item]; ok {
		for _, id := range ids {
			s.simulate(http.MethodPost, "/sim/deliveries/"+fmtID(id)+"/redeliver", nil, nil)
		}
		return
	}
	before := map[int64]bool{}
	for _, id := range told() {
		before[id] = true
	}
	do()
	s.simulate(http.MethodGet, "/sim/idle?timeout=20s", nil, nil)
	s.told[item] = []int64{}
	for _, id := range told() {
		if !before[id] {
			s.told[item] = append(s.told[item], id)
		}
	}
}

// optsIn answers a page's question for permission.
func (s *inProcesses) optsIn(path, account string, in *ingressv1.OptIn) {
	status := "STOP_NOTIFICATIONS"
	if in.GetAllowed() {
		status = "RESUME_NOTIFICATIONS"
	}
	s.happen(path, account, "optin", map[string]string{
		"type": in.GetTopic(), "payload": in.GetPayload(), "title": in.GetTopic(),
		"notification_messages_token": "permission", "notification_messages_status": status,
	})
}

// changes changes an address, or who may have the phone.
func (s *inProcesses) changes(name string, change *ingressv1.IdentityChange) {
	s.t.Helper()
	if len(change.GetNew()) == 0 {
		s.system(map[string]any{"from": s.on[name].WhatsApp.Phone, "system": map[string]string{"type": "customer_identity_changed", "body": "may have a new phone"}})
		return
	}
	if old, to := change.GetOld()[0], change.GetNew()[0]; s.owners[to.GetValue()] != "" {
		// It is somebody else's, which no phone lets happen: the provider says it all the same.
		s.system(map[string]any{"from": s.number(old.GetValue()), "system": map[string]string{
			"type": "user_changed_number", "wa_id": s.number(to.GetValue()), "body": "changed",
		}})
		return
	}
	if s.on[name].WhatsApp.Mode == simulator.ModePhone {
		// A thread is what lets the number be told.
		s.simulate(http.MethodPost, phone(name)+"open", simulator.Visit{URL: "https://wa.me/" + address["whatsapp"]}, nil)
	} else {
		// The new id comes twice; the first time without the old one, which says nothing.
		s.simulate(http.MethodPost, "/sim/faults", simulator.Fault{Kind: simulator.FaultDrop, Event: "system", Times: 1}, nil)
	}
	now := map[string]string{"phone": s.on[name].WhatsApp.Phone, "bsuid": s.on[name].WhatsApp.BSUID}
	for _, alias := range change.GetNew() {
		now[alias.GetKind()] = cmp.Or(s.number(alias.GetValue()), alias.GetValue())
		s.owners[alias.GetValue()] = name
	}
	for _, alias := range change.GetOld() {
		delete(s.owners, alias.GetValue())
	}
	var changed simulator.Person
	s.simulate(http.MethodPost, phone(name)+"change-number", now, &changed)
	s.on[name] = changed
}

// hasKey gives a phone another key where the story names another one. The number asks
// for keys from the first one on.
func (s *inProcesses) hasKey(name, key string) {
	s.t.Helper()
	switch before := s.keys[name]; {
	case key == "" || key == before:
	case before == "":
		if !s.config.Numbers[0].IdentityCheck {
			s.config.Numbers[0].IdentityCheck = true
			s.simulate(http.MethodPatch, "/sim/config", map[string]any{"numbers": s.config.Numbers}, nil)
		}
		s.keys[name] = key
	default:
		s.keys[name] = key
		s.appear(name, simulator.IdentityChange{Mode: s.on[name].WhatsApp.Mode, NewKey: true})
	}
}
