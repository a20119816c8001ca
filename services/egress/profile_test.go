package egress_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/egress"
)

// teller is a provider that tells who customers are.
type teller struct {
	*provider
	tell func(ctx context.Context, customer string) (*eventv1.Profile, error)
}

func (p teller) Profile(ctx context.Context, _ channel.Integration, customer []*eventv1.Alias) (*eventv1.Profile, error) {
	return p.tell(ctx, customer[0].GetValue())
}

// What a provider tells is reported, and that it tells nothing; where it fails or hangs
// nothing is, until it has been asked for a day, and nothing ever where there is no token
// to ask with.
func TestProfilesAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk, known := newDesk(), setUp()
		take := make(chan func(*ingressv1.WantedProfile), 1)
		p := teller{newProvider(nil), func(ctx context.Context, customer string) (*eventv1.Profile, error) {
			switch customer {
			case "ana":
				return &eventv1.Profile{Name: "Ana Lima"}, nil
			case "early":
				return &eventv1.Profile{Name: "Eva"}, nil
			case "shy":
				return nil, nil
			case "deaf":
				<-ctx.Done()
			}
			return nil, &channel.SendError{Outcome: channel.NotSent, Detail: because("network"), Cause: errors.New("away")}
		}}
		e, err := egress.New(egress.Config{
			Publisher: desk, Directory: known, Instance: "one", Logger: quiet,
			Open:    func(context.Context, string) (egress.Inbox, error) { return newTray(), nil },
			Senders: map[string]channel.Sender{"whatsapp": p},
			Wanted: func(name string, how func(*ingressv1.WantedProfile)) (func(), error) {
				if name != "whatsapp" {
					t.Errorf("listens to %s", name)
				}
				take <- how
				return func() {}, nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		running(t, e.Run)
		ask := <-take
		want := func(customer, integration string, since time.Time) {
			ask(&ingressv1.WantedProfile{
				IdentityId: "id-" + customer, AccountId: "acme", IntegrationId: integration, Channel: "whatsapp",
				Customer: []*eventv1.Alias{{Kind: "psid", Value: customer}}, Since: timestamppb.New(since),
			})
			synctest.Wait()
		}
		reported := func() map[string]string {
			desk.mu.Lock()
			defer desk.mu.Unlock()
			all := map[string]string{}
			for _, command := range desk.heard {
				all[command.GetProfile().GetIdentityId()] = command.GetProfile().GetProfile().GetName()
			}
			return all
		}
		now := time.Now()
		want("ana", "shop", now)
		want("shy", "shop", now)
		want("ben", "shop", now)
		want("lost", "another", now)
		got := reported()
		if len(got) != 3 || got["id-ana"] != "Ana Lima" {
			t.Errorf("reported %v", got)
		}
		for _, nothing := range []string{"id-shy", "id-lost"} {
			if name, was := got[nothing]; !was || name != "" {
				t.Errorf("reported %v: %s has no name", got, nothing)
			}
		}
		want("deaf", "shop", now)
		want("early", "bare", now)
		time.Sleep(time.Minute)
		if got := reported(); len(got) != 3 {
			t.Errorf("reported %v", got)
		}
		want("ben", "shop", now.Add(-25*time.Hour))
		want("deaf", "shop", now.Add(-25*time.Hour))
		want("early", "bare", now.Add(-25*time.Hour))
		time.Sleep(time.Minute)
		for _, silent := range []string{"id-ben", "id-deaf"} {
			if name, was := reported()[silent]; !was || name != "" {
				t.Errorf("a provider that does not answer is asked for %s without end", silent)
			}
		}
		if _, was := reported()["id-early"]; was {
			t.Error("a customer is nameless of whom nobody was asked")
		}
		bare := known["bare"]
		bare.Token = "token"
		known["bare"] = bare
		want("early", "bare", now.Add(-25*time.Hour))
		if name := reported()["id-early"]; name != "Eva" {
			t.Errorf("reported %q once there is a token", name)
		}
	})
}
