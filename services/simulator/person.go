package simulator

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Person is somebody with a phone. What is left empty is made up: a phone
// number and a BSUID, a PSID for each page and an IGSID for each Instagram
// account that they meet.
type Person struct {
	Name     string           `json:"name"`
	WhatsApp WhatsAppIdentity `json:"whatsapp"`
	// Messenger holds the PSID by page id.
	Messenger map[string]string `json:"messenger"`
	// Instagram holds the IGSID by Instagram account id.
	Instagram map[string]string `json:"instagram"`
	// Blocks holds the ids of numbers, pages and accounts that the person has
	// blocked: what they send does not arrive.
	Blocks map[string]bool `json:"blocks,omitempty"`
	// NoProfile keeps the person's profile from pages and accounts.
	NoProfile bool `json:"no_profile,omitempty"`
	// Username is the Instagram user name; made from Name if empty.
	Username string `json:"username"`
}

// WhatsAppIdentity is how a person appears on WhatsApp.
type WhatsAppIdentity struct {
	Mode        WhatsAppMode `json:"mode"`
	Phone       string       `json:"phone"`
	BSUID       string       `json:"bsuid"`
	ParentBSUID string       `json:"parent_bsuid,omitempty"`
	Username    string       `json:"username,omitempty"`
	// Keys counts the person's devices; each has an identity_key_hash of its own.
	Keys int `json:"keys,omitempty"`
}

// WhatsAppMode is which of a person's addresses webhooks show.
type WhatsAppMode string

// ModePhone shows the phone number alone, ModePhoneAndBSUID both, and
// ModeUsername the BSUID and user name without a phone number.
const (
	ModePhone         WhatsAppMode = "phone"
	ModePhoneAndBSUID WhatsAppMode = "phone_and_bsuid"
	ModeUsername      WhatsAppMode = "username"
)

type person struct {
	Person
}

// AddPerson creates a person and returns them with everything that was made
// up. It returns ErrExists if the name or an address is taken.
func (s *Simulator) AddPerson(p Person) (Person, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	added, err := s.addPerson(p)
	if err != nil {
		return Person{}, err
	}
	s.touch()
	return added.copy(), nil
}

// People returns everybody, by name.
func (s *Simulator) People() []Person {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []Person{}
	for _, p := range s.people {
		out = append(out, p.copy())
	}
	slices.SortFunc(out, func(a, b Person) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

func (s *Simulator) addConfiguredPeople() error {
	for _, p := range s.config.People {
		if s.people[p.Name] != nil {
			continue
		}
		if _, err := s.addPerson(p); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) addPerson(in Person) (*person, error) {
	if in.Name == "" || strings.Contains(in.Name, "/") {
		return nil, invalid("person name %q", in.Name)
	}
	if s.people[in.Name] != nil {
		return nil, fmt.Errorf("%w: person %q", ErrExists, in.Name)
	}
	p := &person{Person: in}
	w := &p.WhatsApp
	w.Mode = cmp.Or(w.Mode, ModePhoneAndBSUID)
	if !slices.Contains([]WhatsAppMode{ModePhone, ModePhoneAndBSUID, ModeUsername}, w.Mode) {
		return nil, invalid("whatsapp mode %q is none of phone, phone_and_bsuid, username", w.Mode)
	}
	w.Phone = onlyDigits(w.Phone)
	for n := 0; w.Phone == ""; n++ {
		phone := "155501" + digits(5, s.config.Seed, "phone", in.Name, fmt.Sprint(n))
		if s.identities[phoneKey(phone)] == nil {
			w.Phone = phone
		}
	}
	w.BSUID = cmp.Or(w.BSUID, "US."+digits(17, s.config.Seed, "bsuid", in.Name))
	p.Messenger, p.Instagram = maps.Clone(in.Messenger), maps.Clone(in.Instagram)
	if p.Messenger == nil {
		p.Messenger = map[string]string{}
	}
	if p.Instagram == nil {
		p.Instagram = map[string]string{}
	}
	handle := strings.ReplaceAll(strings.ToLower(in.Name), " ", ".")
	p.Username = cmp.Or(p.Username, handle)
	if w.Mode == ModeUsername {
		w.Username = cmp.Or(w.Username, handle)
	}
	for _, key := range p.keys() {
		if other := s.identities[key]; other != nil {
			return nil, fmt.Errorf("%w: %s is an address of %q", ErrExists, key, other.Name)
		}
	}
	for _, key := range p.keys() {
		s.identities[key] = p
	}
	s.people[p.Name] = p
	for _, in := range s.integrations {
		s.addressOf(p, in)
	}
	return p, nil
}

// addressOf returns the address by which in knows p, and makes one if there is
// none yet. s.mu is held.
func (s *Simulator) addressOf(p *person, in *integration) string {
	switch in.channel {
	case ChannelWhatsApp:
		if p.WhatsApp.Mode == ModeUsername {
			return p.WhatsApp.BSUID
		}
		return p.WhatsApp.Phone
	case ChannelMessenger:
		return s.scopedID(p, in, p.Messenger)
	}
	return s.scopedID(p, in, p.Instagram)
}

func (s *Simulator) scopedID(p *person, in *integration, ids map[string]string) string {
	if ids[in.id] == "" {
		ids[in.id] = digits(17, s.config.Seed, string(in.channel), in.id, p.Name)
		s.identities[scopedKey(in.channel, in.id, ids[in.id])] = p
	}
	return ids[in.id]
}

func (p *person) keys() []string {
	keys := []string{phoneKey(p.WhatsApp.Phone), bsuidKey(p.WhatsApp.BSUID)}
	for page, id := range p.Messenger {
		keys = append(keys, scopedKey(ChannelMessenger, page, id))
	}
	for account, id := range p.Instagram {
		keys = append(keys, scopedKey(ChannelInstagram, account, id))
	}
	slices.Sort(keys)
	return keys
}

func (p *person) copy() Person {
	out := p.Person
	out.Messenger, out.Instagram = maps.Clone(p.Messenger), maps.Clone(p.Instagram)
	out.Blocks = maps.Clone(p.Blocks)
	return out
}

func phoneKey(phone string) string { return "phone " + phone }
func bsuidKey(bsuid string) string { return "bsuid " + bsuid }
func scopedKey(channel Channel, account, id string) string {
	return string(channel) + " " + account + " " + id
}
