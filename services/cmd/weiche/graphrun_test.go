package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/api"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/egress"
	"weiche/services/meta"
	"weiche/services/router"
	"weiche/services/setting"
	"weiche/services/simulator"
)

// graphRun is the whole product beside the simulator of the providers, in one
// process, with the demo's account and a clock of the router that can be set
// forward. Nobody has a widget, so a reply has one place to go.
type graphRun struct {
	*server
	t   *testing.T
	sim *simulator.Simulator
	url string // of the simulator
	// weiche is where the product is, and agent the agent's token there.
	weiche, agent string

	ahead atomic.Int64 // of the router's clock
	// read is the position up to which the log was read; hellos are the
	// conversations by their first words, sends what has become of each send.
	read   uint64
	hellos map[string]string
	sends  *sends
	people int
	texts  map[string]string // the message of each reply, by its text
}

// graphFor is how the product reaches the simulator: an attempt ends sooner than
// it would, so that a run has time for many that hang.
const graphFor = 400 * time.Millisecond

// newGraphRun starts everything. The senders are what as makes of the product's.
func newGraphRun(t *testing.T, as func(channel.Sender) channel.Sender) *graphRun {
	t.Helper()
	r := &graphRun{t: t, hellos: map[string]string{}, sends: newSends(), texts: map[string]string{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := demoProviders("http://"+listener.Addr().String(), "")
	config.People = nil
	config.Keep = simulator.Keep{Calls: 20_000, Deliveries: 1000}
	config.Webhooks = simulator.Webhooks{Batch: 50, Linger: simulator.Duration(2 * time.Millisecond), InFlight: 4}
	config.Retry = simulator.Retry{Schedule: []simulator.Duration{simulator.Duration(50 * time.Millisecond)}, Overtake: true}
	quiet := slog.New(slog.DiscardHandler)
	if r.sim, err = simulator.New(config, simulator.Options{}); err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewServer(r.sim.Handler())
	t.Cleanup(graph.Close)
	r.url = graph.URL
	r.server, err = newServer(t.Context(), serverConfig{
		settings: settings{Data: filepath.Join(t.TempDir(), "data"), GraphURL: setting.URL(graph.URL)}, listener: listener, logger: quiet,
		now: func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.server.close() })
	if r.server.sending.egress, err = egress.New(r.config("one", as)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { return r.sim.Run(ctx) })
	running.Go(func() error { return r.server.run(ctx) })
	t.Cleanup(func() {
		stop()
		if err := running.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	r.weiche = "http://" + listener.Addr().String()
	tokens, err := applySetup(t.Context(), r.weiche, api.AdminToken(r.folder.keys).Reveal(), demoAccount, demoSetup("http://shop.example"))
	if err != nil {
		t.Fatal(err)
	}
	r.agent = tokens[0].GetToken()
	return r
}

// config is that of an instance whose senders are what as makes of the product's.
func (r *graphRun) config(name string, as func(channel.Sender) channel.Sender) egress.Config {
	r.t.Helper()
	graph, err := meta.NewGraph(meta.GraphConfig{URL: r.url, Timeout: graphFor})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(graph.Close)
	all := senders(graph, graph, r.media)
	for channelName, sender := range all {
		all[channelName] = as(sender)
	}
	config := r.egressConfig(all)
	config.Instance = name
	config.Breaker = egress.Breaker{OpenFor: 100 * time.Millisecond}
	for channelName := range all {
		config.Paces[channelName] = egress.Pace{Sends: 2000}
	}
	return config
}

func asIs(s channel.Sender) channel.Sender { return s }

// graphChannels are where people write, in turn.
var graphChannels = []string{"whatsapp", "messenger", "instagram"}

// hello has so many new people write, and waits until all have a conversation.
func (r *graphRun) hello(n int) (texts []string) {
	r.t.Helper()
	for range n {
		r.people++
		name, text := fmt.Sprint("person-", r.people), fmt.Sprint("hello ", r.people)
		if _, err := r.sim.AddPerson(simulator.Person{Name: name}); err != nil {
			r.t.Fatal(err)
		}
		if _, err := r.sim.Send(name, simulator.Typed{Integration: demoProviderAccount(graphChannels[r.people%3]), Text: text}); err != nil {
			r.t.Fatal(err)
		}
		texts = append(texts, text)
	}
	eventually(r.t, "people's messages", func() bool {
		r.follow()
		for _, text := range texts {
			if r.hellos[text] == "" {
				return false
			}
		}
		return true
	}, func() string { return fmt.Sprint(len(r.hellos), " of ", r.people) })
	return texts
}

// reply has the agent answer each of them, with words that are nobody else's.
func (r *graphRun) reply(hellos []string) (replies []string) {
	r.t.Helper()
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(64)
	for _, hello := range hellos {
		text := "answer to " + hello + "!"
		replies = append(replies, text)
		where := r.hellos[hello]
		group.Go(func() error {
			command := &ingressv1.Item{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
				AgentId: "kim", ClientToken: text, ConversationId: where,
				Command: &ingressv1.AgentCommand_SendReply{SendReply: &ingressv1.SendReply{Content: conversation.Text(text)}},
			}}}
			item, err := r.say(channel.KindAgent, command)
			for err == nil && item.GetRefusal() == ingressv1.Refusal_REFUSAL_CHANNEL_UNHEALTHY {
				// Somebody mends it, and the agent asks again.
				if err = r.mend(); err == nil {
					item, err = r.say(channel.KindAgent, command)
				}
			}
			if err != nil {
				return err
			}
			if item.GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
				return fmt.Errorf("%s: %v", text, item)
			}
			mu.Lock()
			defer mu.Unlock()
			r.texts[text] = item.GetMessageId()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		r.t.Fatal(err)
	}
	return replies
}

// say publishes one item and returns what became of it.
func (r *graphRun) say(kind channel.Kind, item *ingressv1.Item) (*ingressv1.ItemAnswer, error) {
	answer, err := r.broker.Publish(r.t.Context(), channel.Source{Kind: kind, Account: demoAccount, ID: "test"}, &ingressv1.Batch{Items: []*ingressv1.Item{item}})
	if err != nil {
		return nil, err
	}
	return answer.GetItems()[0], nil
}

// mend says that the provider serves the integration again whose token it refused.
func (r *graphRun) mend() error {
	_, err := r.say(channel.KindEgress, &ingressv1.Item{Kind: &ingressv1.Item_Sender{Sender: &ingressv1.SenderCommand{
		Command: &ingressv1.SenderCommand_Health{Health: &ingressv1.ReportHealth{IntegrationId: "messenger", Healthy: true}},
	}}})
	return err
}

// follow reads what is new in the log.
func (r *graphRun) follow() (events int) {
	r.t.Helper()
	head := r.folder.store.Durable()
	for rec, err := range r.folder.store.ReadAll(r.t.Context(), r.read+1) {
		if err != nil {
			r.t.Fatal(err)
		}
		event, err := router.DecodeOpened(r.folder.keys, rec)
		if err != nil {
			r.t.Fatal(err)
		}
		if in, ok := event.Body.(*eventv1.MessageReceived); ok {
			r.hellos[words(in.GetSealed().GetContent())] = in.GetConversationId()
		}
		r.sends.see(rec.Recorded, event.Body)
		r.read = rec.Position
		if events++; r.read >= head {
			break
		}
	}
	return events
}

// settle waits until no send is open. Where nothing happens any more the router's
// clock goes forward, to the retries and to the end of the claims of the dead.
func (r *graphRun) settle() {
	r.t.Helper()
	quiet, by := time.Now(), 5*time.Second
	eventually(r.t, "all sends to end", func() bool {
		if r.follow() > 0 {
			quiet = time.Now()
		}
		if r.sends.open(time.Time{}) == 0 {
			return true
		}
		if time.Since(quiet) > 2*graphFor {
			if err := r.mend(); err != nil {
				r.t.Fatal(err)
			}
			r.ahead.Add(int64(by))
			by = min(2*by, 5*time.Minute)
			r.fire()
			quiet = time.Now()
		}
		return false
	}, func() string { return fmt.Sprint(r.sends.open(time.Time{}), " are open") })
}

// fire fires what is due by the router's clock.
func (r *graphRun) fire() {
	r.t.Helper()
	for {
		account, timer, ok, err := r.log.(logOf).engine.NextTimer(r.t.Context())
		if err != nil {
			r.t.Fatal(err)
		}
		if !ok || timer.Due.After(time.Now().Add(time.Duration(r.ahead.Load()))) {
			return
		}
		if err := r.log.(logOf).engine.Fire(r.t.Context(), account, timer); err != nil {
			r.t.Fatal(err)
		}
	}
}

// states returns how far each of these replies is, as an agent sees it.
func (r *graphRun) states(hellos []string) map[string]viewv1.DeliveryState {
	r.t.Helper()
	states := map[string]viewv1.DeliveryState{}
	err := r.folder.caughtUp(r.t.Context(), func() error {
		for _, hello := range hellos {
			view, err := r.folder.views.Timeline(r.t.Context(), demoAccount, r.hellos[hello], projectionPage)
			if err != nil {
				return err
			}
			for _, item := range view.GetItems() {
				if agent := item.GetAgent(); agent != nil {
					states[words(item.GetContent())] = agent.GetState()
				}
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return states
}
