package api

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/capability"
)

// windows adds to a route until when replies can go over each binding (R7), and
// which channels their provider does not serve (R10).
func (s *server) windows(account string, route *viewv1.Route) {
	integrations, _ := s.Queries.Integrations(account)
	byID := map[string]Integration{}
	for _, i := range integrations {
		byID[i.ID] = i
	}
	now := s.Now()
	for _, b := range route.GetBindings() {
		i := byID[b.GetIntegrationId()]
		b.Unhealthy = i.Unhealthy
		channel := capability.Of(b.GetChannel())
		if channel.Window == 0 {
			continue
		}
		if b.GetActiveAt() == nil {
			b.WindowClosed = true
			continue
		}
		ends := b.GetActiveAt().AsTime().Add(channel.Window)
		b.WindowEndsAt = timestamppb.New(ends)
		if i.HumanAgent && channel.HumanWindow > channel.Window {
			ends = b.GetActiveAt().AsTime().Add(channel.HumanWindow)
			b.HumanUntil = timestamppb.New(ends)
		}
		b.WindowClosed = !now.Before(ends)
	}
}
