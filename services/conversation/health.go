package conversation

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// ReportHealth says whether the provider serves an integration.
type ReportHealth struct {
	Header
	IntegrationID string
	// Unhealthy is why it does not; nil where it does.
	Unhealthy *eventv1.SendError
	// Instance is who says so. One that is called like an integration speaks of
	// that integration alone.
	Instance string
}

// health notes whether an integration is served (R10). Only a change is written.
func (d *decider) health(c *ReportHealth) error {
	integration, err := d.integration(c.IntegrationID)
	if err != nil {
		return err
	}
	if integration.GetChannel() == ChannelWidget {
		return refuse(invalid, "a widget is served by nobody else")
	}
	if d.isOther(c.Instance, c.IntegrationID) {
		return refuse(notFound, "there is no such integration")
	}
	if c.Unhealthy != nil {
		d.unhealthy(c.IntegrationID, c.Unhealthy)
		return nil
	}
	d.recovered(c.IntegrationID)
	return nil
}

// unhealthy notes that an integration is not served, once.
func (d *decider) unhealthy(integrationID string, why *eventv1.SendError) {
	if d.sick(integrationID) != nil {
		return
	}
	d.emit(Stream{CategoryAccount, d.head.Account}, &eventv1.IntegrationUnhealthy{IntegrationId: integrationID, Error: why})
	d.sickened[integrationID] = why
}

// recovered notes that an integration is served again, or taken to be.
func (d *decider) recovered(integrationID string) {
	if d.sick(integrationID) != nil {
		d.emit(Stream{CategoryAccount, d.head.Account}, &eventv1.IntegrationRecovered{IntegrationId: integrationID})
		d.sickened[integrationID] = nil
	}
}

// sick returns why an integration is not served; nil where it is.
func (d *decider) sick(integrationID string) *eventv1.SendError {
	if why, changed := d.sickened[integrationID]; changed {
		return why
	}
	if unhealthy := d.account().Unhealthy[integrationID]; unhealthy != nil {
		if unhealthy.Error == nil {
			return &eventv1.SendError{Reason: "unhealthy"}
		}
		return unhealthy.Error
	}
	return nil
}

// A send that waits for its channel to recover has its turn again after a quarter
// of the time that it has waited, within these bounds.
const (
	firstTurn = time.Minute
	lastTurn  = 3 * time.Minute
)

// nextTurn returns when a send that cannot leave now has its turn again.
func (d *decider) nextTurn(send *Send) time.Time {
	waited := d.head.Now.Sub(send.QueuedAt)
	return d.head.Now.Add(min(max(waited/4, firstTurn), lastTurn))
}
