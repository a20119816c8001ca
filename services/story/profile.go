package story

import (
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// named lets a provider tell what somebody is called, or that it will not.
func (p *player) named(t testing.TB, m []string) string {
	report := &ingressv1.ReportProfile{IdentityId: p.names.newest(m[1] + "@" + m[0])}
	if len(m) > 2 {
		report.Profile = &eventv1.Profile{Name: m[2]}
	}
	return p.egress(t, &ingressv1.SenderCommand{Command: &ingressv1.SenderCommand_Profile{Profile: report}})
}
