package whatsapp

import (
	"strings"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/meta"
)

// The kinds of addresses.
const (
	kindBSUID  = "bsuid"
	kindParent = "parent_bsuid"
	kindPhone  = "phone"
)

// aliases returns the addresses that are there, the strongest first.
func aliases(bsuid, parent, phone string) []*eventv1.Alias {
	if bsuid == "" && isBSUID(phone) {
		bsuid, phone = phone, ""
	}
	var all []*eventv1.Alias
	add := func(kind, value string) {
		if value != "" {
			all = append(all, &eventv1.Alias{Kind: kind, Value: value})
		}
	}
	add(kindBSUID, bsuid)
	add(kindParent, parent)
	add(kindPhone, normalPhone(phone))
	return all
}

// normalPhone returns the digits of a phone number. What is no number is
// returned as it is: an address that we cannot read is an address still.
func normalPhone(s string) string {
	s = strings.TrimSpace(s)
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("+-.() \u00a0", r) {
			return -1
		}
		return r
	}, s)
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return s
	}
	return digits
}

// isBSUID says that s has the form of a business-scoped user id: a country, a
// full stop, and letters and digits.
func isBSUID(s string) bool {
	country, rest, ok := strings.Cut(s, ".")
	if !ok || len(country) != 2 || rest == "" || len(rest) > 132 {
		return false
	}
	return strings.Trim(country, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" &&
		strings.Trim(strings.TrimPrefix(rest, "ENT."),
			"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// people is what a change tells about the persons in it.
type people struct {
	all   []person
	by    map[address]int
	alone bool
}

type address struct{ kind, value string }

type person struct {
	aliases []*eventv1.Alias
	profile *eventv1.Profile
	// keyHash is the provider's hash of the person's identity key.
	keyHash string
}

func readPeople(contacts meta.Value) people {
	p := people{by: map[address]int{}}
	list := contacts.Array()
	if len(list) > meta.MaxItems {
		return p
	}
	for _, v := range list {
		o := v.Object()
		who := person{
			aliases: aliases(o.Text("user_id"), o.Text("parent_user_id"), o.Text("wa_id")),
			keyHash: o.Text("identity_key_hash"),
		}
		profile := o.Object("profile")
		name, username := profile.Text("name"), strings.TrimPrefix(profile.Text("username"), "@")
		if name != "" || username != "" {
			who.profile = &eventv1.Profile{Name: name, Username: username}
		}
		for _, a := range who.aliases {
			if a.GetKind() != kindParent {
				p.by[address{a.GetKind(), a.GetValue()}] = len(p.all)
			}
		}
		p.all = append(p.all, who)
	}
	p.alone = len(p.all) == 1
	return p
}

// complete returns a sender with what the change tells about the same person. A
// sender without any address is the only person of the change, where there is
// only one. Somebody else's addresses are never added.
func (p people) complete(sender []*eventv1.Alias) person {
	found := -1
	if len(sender) == 0 && p.alone {
		found = 0
	}
	for _, a := range sender {
		if i, ok := p.by[address{a.GetKind(), a.GetValue()}]; ok {
			found = i
			break
		}
	}
	if found < 0 {
		return person{aliases: sender}
	}
	who := p.all[found]
	value := map[string]string{}
	for _, a := range who.aliases {
		value[a.GetKind()] = a.GetValue()
	}
	for _, a := range sender {
		value[a.GetKind()] = a.GetValue()
	}
	who.aliases = aliases(value[kindBSUID], value[kindParent], value[kindPhone])
	return who
}

// system reads that a customer's addresses changed, or who holds them.
func (i item) system() *ingressv1.Item {
	s := i.object.Object("system")
	if len(i.who.aliases) == 0 {
		i.who = i.people.complete(aliases("", "", s.Text("customer")))
	}
	sender, in := i.who.aliases, i.inbound()
	change := &ingressv1.IdentityChange{Type: meta.Word(s.Text("type"))}
	switch change.GetType() {
	case "user_changed_number", "customer_changed_number", "user_changed_user_id":
		phone := s.Text("wa_id")
		if phone == "" {
			phone = s.Text("new_wa_id")
		}
		change.New = aliases(s.Text("user_id"), s.Text("parent_user_id"), phone)
		if len(change.GetNew()) == 0 {
			return i.unreadable("change of address without an address")
		}
		change.Old = replaced(sender, change.GetNew())
		if len(sender) == 0 {
			// The old address is in the sentence alone, which holds the
			// customer's own words and is not to be trusted.
			in.Sender = change.GetNew()
		}
	case "customer_identity_changed", "user_identity_changed":
		if len(sender) == 0 {
			return i.unreadable("no sender")
		}
		if hash := s.Text("identity"); hash != "" {
			in.IdentityKeyHash = hash
		}
	case "":
		return i.unreadable("system message without a type")
	default:
		return i.ignored("system_" + change.GetType())
	}
	in.Event = &ingressv1.Inbound_IdentityChange{IdentityChange: change}
	return i.of(in)
}

// userIDUpdate reads that a customer's BSUID was replaced.
func (i item) userIDUpdate() *ingressv1.Item {
	id, parent := i.object.Object("user_id"), i.object.Object("parent_user_id")
	change := &ingressv1.IdentityChange{
		Old:  aliases(id.Text("previous"), parent.Text("previous"), ""),
		New:  aliases(id.Text("current"), parent.Text("current"), ""),
		Type: "user_id_update",
	}
	if len(change.GetNew()) == 0 {
		return i.unreadable("change of address without an address")
	}
	phone := aliases("", "", i.object.Text("wa_id"))
	i.who = i.people.complete(append(phone, change.GetNew()...))
	i.who.aliases = append(change.GetOld(), phone...)
	in := i.inbound()
	if len(in.GetSender()) == 0 {
		in.Sender = change.GetNew()
	}
	in.Event = &ingressv1.Inbound_IdentityChange{IdentityChange: change}
	return i.of(in)
}

// replaced returns the addresses of which there is a new one of the same kind.
func replaced(old, new []*eventv1.Alias) []*eventv1.Alias {
	var gone []*eventv1.Alias
	for _, o := range old {
		for _, n := range new {
			if o.GetKind() == n.GetKind() && o.GetValue() != n.GetValue() {
				gone = append(gone, o)
			}
		}
	}
	return gone
}
