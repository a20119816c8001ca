package main

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/channel"
	"weiche/services/simulator"
)

// A visitor whose channel is not served any more sees it, and can disconnect it; one
// who is not linked is not offered it (R10).
func TestAVisitorKeepsAnUnhealthyChannel(t *testing.T) {
	r := newGraphRun(t, asIs)
	const service = "weiche.widget.v1.WidgetService/"
	visitor := func() string {
		session := &widgetv1.OpenSessionResponse{}
		r.call(service+"OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: demoWidget}, session)
		return session.GetSessionToken()
	}
	// shown is WhatsApp as a visitor's widget lists it, nil where it does not.
	shown := func(who string) *widgetv1.OfferedChannel {
		timeline := &widgetv1.GetTimelineResponse{}
		r.call(service+"GetTimeline", who, &widgetv1.GetTimelineRequest{}, timeline)
		for _, c := range timeline.GetWidget().GetChannels() {
			if c.GetIntegrationId() == "whatsapp" {
				return c
			}
		}
		return nil
	}
	ana, bob := visitor(), visitor()
	if _, err := r.sim.AddPerson(simulator.Person{Name: "ana"}); err != nil {
		t.Fatal(err)
	}
	asked := &widgetv1.RequestLinkResponse{}
	r.call(service+"RequestLink", ana, &widgetv1.RequestLinkRequest{IntegrationId: "whatsapp", ClientToken: "1"}, asked)
	for _, text := range []string{asked.GetLink().GetCode(), "yes"} {
		if _, err := r.sim.Send("ana", simulator.Typed{Integration: demoProviderAccount("whatsapp"), Text: text}); err != nil {
			t.Fatal(err)
		}
		if err := r.sim.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the link", func() bool { return shown(ana).GetLinked() }, func() string { return "" })

	if _, err := r.say(channel.KindEgress, &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Health{Health: &ingressv1.ReportHealth{
			IntegrationId: "whatsapp", Error: &eventv1.SendError{Reason: "token_refused"},
		}},
	}}}); err != nil {
		t.Fatal(err)
	}
	if c := shown(ana); !c.GetLinked() || !c.GetUnhealthy() {
		t.Errorf("who is linked sees %v", c)
	}
	if c := shown(bob); c != nil {
		t.Errorf("who is not linked sees %v", c)
	}
	cut := &widgetv1.DisconnectResponse{}
	r.call(service+"Disconnect", ana, &widgetv1.DisconnectRequest{IntegrationId: "whatsapp", ClientToken: "2"}, cut)
	eventually(t, "that it is gone", func() bool { return shown(ana) == nil }, func() string { return "" })
}
