package simulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
)

// IdentityChange is a change of how a person appears on WhatsApp. What is empty
// stays.
type IdentityChange struct {
	Mode        WhatsAppMode `json:"mode"`
	Username    string       `json:"username"`
	ParentBSUID string       `json:"parent_bsuid"`
	// NewKey gives the person another identity_key_hash, as after a new phone.
	// Numbers with IdentityCheck are told by a system message.
	NewKey bool `json:"new_key"`
}

// ChangeIdentity changes how a person appears from now on, without telling
// anybody but of a new key.
func (s *Simulator) ChangeIdentity(name string, change IdentityChange) (Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.personNamed(name)
	if err != nil {
		return Person{}, err
	}
	w := &p.WhatsApp
	mode := cmp.Or(change.Mode, w.Mode)
	if !slices.Contains([]WhatsAppMode{ModePhone, ModePhoneAndBSUID, ModeUsername}, mode) {
		return Person{}, invalid("whatsapp mode %q is none of phone, phone_and_bsuid, username", mode)
	}
	w.Mode = mode
	w.Username = cmp.Or(change.Username, w.Username)
	if mode == ModeUsername {
		w.Username = cmp.Or(w.Username, p.Username)
	}
	w.ParentBSUID = cmp.Or(change.ParentBSUID, w.ParentBSUID)
	if change.NewKey {
		w.Keys++
		for _, t := range s.selectThreads(name, string(ChannelWhatsApp)) {
			if t.in.identityCheck {
				s.publishKeyChange(t)
			}
		}
	}
	s.touch()
	return p.copy(), nil
}

func (s *Simulator) publishKeyChange(t *thread) {
	m := s.whatsAppMessage(t, &Message{ID: s.inboundID(t), At: s.now()}, "system")
	m.System = &whatsAppSystem{Type: "customer_identity_changed", Body: fmt.Sprintf("User %s may have a new device", t.person.Name)}
	m.extra = map[string]json.RawMessage{"identity": marshal(map[string]any{
		"acknowledged": false, "created_timestamp": m.Timestamp, "hash": s.keyHash(t),
	})}
	s.publish(s.whatsAppEvent(t, eventSystem, m))
}

// keyHash is the identity_key_hash of the person, empty if the number does not
// check identities.
func (s *Simulator) keyHash(t *thread) string {
	if !t.in.identityCheck {
		return ""
	}
	return digits(12, s.config.Seed, "identity key", t.person.Name, fmt.Sprint(t.person.WhatsApp.Keys))
}
