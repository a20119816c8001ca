package main

import (
	"context"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"weiche/projections"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/channel"
	"weiche/services/simulator"
)

var projectionPage = projections.Page{Limit: 1000}

// some says that a share of the sends or events of a kind meets a fault.
func some(kind simulator.FaultKind, rate float64, delay time.Duration) simulator.Fault {
	return simulator.Fault{Kind: kind, Rate: rate, Delay: simulator.Duration(delay)}
}

// graphFaultRules are all that may go wrong at the Graph API while so many sends
// are made.
func graphFaultRules(sends int) []simulator.Fault {
	rules := []simulator.Fault{
		some(simulator.FaultTimeoutBefore, 0.01, 2*graphFor),
		some(simulator.FaultTimeoutAfter, 0.01, 2*graphFor),
		some(simulator.FaultResetBefore, 0.02, 0),
		some(simulator.FaultResetAfter, 0.02, 0),
		some(simulator.FaultServerErrorBefore, 0.02, 0),
		some(simulator.FaultServerErrorAfter, 0.02, 0),
		some(simulator.FaultErrorAfter, 0.02, 0),
		some(simulator.FaultNoID, 0.02, 0),
		some(simulator.FaultSlow, 0.02, graphFor/4),
		some(simulator.FaultStatusBeforeAnswer, 0.02, graphFor/2),
		some(simulator.FaultFailed, 0.02, 0),
		some(simulator.FaultEchoLost, 0.1, 0),
		some(simulator.FaultEchoLate, 0.1, time.Second),
		some(simulator.FaultEchoTwice, 0.1, 0),
		some(simulator.FaultDuplicate, 0.05, 0),
		// Limits and a token that is refused come in a row, in the middle.
		{Kind: simulator.FaultRateLimit, After: sends / 10, Times: 10},
		{Kind: simulator.FaultError, Code: 190, Integration: "300001", After: sends / 10, Times: 3},
	}
	return rules
}

// TestI11I12GraphFaults sends thousands of replies while everything goes wrong at
// the provider that can, and senders are killed. Every send ends as sent, failed,
// or unknown to the agent, and none is posted a second time after an outcome that
// nobody can be sure of.
func TestI11I12GraphFaults(t *testing.T) {
	rounds, each := 1, 2000
	switch {
	case os.Getenv("WEICHE_SOAK") != "":
		rounds = 50
	case testing.Short():
		each = 300
	}
	r := newGraphRun(t, asIs)
	ctx, stop := context.WithCancel(t.Context())
	var kills, hit atomic.Int64
	ended := make(chan error, 1)
	go func() {
		ended <- r.restarts(ctx, func(underWay int) {
			kills.Add(1)
			if underWay > 0 {
				hit.Add(1)
			}
		})
	}()
	began := time.Now()
	ends := map[viewv1.DeliveryState]int{}
	posts, faulty := 0, 0
	for range rounds {
		if err := r.sim.SetFaults(); err != nil {
			t.Fatal(err)
		}
		hellos := r.hello(each)
		if err := r.sim.SetFaults(graphFaultRules(each)...); err != nil {
			t.Fatal(err)
		}
		texts := r.reply(hellos)
		r.settle()
		faults, states := r.graphFaults(hellos, texts)
		for at, fault := range faults {
			if at == 20 {
				t.Fatalf("and %d more", len(faults)-at)
			}
			t.Error(fault)
		}
		for state, n := range states {
			ends[state] += n
		}
		for _, made := range r.posts(texts) {
			posts += len(made)
			for _, p := range made {
				if p.fault != "" {
					faulty++
				}
			}
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	fired := r.sim.Faults().Fired
	for _, rule := range graphFaultRules(each) {
		if fired[rule.Kind] == 0 {
			t.Errorf("the fault %s never fired", rule.Kind)
		}
	}
	if hit.Load() == 0 || ends[viewv1.DeliveryState_DELIVERY_STATE_UNKNOWN] == 0 || ends[viewv1.DeliveryState_DELIVERY_STATE_FAILED] == 0 {
		t.Errorf("%d of %d kills hit a send under way; ends %v", hit.Load(), kills.Load(), ends)
	}
	if sent := r.sim.Sends(simulator.SendQuery{Limit: 1}); sent.Duplicates != 0 {
		t.Errorf("I12: the simulator counts %d sends twice", sent.Duplicates)
	}
	t.Logf("%d replies in %s: %v; %d POSTs, %d of them with a fault; %d senders killed, %d of them with sends under way; faults:",
		rounds*each, time.Since(began).Round(time.Millisecond), ends, posts, faulty, kills.Load(), hit.Load())
	for _, kind := range sortedKinds(fired) {
		t.Logf("  %-22s %d", kind, fired[kind])
	}
}

// again is a sender that sends again what may have arrived: the mistake that the
// run above is there to find.
type again struct{ channel.Sender }

func (a again) Send(ctx context.Context, send *ingressv1.Send, token channel.Secret) (string, error) {
	id, err := a.Sender.Send(ctx, send, token)
	if err != nil && strings.Contains(err.Error(), "unreadable_answer") {
		return a.Sender.Send(ctx, send, token)
	}
	return id, err
}

// TestI12GraphFaultsFindsWhoSendsAgain is the control of the run: with senders
// that do send again it has to fail.
func TestI12GraphFaultsFindsWhoSendsAgain(t *testing.T) {
	r := newGraphRun(t, func(s channel.Sender) channel.Sender { return again{s} })
	hellos := r.hello(30)
	if err := r.sim.SetFaults(simulator.Fault{Kind: simulator.FaultServerErrorAfter, Rate: 0.5}); err != nil {
		t.Fatal(err)
	}
	texts := r.reply(hellos)
	r.settle()
	faults, _ := r.graphFaults(hellos, texts)
	twice := r.sim.Sends(simulator.SendQuery{Limit: 1}).Duplicates
	if len(faults) == 0 || twice == 0 {
		t.Errorf("senders that send again are not found: %d faults, %d duplicates", len(faults), twice)
	}
	t.Logf("found %d faults, and the simulator counts %d sends twice", len(faults), twice)
}
