package egress_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/egress"
)

// Nothing is claimed for a provider that does not answer, but for one send now and
// then. Another integration does not mind.
func TestBrokenIntegrationRests(t *testing.T) {
	for name, failure := range map[string]error{
		"unknown":  &channel.SendError{Outcome: channel.Unknown, Detail: because("provider_error")},
		"network":  &channel.SendError{Outcome: channel.NotSent, Detail: because("network")},
		"time-out": context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p posts
				o := newOffice(p.provider(func(n int, s *ingressv1.Send) (string, error) {
					if s.GetIntegrationId() == "slow" && time.Since(p.began) < 40*time.Second {
						return "", failure
					}
					return taken(n, s)
				}))
				o.tray.again = true
				o.config.Workers, o.config.InFlight = 16, 1
				var told []string
				o.config.Events.Broken = func(_, _, integration string, broken bool) {
					told = append(told, fmt.Sprint(integration, " ", broken))
				}
				e, err := egress.New(o.config)
				if err != nil {
					t.Fatal(err)
				}
				ctx, stop := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- e.Run(ctx) }()
				o.fill("slow", 60)
				o.fill("shop", 20)
				time.Sleep(10 * time.Second)
				broken := e.Broken()
				time.Sleep(50 * time.Second)
				o.fill("slow", 0)
				time.Sleep(time.Minute)
				if len(broken) != 1 || broken[0].Integration != "slow" || broken[0].Waiting < 50 {
					t.Errorf("broken: %v", broken)
				}
				// The first five in the first second or two, then one each 15 s.
				if first, rest := p.between("slow", 0, 5*time.Second), p.between("slow", 5*time.Second, 40*time.Second); first != 5 || rest < 1 || rest > 2 {
					t.Errorf("%d posts, then %d", first, rest)
				}
				claims, _ := o.desk.said()
				if len(claims) != 80 || p.between("shop", 0, 10*time.Second) != 20 || o.provider.sum() != 80 {
					t.Errorf("%d claims, %d posts; %d of the other", len(claims), o.provider.sum(), p.between("shop", 0, 10*time.Second))
				}
				if !slices.Equal(told, []string{"slow true", "slow false"}) || len(e.Broken()) != 0 {
					t.Errorf("told %v, broken %v", told, e.Broken())
				}
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Refusals and faults of the integration say nothing of the way to the provider.
func TestRefusalsBreakNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p posts
		o := newOffice(p.provider(func(n int, _ *ingressv1.Send) (string, error) {
			outcome := []channel.Outcome{channel.Refused, channel.Unhealthy, channel.NotSent}[n%3]
			return "", &channel.SendError{Outcome: outcome, Detail: &eventv1.SendError{Code: 131026, Reason: "why"}}
		}))
		o.tray.again = true
		o.config.Events.Broken = func(string, string, string, bool) { t.Error("broken") }
		o.open(t)
		o.fill("shop", 60)
		time.Sleep(10 * time.Second)
		o.close(t)
		if o.provider.sum() != 60 {
			t.Errorf("%d posts", o.provider.sum())
		}
	})
}
