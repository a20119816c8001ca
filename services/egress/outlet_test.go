package egress_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/egress"
)

// post is one call of the provider.
type post struct {
	integration, send string
	at                time.Duration // since the test began
}

// posts are all of them, in order.
type posts struct {
	began time.Time
	mu    sync.Mutex
	made  []post
}

// provider notes each call and then does what do says.
func (p *posts) provider(do func(n int, s *ingressv1.Send) (string, error)) *provider {
	p.began = time.Now()
	return newProvider(func(_ context.Context, s *ingressv1.Send) (string, error) {
		p.mu.Lock()
		p.made = append(p.made, post{s.GetIntegrationId(), s.GetSendId(), time.Since(p.began)})
		n := len(p.made)
		p.mu.Unlock()
		return do(n, s)
	})
}

// between counts those of an integration, all if empty, from one time to another.
func (p *posts) between(integration string, from, to time.Duration) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, made := range p.made {
		if (integration == "" || made.integration == integration) && made.at >= from && made.at < to {
			n++
		}
	}
	return n
}

func taken(_ int, s *ingressv1.Send) (string, error) { return "id-" + s.GetSendId(), nil }

func limited(after time.Duration) error {
	return &channel.SendError{Outcome: channel.NotSent, Detail: &eventv1.SendError{Code: 130429, Reason: "rate_limited"}, RetryAfter: after, Limited: true}
}

// sendOf is a send of another integration.
func sendOf(integration, id string) *ingressv1.Send {
	s := send(id)
	s.IntegrationId = integration
	return s
}

// fill puts so many sends of an integration on the tray.
func (o *office) fill(integration string, n int) {
	for i := range n {
		o.tray.put(sendOf(integration, fmt.Sprintf("%s-%03d", integration, i)))
	}
}

// A number sends no faster than it may, what has to wait burns no claim, keeps
// its order, and a copy of it is nothing more.
func TestPaceIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p posts
		o := newOffice(p.provider(taken))
		o.tray.again = true
		o.config.Paces = map[string]egress.Pace{"whatsapp": {Sends: 10}}
		held, copied := 0, 0
		var mu sync.Mutex
		o.config.Events.Held = func(_, _, integration, why string) {
			mu.Lock()
			defer mu.Unlock()
			if held++; integration != "shop" || why != egress.HeldRate {
				t.Errorf("held %s for %s", integration, why)
			}
		}
		o.config.Events.Copied = func(string) { mu.Lock(); copied++; mu.Unlock() }
		o.open(t)
		o.fill("shop", 60)
		time.Sleep(time.Second)
		o.fill("shop", 60) // as the router relays them again after a minute
		time.Sleep(9 * time.Second)
		o.close(t)
		for second := range 6 {
			from := time.Duration(second) * time.Second
			if n := p.between("shop", from, from+time.Second); n > 12 {
				t.Errorf("%d posts in second %d", n, second)
			}
		}
		claims, _ := o.desk.said()
		if o.provider.sum() != 60 || p.between("shop", 0, 7*time.Second) != 60 || len(claims) > 60+12 {
			t.Errorf("%d posts, %d of them in 7 s, %d claims", o.provider.sum(), p.between("shop", 0, 7*time.Second), len(claims))
		}
		if held == 0 || copied < 40 {
			t.Errorf("%d held, %d copies", held, copied)
		}
		order := slices.IsSortedFunc(p.made, func(a, b post) int {
			return int(a.at/time.Second) - int(b.at/time.Second)
		})
		first, last := p.made[5].send, p.made[59].send
		if !order || first > "shop-010" || last < "shop-050" {
			t.Errorf("the sixth was %s, the last %s", first, last)
		}
	})
}

// A send that was given back is lost with the broker. What the router relays then is
// no copy of it.
func TestI04LostWhileItWaitedIsNoCopy(t *testing.T) {
	for _, tc := range []struct {
		name  string
		told  bool
		posts int
	}{{"told", true, 3}, {"not told", false, 1}} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newOffice(newProvider(nil))
				o.config.Paces = map[string]egress.Pace{"whatsapp": {Sends: 1}}
				o.open(t)
				o.fill("shop", 3)
				synctest.Wait() // two were given back, and come no more
				if posts := o.provider.sum(); posts != 1 {
					t.Fatalf("%d posts at first", posts)
				}
				o.tray.again = true
				if tc.told {
					o.egress.Again()
				}
				o.fill("shop", 3)
				time.Sleep(20 * time.Second)
				o.close(t)
				if posts := o.provider.sum(); posts != tc.posts {
					t.Errorf("%d posts, not %d", posts, tc.posts)
				}
			})
		})
	}
}

// Nobody waits behind sends that are lost with the broker: after a reconnect a new one
// goes as soon as its integration may send. The control is not told of it.
func TestNobodyWaitsBehindTheLost(t *testing.T) {
	for _, tc := range []struct {
		name  string
		told  bool
		posts int
	}{{"told", true, 1}, {"not told", false, 0}} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var p posts
				o := newOffice(p.provider(taken))
				o.config.Paces = map[string]egress.Pace{"whatsapp": {Sends: 1}}
				o.open(t)
				o.fill("shop", 30)
				synctest.Wait() // all but the first were given back, and come no more
				o.tray.again = true
				if tc.told {
					o.egress.Again()
				}
				time.Sleep(2 * time.Second)
				o.tray.put(send("new"))
				time.Sleep(2 * time.Second)
				o.close(t)
				if posts := p.between("shop", time.Second, 4*time.Second); posts != tc.posts {
					t.Errorf("%d posts within two seconds of a new send, not %d", posts, tc.posts)
				}
			})
		})
	}
}

// Audio and video count as several.
func TestMediaIsHeavier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p posts
		o := newOffice(p.provider(taken))
		o.tray.again = true
		o.config.Paces = map[string]egress.Pace{"whatsapp": {Sends: 40, Media: 4}}
		o.open(t)
		for i := range 40 {
			s := send(fmt.Sprint(i))
			s.Content = &eventv1.Content{Parts: []*eventv1.Part{{Kind: &eventv1.Part_Media{Media: &eventv1.Media{Kind: eventv1.MediaKind_MEDIA_KIND_VIDEO}}}}}
			o.tray.put(s)
		}
		time.Sleep(10 * time.Second)
		o.close(t)
		if n := p.between("", 0, 2*time.Second); n > 23 || o.provider.sum() != 40 {
			t.Errorf("%d films in two seconds, %d in all", n, o.provider.sum())
		}
	})
}

// A provider that says "too many" is obeyed: nothing leaves for as long as it
// asks, then half as much as before, and slowly more again.
func TestLimitSlowsDownAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p posts
		o := newOffice(p.provider(func(n int, s *ingressv1.Send) (string, error) {
			if n == 20 {
				return "", limited(3 * time.Second)
			}
			return taken(n, s)
		}))
		o.tray.again = true
		o.config.Paces = map[string]egress.Pace{"whatsapp": {Sends: 20}}
		o.open(t)
		time.Sleep(time.Hour - time.Since(p.began)) // however long ago the start was
		o.fill("shop", 900)
		time.Sleep(2 * time.Minute)
		o.close(t)
		at := p.made[19].at
		rest := p.between("shop", at+time.Millisecond, at+3*time.Second)
		slow := p.between("shop", at+3*time.Second, at+6*time.Second)
		later := p.between("shop", at+25*time.Second, at+30*time.Second)
		if rest > 0 {
			t.Errorf("%d posts while the provider asked for none", rest)
		}
		if slow < 20 || slow > 45 {
			t.Errorf("%d posts in the three seconds after that, at half of 20 a second", slow)
		}
		if later < 65 || later > 105 {
			t.Errorf("%d posts in five seconds half a minute later", later)
		}
	})
}

// An integration whose provider is slow takes its share of the workers and no
// more. The control takes them all.
func TestI27SlowIntegrationLeavesWorkers(t *testing.T) {
	for _, tc := range []struct {
		inFlight int
		prompt   bool
	}{{2, true}, {8, false}} {
		synctest.Test(t, func(t *testing.T) {
			var p posts
			o := newOffice(p.provider(func(n int, s *ingressv1.Send) (string, error) {
				if s.GetIntegrationId() == "slow" {
					time.Sleep(20 * time.Second)
				}
				return taken(n, s)
			}))
			o.tray.again = true
			o.config.Workers, o.config.InFlight = 8, tc.inFlight
			o.open(t)
			o.fill("slow", 40)
			time.Sleep(time.Second)
			o.fill("shop", 10)
			time.Sleep(5 * time.Second)
			if n := p.between("shop", 0, 6*time.Second); (n == 10) != tc.prompt {
				t.Errorf("with %d in flight, %d of 10 were sent at once", tc.inFlight, n)
			}
			time.Sleep(10 * time.Minute)
			o.close(t)
			if o.provider.sum() != 50 {
				t.Errorf("%d posts of 50", o.provider.sum())
			}
		})
	}
}

// A send that finds as many of its integration under way as may be goes when one of
// them ends, in its order, and is neither given back nor claimed before. The control
// is a provider that takes longer than a send waits here.
func TestHeldSendGoesWhenOneEnds(t *testing.T) {
	for _, tc := range []struct {
		takes time.Duration
		naks  bool
	}{{100 * time.Millisecond, false}, {10 * time.Second, true}} {
		synctest.Test(t, func(t *testing.T) {
			const n, most = 8, 2 // and there is room for copies of the first two
			var p posts
			under, highest := 0, 0
			var mu sync.Mutex
			count := func(by int) {
				mu.Lock()
				defer mu.Unlock()
				under += by
				highest = max(highest, under)
			}
			o := newOffice(p.provider(func(n int, s *ingressv1.Send) (string, error) {
				count(1)
				defer count(-1)
				time.Sleep(tc.takes)
				return taken(n, s)
			}))
			o.tray.again = true
			o.config.Workers, o.config.InFlight = 4*most, most
			o.open(t)
			o.fill("shop", n)
			o.fill("shop", n) // relayed again: copies of those that wait
			time.Sleep(n / most * tc.takes)
			naks := 0
			for _, end := range o.tray.ended() {
				if strings.HasPrefix(end, "nak") {
					naks++
				}
			}
			if tc.naks != (naks > 0) {
				t.Errorf("%d were given back where each takes %v", naks, tc.takes)
			}
			if !tc.naks && o.provider.sum() != n {
				t.Errorf("%d posts of %d when the last began", o.provider.sum(), n)
			}
			time.Sleep(time.Minute + 2*n*tc.takes)
			if highest != most || o.provider.sum() != n {
				t.Errorf("%d under way, %d posts of %d", highest, o.provider.sum(), n)
			}
			for i := most; i < n && !tc.naks; i += most {
				if pair := []string{p.made[i].send, p.made[i+1].send}; !slices.Contains(pair, fmt.Sprintf("shop-%03d", i)) || !slices.Contains(pair, fmt.Sprintf("shop-%03d", i+1)) {
					t.Errorf("%v went as numbers %d and %d", pair, i, i+1)
				}
			}
			o.close(t)
		})
	}
}

// What waits here at the end is given back unclaimed.
func TestShutdownGivesBackWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(func(_ context.Context, s *ingressv1.Send) (string, error) {
			time.Sleep(time.Second)
			return "id-" + s.GetSendId(), nil
		}))
		o.config.Workers, o.config.InFlight = 4, 1
		o.open(t)
		o.fill("shop", 4)
		time.Sleep(100 * time.Millisecond)
		o.close(t)
		claims, _ := o.desk.said()
		want := []string{"ack shop-000", "closed", "nak shop-001", "nak shop-002", "nak shop-003"}
		if ends := slices.Sorted(slices.Values(o.tray.ended())); len(claims) != 1 || !slices.Equal(ends, want) {
			t.Errorf("%d claims, and the messages ended as %v", len(claims), ends)
		}
	})
}

// What is remembered of integrations is bounded.
func TestI27OutletsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newOffice(newProvider(nil))
		e, err := egress.New(o.config)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- e.Run(ctx) }()
		_, most := e.Outlets()
		for i := range most + 500 {
			o.tray.put(sendOf(fmt.Sprint("gone-", i), fmt.Sprint(i)))
			time.Sleep(time.Millisecond)
		}
		if n, _ := e.Outlets(); n > most || n < most/4 {
			t.Errorf("%d outlets", n)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
