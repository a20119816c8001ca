package conversation

import (
	"bytes"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// ExternalID is the kind of the address by which a site knows its visitor.
const ExternalID = "external_id"

// IdentifyVisitor says who a visitor is, by the word of the site.
type IdentifyVisitor struct {
	Header
	// Visitor is whoever is in the page: the secret of the device, or the same as
	// External where there is none.
	Visitor Visitor
	// External is the site's own id of the person, of the kind ExternalID.
	External Address
	// Profile is what the site tells about the person, and ProfileHash its keyed
	// hash; nil where it tells nothing.
	Profile     *eventv1.Profile
	ProfileHash []byte
	// Session is the SHA-256 of the secret of the device's session; nil where there is
	// none.
	Session []byte
}

// identifyVisitor joins the person whom a site knows to what was said on the device
// before (P3). Where the device's conversation is another customer's already nothing is
// merged, and agents are asked; where it is that of somebody else whom the site has
// signed in on this device, there is nothing to ask. The visitor goes on as whom the
// site says in any case, and what was said on the device before is not to be read there
// any more without that word: its session ends.
func (d *decider) identifyVisitor(c *IdentifyVisitor) error {
	integration, err := d.integration(c.Visitor.WidgetID)
	if err != nil {
		return err
	}
	if integration.GetChannel() != ChannelWidget || c.External.Kind != ExternalID {
		return refuse(invalid, "a site signs its visitors in to a widget, by its own id of them")
	}
	person := d.find([]Address{c.External})
	device := d.find([]Address{c.Visitor.Address})
	if device != nil && device.base.signedIn() {
		device = nil
	}
	learnt, ends := &eventv1.IdentityAliasesChanged{}, false
	switch {
	case person == nil && device != nil:
		person = device
		newAddresses{c.External}.into(learnt)
		ends = true
	case person == nil && len(c.ProfileHash) > 0:
		person = d.createIdentity(integration, []Address{c.External}, nil)
	case person == nil:
		// Nobody has said anything yet, and there is nothing to remember.
		return nil
	case device != nil:
		ends = d.conflict(person, device)
	}
	if len(c.ProfileHash) > 0 && !bytes.Equal(c.ProfileHash, person.base.ProfileHash) {
		learnt.ProfileHash = c.ProfileHash
		if learnt.Sealed == nil {
			learnt.Sealed = &eventv1.IdentityAliasesChanged_Sealed{}
		}
		learnt.Sealed.Profile = c.Profile
	}
	if len(learnt.Added) > 0 || len(learnt.ProfileHash) > 0 {
		learnt.IdentityId, learnt.CustomerId, learnt.IntegrationId = person.id, person.customer, person.integration
		d.emit(person.stream(), learnt)
	}
	if ends && len(c.Session) == hashSize {
		d.emit(visitorStream(c.Session), &eventv1.VisitorSessionEnded{Hash: c.Session})
	}
	d.answer.ConversationID = person.conversation
	return nil
}

// signedIn says whether a site knows whose identity it is.
func (i *Identity) signedIn() bool {
	for _, kind := range i.Aliases {
		if kind == ExternalID {
			return true
		}
	}
	return false
}

// mayEnter refuses a visitor whom nobody knows where the site signs its visitors in.
func (d *decider) mayEnter(widgetID string, visitor []Address) error {
	widget := d.account().Widgets[widgetID]
	if widget == nil || !widget.Config.GetSignedVisitorsOnly() {
		return nil
	}
	for _, address := range visitor {
		if address.Kind != ExternalID {
			return refuse(signInRequired, "the site has to say who the visitor is")
		}
	}
	return nil
}
