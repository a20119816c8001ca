package egress_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/egress"
)

// A send in flight is finished when Run ends, nothing else is begun.
func TestI15ShutdownFinishesTheSendInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(func(ctx context.Context, s *ingressv1.Send) (string, error) {
			select {
			case <-time.After(20 * time.Second):
				return "wamid", nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		}), send("s1"))
		o.config.Workers = 1
		o.open(t)
		synctest.Wait()
		o.tray.put(send("s2"))
		synctest.Wait()
		if took := o.close(t); took != 20*time.Second {
			t.Errorf("Run ended after %v", took)
		}
		o.wants(t, "s1", &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: "wamid"}})
		if posts, ends := o.provider.sum(), o.tray.ended(); posts != 1 || ends[0] != "closed" {
			t.Errorf("%d posts, messages %q", posts, ends)
		}
	})
}

// What was taken and not begun when Run ends is given back unclaimed.
func TestShutdownGivesBackWhatIsNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil))
		o.config.Open = func(context.Context, string) (egress.Inbox, error) { return stopping{o}, nil }
		o.open(t)
		synctest.Wait()
		o.close(t)
		if diff := cmp.Diff([]string{"closed", "nak s1"}, slices.Sorted(slices.Values(o.tray.ended()))); diff != "" {
			t.Error(diff)
		}
		if claims, _ := o.desk.said(); len(claims) != 0 {
			t.Errorf("claimed %v", claims)
		}
	})
}

// stopping is an inbox that has a send at the very end.
type stopping struct{ office *office }

func (s stopping) Next(ctx context.Context, _ int) ([]egress.Delivery, error) {
	<-ctx.Done()
	return []egress.Delivery{{Send: send("s1"), Handle: handle{s.office.tray, "s1", nil}}}, ctx.Err()
}

func (s stopping) Close() { s.office.tray.Close() }

// Whatever hangs, Run ends.
func TestShutdownIsBounded(t *testing.T) {
	hangs := func(ctx context.Context, _ *ingressv1.Send) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	for _, tc := range []struct {
		name   string
		lost   func(n int, c *ingressv1.SenderCommand) fate
		within time.Duration
	}{
		{"provider", func(int, *ingressv1.SenderCommand) fate { return answered }, 30 * time.Second},
		{"router", func(int, *ingressv1.SenderCommand) fate { return unheard }, 10 * time.Second},
		{"provider, then router", func(_ int, c *ingressv1.SenderCommand) fate {
			if c.GetOutcome() != nil {
				return unheard
			}
			return answered
		}, 40 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(newProvider(hangs), send("s1"))
				o.desk.lost = tc.lost
				o.open(t)
				synctest.Wait()
				if took := o.close(t); took > tc.within {
					t.Errorf("Run ended after %v", took)
				}
				if tc.name == "provider" {
					o.wants(t, "s1", unknownFor("timeout"))
				}
			})
		})
	}
}
