package simulator

import (
	"cmp"
	"fmt"
)

// ChangeNumber gives the person another phone number and, as the provider does
// then, another BSUID; both are made up if empty. Every WhatsApp number that
// the person has a thread with is told by a system message and, unless the
// person shows only a phone number, by user_id_update.
func (s *Simulator) ChangeNumber(name, phone, bsuid string) (Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.personNamed(name)
	if err != nil {
		return Person{}, err
	}
	before := p.WhatsApp
	after := before
	after.Phone = cmp.Or(onlyDigits(phone), "155502"+digits(5, s.config.Seed, "phone", name, before.Phone))
	after.BSUID = cmp.Or(bsuid, "US."+digits(17, s.config.Seed, "bsuid", name, before.BSUID))
	for _, key := range []string{phoneKey(after.Phone), bsuidKey(after.BSUID)} {
		if other := s.identities[key]; other != nil && other != p {
			return Person{}, fmt.Errorf("%w: %s is an address of %q", ErrExists, key, s.identities[key].Name)
		}
	}
	delete(s.identities, phoneKey(before.Phone))
	delete(s.identities, bsuidKey(before.BSUID))
	s.identities[phoneKey(after.Phone)], s.identities[bsuidKey(after.BSUID)] = p, p
	p.WhatsApp = after
	for _, t := range s.selectThreads(name, string(ChannelWhatsApp)) {
		s.publishNumberChange(t, before)
	}
	s.touch()
	return p.copy(), nil
}

func (s *Simulator) publishNumberChange(t *thread, before WhatsAppIdentity) {
	after := t.person.WhatsApp
	m := whatsAppMessage{
		ID: s.inboundID(t), Timestamp: fmt.Sprint(s.now().Unix()), Type: "system",
		System: &whatsAppSystem{Type: "user_changed_number"},
	}
	old, now := before.Phone, after.Phone
	if after.Mode == ModeUsername {
		m.System.Type, old, now = "user_changed_user_id", before.BSUID, after.BSUID
	} else {
		m.From, m.System.WaID = before.Phone, after.Phone
	}
	if after.Mode != ModePhone {
		m.System.UserID = after.BSUID
	}
	m.System.Body = fmt.Sprintf("User %s changed from %s to %s", t.person.Name, old, now)
	s.publish(whatsAppChangeOf(t.in, eventSystem, "messages", whatsAppValue{Messages: []whatsAppMessage{m}}))
	if after.Mode == ModePhone {
		return
	}
	contact := contactOf(t.person)
	contact.UserID, contact.ParentUserID = "", ""
	s.publish(whatsAppChangeOf(t.in, eventSystem, "user_id_update", whatsAppValue{
		Contacts: []whatsAppContact{contact},
		UserIDUpdate: []whatsAppUserUpdate{{
			WaID: contact.WaID, Detail: fmt.Sprintf("User id for %s has been updated.", t.person.Name),
			UserID: whatsAppUserPair{Previous: before.BSUID, Current: after.BSUID}, Timestamp: m.Timestamp,
		}},
	}))
}
