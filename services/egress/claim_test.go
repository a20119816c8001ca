package egress_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

func TestI12LostClaimIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil), send("s1"), send("s2"))
		o.desk.holders["s1"] = "somebody else"
		o.desk.lost = func(_ int, c *ingressv1.SenderCommand) fate {
			if c.GetClaim().GetSendId() == "s2" {
				return refused
			}
			return answered
		}
		o.open(t)
		synctest.Wait()
		o.close(t)
		if posts, ends := o.provider.sum(), o.tray.ended(); posts != 0 || !slices.Contains(ends, "ack s1") || !slices.Contains(ends, "ack s2") {
			t.Errorf("%d posts, messages %q", posts, ends)
		}
		if _, outcomes := o.desk.said(); len(outcomes) != 0 {
			t.Errorf("reported %v", outcomes)
		}
	})
}

// The answer to a claim is lost, then senseless, and comes at the fourth time: it
// was granted to this very nonce.
func TestI12ClaimIsRepeatedWithItsNonce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil), send("s1"))
		o.desk.lost = func(n int, _ *ingressv1.SenderCommand) fate {
			return []fate{unspoken, senseless, blank, answered, answered}[n-1]
		}
		o.open(t)
		time.Sleep(20 * time.Second)
		o.close(t)
		claims, _ := o.desk.said()
		if len(claims) != 4 || claims[0].GetNonce() == "" || slices.ContainsFunc(claims, func(c *ingressv1.ClaimSend) bool { return !proto.Equal(c, claims[0]) }) {
			t.Errorf("claims %v", claims)
		}
		if posts := o.provider.sum(); posts != 1 || o.desk.outcome("s1").GetProviderMessageId() != "id-s1" {
			t.Errorf("%d posts, recorded %v", posts, o.desk.outcome("s1"))
		}
	})
}

// A claim may have been granted long before its answer arrives. The router is
// about to call it unknown, so nothing is sent; it says that nothing was.
func TestI12LateClaimIsNotSent(t *testing.T) {
	for _, tc := range []struct {
		name  string
		until fate // what becomes of the publications of the first 26 s
		want  *ingressv1.ReportOutcome
	}{
		{"granted unheard", unspoken, notSentFor("late", nil)},
		{"granted now", unheard, &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: "id-s1"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(newProvider(nil), send("s1"))
				began := time.Now()
				o.desk.lost = func(int, *ingressv1.SenderCommand) fate {
					if time.Since(began) < 26*time.Second {
						return tc.until
					}
					return answered
				}
				o.open(t)
				time.Sleep(time.Minute)
				o.close(t)
				o.wants(t, "s1", tc.want)
			})
		})
	}
}

// A process that was stopped between the grant and the first byte does not send
// what somebody may have sent since.
func TestI12SuspendedProcessDoesNotSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil), send("s1"))
		var mu sync.Mutex
		var stopped time.Duration
		o.config.Now = func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(stopped)
		}
		o.desk.lost = func(int, *ingressv1.SenderCommand) fate {
			mu.Lock()
			defer mu.Unlock()
			stopped = time.Hour
			return answered
		}
		o.open(t)
		synctest.Wait()
		o.close(t)
		o.wants(t, "s1", notSentFor("late", nil))
	})
}

// A claim that nobody answers is given back, in case that it was granted or will
// be, and the message with it.
func TestI15UnansweredClaimIsReleased(t *testing.T) {
	for _, tc := range []struct {
		name   string
		claims fate
		want   string // what becomes of the message
	}{
		{"granted unheard", unspoken, "ack s1"},
		{"unheard", unheard, "nak s1"},
		{"closed", closed, "nak s1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(newProvider(nil), send("s1"))
				o.desk.lost = func(_ int, c *ingressv1.SenderCommand) fate {
					if c.GetClaim() != nil {
						return tc.claims
					}
					return answered
				}
				o.open(t)
				time.Sleep(5 * time.Minute)
				if ends := o.tray.ended(); ends[len(ends)-1] != tc.want {
					t.Errorf("messages %q, want %q", ends, tc.want)
				}
				o.close(t)
				claims, outcomes := o.desk.said()
				if len(outcomes) != 1 || outcomes[0].GetNonce() != claims[0].GetNonce() || outcomes[0].GetNotSent().GetError().GetReason() != "no_answer" {
					t.Errorf("reported %v", outcomes)
				}
				if posts := o.provider.sum(); posts != 0 {
					t.Errorf("%d posts", posts)
				}
			})
		})
	}
}
