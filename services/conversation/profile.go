package conversation

import (
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// ReportProfile says what a provider tells about a customer whom its webhooks do not
// name.
type ReportProfile struct {
	Header
	IdentityID string
	// Profile is what it tells; nil where it tells nothing.
	Profile *eventv1.Profile
	// Instance is who says so. One that is called like an integration speaks of
	// that integration alone.
	Instance string
}

// profile notes who a customer is. The provider is asked once: nothing follows from
// what it tells again.
func (d *decider) profile(c *ReportProfile) error {
	i := d.identity(c.IdentityID)
	if i == nil || i.erased || d.isOther(c.Instance, i.integration) {
		return refuse(notFound, "there is no such identity")
	}
	if !i.base.ProfileWanted {
		return nil
	}
	settled := &eventv1.IdentityAliasesChanged{
		IdentityId: i.id, CustomerId: i.customer, IntegrationId: i.integration, ProfileSettled: true,
	}
	if c.Profile.GetName() != "" || c.Profile.GetUsername() != "" {
		settled.Sealed = &eventv1.IdentityAliasesChanged_Sealed{Profile: c.Profile}
	}
	d.emit(i.stream(), settled)
	return nil
}
