package public

import (
	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
)

// link translates how far a link is.
func link(event *streamv1.Event, stored proto.Message) bool {
	changed := &streamv1.LinkChanged{}
	switch e := stored.(type) {
	case *eventv1.LinkRequested:
		changed.State, changed.LinkId, changed.IntegrationId = "requested", e.GetLinkId(), e.GetIntegrationId()
	case *eventv1.LinkMatched:
		changed.State, changed.LinkId = "matched", e.GetLinkId()
	case *eventv1.LinkPrompted:
		changed.State, changed.LinkId = "prompted", e.GetLinkId()
	case *eventv1.LinkAnswered:
		changed.State, changed.LinkId = "answered", e.GetLinkId()
	case *eventv1.LinkApproved:
		changed.State, changed.LinkId = "approved", e.GetLinkId()
	case *eventv1.LinkConfirmed:
		changed.State, changed.LinkId = "confirmed", e.GetLinkId()
	case *eventv1.LinkCancelled:
		changed.State, changed.LinkId = "cancelled", e.GetLinkId()
	case *eventv1.LinkFailed:
		changed.State, changed.LinkId = "failed", e.GetLinkId()
	case *eventv1.LinkExpired:
		changed.State, changed.LinkId = "expired", e.GetLinkId()
	default:
		return false
	}
	event.Body = &streamv1.Event_LinkChanged{LinkChanged: changed}
	return true
}

// set translates what is about customers and integrations.
func set(event *streamv1.Event, stored proto.Message) bool {
	customer := func(customerID, identityID string) bool {
		event.Body = &streamv1.Event_CustomerChanged{CustomerChanged: &streamv1.CustomerChanged{
			CustomerId: customerID, IdentityId: identityID,
		}}
		return true
	}
	integration := func(integrationID, change string) bool {
		event.Body = &streamv1.Event_IntegrationChanged{IntegrationChanged: &streamv1.IntegrationChanged{
			IntegrationId: integrationID, Change: change,
		}}
		return true
	}
	switch e := stored.(type) {
	case *eventv1.CustomerCreated:
		return customer(e.GetCustomerId(), "")
	case *eventv1.IdentityCreated:
		return customer(e.GetCustomerId(), e.GetIdentityId())
	case *eventv1.IdentityAliasesChanged:
		return customer(e.GetCustomerId(), e.GetIdentityId())
	case *eventv1.IdentityMoved:
		return customer(e.GetToCustomerId(), e.GetIdentityId())
	case *eventv1.IdentityKeyChanged:
		return customer(e.GetCustomerId(), e.GetIdentityId())
	case *eventv1.IdentityConfirmed:
		return customer("", e.GetIdentityId())
	case *eventv1.OptInChanged:
		return customer(e.GetCustomerId(), e.GetIdentityId())
	case *eventv1.AliasConflictFound:
		return customer(e.GetCustomerId(), e.GetIdentityId())
	case *eventv1.CustomersLinked:
		return customer(e.GetCustomerId(), "")
	case *eventv1.CustomersUnlinked:
		return customer(e.GetCustomerId(), "")
	case *eventv1.IdentityErased:
		return customer(e.GetCustomerId(), e.GetIdentityId())
	case *eventv1.CustomerErased:
		return customer(e.GetCustomerId(), "")
	case *eventv1.IntegrationConnected:
		return integration(e.GetIntegrationId(), "connected")
	case *eventv1.IntegrationRemoved:
		return integration(e.GetIntegrationId(), "removed")
	case *eventv1.IntegrationUnhealthy:
		return integration(e.GetIntegrationId(), "unhealthy")
	case *eventv1.IntegrationRecovered:
		return integration(e.GetIntegrationId(), "recovered")
	}
	return false
}
