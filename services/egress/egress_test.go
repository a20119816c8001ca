package egress_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/durationpb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/egress"
)

func because(reason string) *eventv1.SendError { return &eventv1.SendError{Reason: reason} }

func refusedFor(reason string) *ingressv1.ReportOutcome {
	return &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_Refused{Refused: because(reason)}}
}

func unknownFor(reason string) *ingressv1.ReportOutcome {
	return &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_Unknown{Unknown: because(reason)}}
}

func notSentFor(reason string, after *durationpb.Duration) *ingressv1.ReportOutcome {
	return &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_NotSent{
		NotSent: &ingressv1.NotSent{Error: because(reason), RetryAfter: after},
	}}
}

// Whatever a sender returns is recorded as one outcome, and "sent" only where
// the provider gave an id.
func TestI11I15EveryReturnIsAnOutcome(t *testing.T) {
	failed := func(outcome channel.Outcome, after time.Duration) error {
		return fmt.Errorf("wrapped: %w", &channel.SendError{
			Outcome: outcome, Detail: &eventv1.SendError{Code: 7, Subcode: 8, Reason: "why"}, RetryAfter: after,
		})
	}
	detail := &eventv1.SendError{Code: 7, Subcode: 8, Reason: "why"}
	for _, tc := range []struct {
		name string
		id   string
		err  error
		want *ingressv1.ReportOutcome
	}{
		{"sent", "wamid", nil, &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: "wamid"}}},
		{"no id", "", nil, unknownFor("no_id")},
		{"refused", "", failed(channel.Refused, 0), &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_Refused{Refused: detail}}},
		{"not sent", "", failed(channel.NotSent, 0), &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_NotSent{NotSent: &ingressv1.NotSent{Error: detail}}}},
		{"not sent, later", "", failed(channel.NotSent, time.Minute), &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_NotSent{NotSent: &ingressv1.NotSent{Error: detail, RetryAfter: durationpb.New(time.Minute)}}}},
		{"unhealthy", "", failed(channel.Unhealthy, 0), &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_NotSent{NotSent: &ingressv1.NotSent{Error: detail, Unhealthy: true}}}},
		{"unknown", "", failed(channel.Unknown, 0), &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_Unknown{Unknown: detail}}},
		{"an outcome that is none", "", failed(channel.Outcome(99), 0), &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_Unknown{Unknown: detail}}},
		{"refused with an id", "wamid", failed(channel.Refused, 0), &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_Refused{Refused: detail}}},
		{"without a detail", "", &channel.SendError{Outcome: channel.Refused}, refusedFor("unstated")},
		{"any error", "wamid", errors.New("ana's number"), unknownFor("error")},
		{"time-out", "", fmt.Errorf("post: %w", context.DeadlineExceeded), unknownFor("timeout")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(newProvider(func(context.Context, *ingressv1.Send) (string, error) { return tc.id, tc.err }), send("s1"))
				o.open(t)
				synctest.Wait()
				o.close(t)
				o.wants(t, "s1", tc.want)
				if posts := o.provider.sum(); posts != 1 {
					t.Errorf("%d posts", posts)
				}
			})
		})
	}
}

// wants checks what was recorded of a send, and that its message was acked.
func (o *office) wants(t *testing.T, id string, want *ingressv1.ReportOutcome) {
	t.Helper()
	want = proto.CloneOf(want)
	want.SendId, want.Attempt = id, 1
	got := o.desk.outcome(id)
	if got != nil {
		want.IntegrationId = got.GetIntegrationId()
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("outcome of %s:\n%s", id, diff)
	}
	if ends := o.tray.ended(); !slices.Contains(ends, "ack "+id) {
		t.Errorf("the message of %s was not acked: %q", id, ends)
	}
}

// A panic may come after bytes have left.
func TestI12PanicIsUnknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(func(context.Context, *ingressv1.Send) (string, error) { panic("of the sender") }), send("s1"), send("s2"))
		o.open(t)
		synctest.Wait()
		o.close(t)
		o.wants(t, "s1", unknownFor("panic"))
		o.wants(t, "s2", unknownFor("panic"))
	})
}

// What cannot be sent is claimed all the same, so that its end is recorded.
func TestI15WhatCannotBeSentIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		erased, bare, gone, other, foreign := send("erased"), send("bare"), send("gone"), send("other"), send("foreign")
		erased.Erased, bare.IntegrationId, gone.IntegrationId, other.IntegrationId = true, "bare", "gone", "other"
		foreign.AccountId = "foreign"
		o := newOffice(newProvider(nil), erased, bare, gone, other, foreign)
		o.open(t)
		synctest.Wait()
		o.close(t)
		o.wants(t, "erased", refusedFor("erased"))
		o.wants(t, "bare", notSentFor("no_token", nil))
		o.wants(t, "gone", refusedFor("no_such_integration"))
		o.wants(t, "other", refusedFor("no_such_integration"))
		o.wants(t, "foreign", refusedFor("no_such_integration"))
		if posts := o.provider.sum(); posts != 0 {
			t.Errorf("%d posts", posts)
		}
		if got := o.desk.outcome("bare").GetIntegrationId(); got != "bare" {
			t.Errorf("reported for integration %q", got)
		}
		for _, from := range o.desk.sources {
			if from.Kind != channel.KindEgress || from.ID != "one" || from.Account != "acme" && from.Account != "foreign" {
				t.Errorf("spoke as %v", from)
			}
		}
	})
}

// A report is repeated, word for word, until it is answered, and the message is
// acked after that.
func TestI15OutcomeIsReportedUntilAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil), send("s1"))
		o.desk.lost = func(n int, c *ingressv1.SenderCommand) fate {
			switch {
			case c.GetOutcome() != nil && n < 4:
				return unheard
			case c.GetOutcome() != nil && n < 8:
				return unspoken
			}
			return answered
		}
		o.open(t)
		for o.desk.outcome("s1") == nil {
			if slices.Contains(o.tray.ended(), "ack s1") {
				t.Fatal("acked before the outcome was recorded")
			}
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
		o.close(t)
		o.wants(t, "s1", &ingressv1.ReportOutcome{Outcome: &ingressv1.ReportOutcome_ProviderMessageId{ProviderMessageId: "id-s1"}})
		claims, outcomes := o.desk.said()
		if len(claims) != 1 || len(outcomes) != 7 {
			t.Errorf("%d claims, %d reports", len(claims), len(outcomes))
		}
		for _, again := range outcomes {
			if !proto.Equal(again, outcomes[0]) {
				t.Errorf("reported %v, then %v", outcomes[0], again)
			}
		}
		if posts := o.provider.sum(); posts != 1 {
			t.Errorf("%d posts", posts)
		}
	})
}

// A report that is never answered ends, and the message comes again: its claim
// will be lost. One that is refused ends too, and one to a broker that is closed
// at once.
func TestReportIsBounded(t *testing.T) {
	for outcome, want := range map[fate]string{unheard: "nak s1", closed: "nak s1", refused: "ack s1"} {
		synctest.Test(t, func(t *testing.T) {
			o := newOffice(newProvider(nil), send("s1"))
			o.desk.lost = func(_ int, c *ingressv1.SenderCommand) fate {
				if c.GetOutcome() != nil {
					return outcome
				}
				return answered
			}
			var lost []string
			o.config.Events.Unrecorded = func(_, outcome string) { lost = append(lost, outcome) }
			o.open(t)
			time.Sleep(time.Hour)
			if ends := o.tray.ended(); ends[len(ends)-1] != want {
				t.Errorf("messages %q, want %q", ends, want)
			}
			o.close(t)
			if diff := cmp.Diff([]string{egress.OutcomeSent}, lost); diff != "" {
				t.Error(diff)
			}
			if _, outcomes := o.desk.said(); outcome != unheard && len(outcomes) != 1 {
				t.Errorf("%d reports", len(outcomes))
			}
		})
	}
}

// No more sends are under way than there are workers, and none is held beyond.
func TestWorkersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now, most := 0, 0
		o := newOffice(newProvider(func(_ context.Context, s *ingressv1.Send) (string, error) {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return "id", nil
		}))
		for i := range 50 {
			o.tray.put(send(fmt.Sprint(i)))
		}
		o.config.Workers, o.config.InFlight = 7, 7
		o.open(t)
		time.Sleep(20 * time.Second)
		o.close(t)
		if most != 7 || o.provider.sum() != 50 || slices.Max(o.tray.asked) > 7 {
			t.Errorf("%d at once, %d posts, asked for %v", most, o.provider.sum(), o.tray.asked)
		}
	})
}

// A message is kept from others as long as it is worked on.
func TestBusyMessageIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(func(context.Context, *ingressv1.Send) (string, error) {
			time.Sleep(25 * time.Second)
			return "id", nil
		}), send("s1"))
		o.open(t)
		time.Sleep(time.Minute)
		o.close(t)
		if diff := cmp.Diff([]string{"busy s1", "busy s1", "ack s1", "closed"}, o.tray.ended()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestUnreadableMessageIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil))
		unreadable := 0
		o.config.Events.Unreadable = func(string) { unreadable++ }
		o.tray.waiting <- egress.Delivery{Err: errors.New("no send"), Handle: handle{o.tray, "x", nil}}
		o.tray.put(send("s1"))
		o.open(t)
		synctest.Wait()
		o.close(t)
		if ends := o.tray.ended(); unreadable != 1 || !slices.Contains(ends, "ack x") || !slices.Contains(ends, "ack s1") {
			t.Errorf("%d unreadable, messages %q", unreadable, ends)
		}
	})
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(func(context.Context, *ingressv1.Send) (string, error) {
			time.Sleep(time.Second)
			return "", &channel.SendError{Outcome: channel.Unhealthy, Detail: because("token_refused")}
		}), send("s1"))
		o.desk.lost = func(n int, _ *ingressv1.SenderCommand) fate {
			return []fate{senseless, answered, answered, answered}[n-1]
		}
		var mu sync.Mutex
		var told []string
		tell := func(what string) func(string) {
			return func(where string) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, what+" "+where)
			}
		}
		o.config.Events = egress.Events{
			Claimed: tell("claimed"), ClaimLost: tell("lost"), Unanswered: tell("unanswered"),
			Attempted: func(where, outcome string, took time.Duration) {
				tell(fmt.Sprint("attempted ", outcome, " ", took))(where)
			},
			Recorded: func(where, outcome string) { tell("recorded " + outcome)(where) },
			Unhealthy: func(where, account, integration, reason string) {
				tell("unhealthy " + account + " " + integration + " " + reason)(where)
			},
		}
		o.open(t)
		time.Sleep(10 * time.Second)
		o.tray.put(send("s1"))
		synctest.Wait()
		o.close(t)
		if diff := cmp.Diff([]string{
			"unanswered whatsapp", "claimed whatsapp", "unhealthy acme shop token_refused whatsapp",
			"attempted not_sent 1s whatsapp", "recorded not_sent whatsapp", "lost whatsapp",
		}, told); diff != "" {
			t.Error(diff)
		}
	})
}

// An inbox that cannot be opened yet is tried again; any other error ends Run,
// for all channels.
func TestInboxErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil), send("s1"))
		tries := 0
		o.config.Open = func(context.Context, string) (egress.Inbox, error) {
			if tries++; tries < 5 {
				return nil, fmt.Errorf("%w: away", broker.ErrUnavailable)
			}
			return o.tray, nil
		}
		o.open(t)
		time.Sleep(time.Minute)
		if o.desk.outcome("s1") == nil {
			t.Error("nothing was sent")
		}
		o.tray.broken <- broker.ErrClosed
		if err := <-o.ended; !errors.Is(err, broker.ErrClosed) {
			t.Errorf("Run = %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil))
		o.config.Senders["messenger"] = o.provider
		o.config.Open = func(_ context.Context, name string) (egress.Inbox, error) {
			if name == "messenger" {
				return nil, broker.ErrName
			}
			return o.tray, nil
		}
		o.open(t)
		if err := <-o.ended; !errors.Is(err, broker.ErrName) {
			t.Errorf("Run = %v", err)
		}
	})
}

func TestConfig(t *testing.T) {
	for name, change := range map[string]func(*egress.Config){
		"publisher":          func(c *egress.Config) { c.Publisher = nil },
		"open":               func(c *egress.Config) { c.Open = nil },
		"directory":          func(c *egress.Config) { c.Directory = nil },
		"senders":            func(c *egress.Config) { c.Senders = nil },
		"sender of whatsapp": func(c *egress.Config) { c.Senders = map[string]channel.Sender{"whatsapp": nil} },
		"workers":            func(c *egress.Config) { c.Workers = -1 },
		"instance":           func(c *egress.Config) { c.Instance = "host.example" },
	} {
		config := newOffice(newProvider(nil)).config
		change(&config)
		if _, err := egress.New(config); !errors.Is(err, egress.ErrConfig) || err.Error() != egress.ErrConfig.Error()+": "+name {
			t.Errorf("without %s: %v", name, err)
		}
	}
}
