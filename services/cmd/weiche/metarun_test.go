package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"weiche/projections"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/router"
	"weiche/services/simulator"
)

// delivered is one item that a provider delivers again and again.
type delivered struct {
	phone string
	item  any
	// words are those of a message; mark is what makes a bad item known again.
	words, mark string
}

// metaRun is what was delivered to the product.
type metaRun struct {
	*graphRun
	random *rand.Rand
	items  []delivered
	posts  atomic.Int64
	most   int // items in the largest POST
}

// make makes so many items of two hundred people, of which one in a hundred is bad.
func (r *metaRun) make(n int) {
	for range n {
		at := len(r.items)
		d := delivered{phone: fmt.Sprint(4915550000000 + at%200), words: fmt.Sprint("words ", at)}
		d.item = map[string]any{
			"id": fmt.Sprint("wamid.in.", at), "from": d.phone, "timestamp": fmt.Sprint(time.Now().Unix()),
			"type": "text", "text": map[string]any{"body": d.words},
		}
		if at%100 == 99 {
			d.words, d.mark = "", fmt.Sprintf("poison-%d-", at)
			d.item = map[string]any{"id": d.mark, "from": d.phone, "timestamp": "soon", "type": []string{"text"}, "text": 7}
		}
		r.items = append(r.items, d)
	}
}

// deliver delivers items once, in any order and in POSTs of any size up to a
// thousand, several at a time.
func (r *metaRun) deliver(items []delivered) {
	r.t.Helper()
	items = slices.Clone(items)
	r.random.Shuffle(len(items), func(i, j int) { items[i], items[j] = items[j], items[i] })
	var group errgroup.Group
	group.SetLimit(8)
	for len(items) > 0 {
		size := min(len(items), 1+r.random.IntN(1000))
		if r.random.IntN(2) == 0 {
			size = min(len(items), 1000)
		}
		r.most = max(r.most, size)
		var messages []any
		for _, d := range items[:size] {
			messages = append(messages, d.item)
		}
		items = items[size:]
		body := webhook(entry("200001", map[string]any{"messages": messages}))
		group.Go(func() error { return r.post(body) })
	}
	if err := group.Wait(); err != nil {
		r.t.Fatal(err)
	}
}

// post posts a body until it is taken.
func (r *metaRun) post(body []byte) error {
	for {
		request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.weiche+"/webhooks/whatsapp/demo-whatsapp", bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("X-Hub-Signature-256", simulator.Sign("demo-secret-whatsapp", body))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
		r.posts.Add(1)
		switch response.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusServiceUnavailable: // the provider comes again
		default:
			return fmt.Errorf("a webhook was answered with %d", response.StatusCode)
		}
	}
}

// faults says which item is not there exactly once.
func (r *metaRun) faults() (faults []string) {
	r.t.Helper()
	quarantined, conversations := map[string]int{}, map[string]bool{}
	for rec, err := range r.folder.store.ReadAll(r.t.Context(), 1) {
		if err != nil {
			r.t.Fatal(err)
		}
		event, err := router.DecodeOpened(r.folder.keys, rec)
		if err != nil {
			r.t.Fatal(err)
		}
		switch body := event.Body.(type) {
		case *eventv1.MessageReceived:
			conversations[body.GetConversationId()] = true
		case *eventv1.ItemQuarantined:
			quarantined[string(markForm.Find(body.GetSealed().GetRaw()))]++
		}
	}
	shown := map[string]int{}
	err := r.folder.caughtUp(r.t.Context(), func() error {
		for id := range conversations {
			view, err := r.folder.views.Timeline(r.t.Context(), demoAccount, id, projections.Page{Limit: 100_000})
			if err != nil {
				return err
			}
			for _, item := range view.GetItems() {
				if item.GetCustomer() != nil {
					shown[words(item.GetContent())]++
				}
			}
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, d := range r.items {
		switch {
		case d.mark != "" && quarantined[d.mark] != 1:
			faults = append(faults, fmt.Sprintf("I16: %s is in quarantine %d times", d.mark, quarantined[d.mark]))
		case d.mark == "" && shown[d.words] != 1:
			faults = append(faults, fmt.Sprintf("I05: %q is shown %d times", d.words, shown[d.words]))
		}
	}
	return faults
}

// TestI05I16MetaFaults delivers everything twenty times, in any order and in POSTs of
// up to a thousand items, some of them bad, some of it a week late and some for the
// first time then. Each message is shown exactly once, each bad item kept once.
func TestI05I16MetaFaults(t *testing.T) {
	items, rounds := 500, 1
	switch {
	case os.Getenv("WEICHE_SOAK") != "":
		items, rounds = 5000, 10
	case testing.Short():
		items = 300
	}
	const copies = 20
	r := &metaRun{graphRun: newGraphRun(t, asIs), random: rand.New(rand.NewPCG(5, 6))}
	began := time.Now()
	for range rounds {
		first := len(r.items)
		r.make(items)
		late := first + items*9/10 // what is behind comes for the first time after a week
		for n := range copies / 2 {
			if n == copies/4 {
				r.ahead.Add(int64(7 * 24 * time.Hour))
				late = len(r.items)
			}
			r.deliver(slices.Concat(r.items[first:late], r.items[first:late]))
		}
	}
	took := time.Since(began)
	for at, fault := range r.faults() {
		if at == 20 {
			t.Fatal("and more")
		}
		t.Error(fault)
	}
	if !testing.Short() && r.most < 1000 {
		t.Errorf("the largest POST had %d items", r.most)
	}

	// The control: the words of one message under another id have to be found.
	again := r.items[0]
	again.item = map[string]any{
		"id": "wamid.in.again", "from": again.phone, "timestamp": fmt.Sprint(time.Now().Unix()), "type": "text", "text": map[string]any{"body": again.words},
	}
	r.deliver([]delivered{again})
	if faults := r.faults(); len(faults) != 1 || !strings.Contains(faults[0], again.words) {
		t.Errorf("a message that is shown twice is not found: %q", faults)
	}
	t.Logf("%d items, each delivered %d times, in %d POSTs of up to %d, in %s", len(r.items), copies, r.posts.Load(), r.most, took.Round(time.Millisecond))
}

// TestI05MetaFaultsOfEveryChannel has the simulator repeat, hold back and reorder
// what people write over each channel.
func TestI05MetaFaultsOfEveryChannel(t *testing.T) {
	r := newGraphRun(t, asIs)
	if err := r.sim.SetFaults(
		simulator.Fault{Kind: simulator.FaultDuplicate, Event: "message", Copies: 19},
		simulator.Fault{Kind: simulator.FaultReorder, Event: "message", Rate: 0.3, Copies: 5, Delay: simulator.Duration(20 * time.Millisecond)},
		simulator.Fault{Kind: simulator.FaultDelay, Event: "message", Rate: 0.2, Delay: simulator.Duration(100 * time.Millisecond)},
	); err != nil {
		t.Fatal(err)
	}
	hellos := r.hello(60)
	if err := r.sim.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	shown := map[string]int{}
	for rec, err := range r.folder.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(r.folder.keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		if in, ok := event.Body.(*eventv1.MessageReceived); ok {
			shown[words(in.GetSealed().GetContent())]++
		}
	}
	for _, hello := range hellos {
		if shown[hello] != 1 {
			t.Errorf("I05: %q is in the log %d times", hello, shown[hello])
		}
	}
	fired := r.sim.Faults().Fired
	for _, kind := range []simulator.FaultKind{simulator.FaultDuplicate, simulator.FaultReorder, simulator.FaultDelay} {
		if fired[kind] == 0 {
			t.Errorf("the fault %s never fired", kind)
		}
	}
}
