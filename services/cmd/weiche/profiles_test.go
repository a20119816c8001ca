package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/router"
	"weiche/services/simulator"
)

// named waits until the provider has told of so many customers, or that it will not.
func (r *graphRun) named(n int) {
	r.t.Helper()
	settled := 0
	eventually(r.t, "profiles", func() bool {
		settled = 0
		for rec, err := range r.folder.store.ReadAll(r.t.Context(), 1) {
			if err != nil {
				r.t.Fatal(err)
			}
			event, err := router.Decode(rec)
			if err != nil {
				r.t.Fatal(err)
			}
			if changed, ok := event.Body.(*eventv1.IdentityAliasesChanged); ok && changed.GetProfileSettled() {
				settled++
			}
		}
		return settled >= n
	}, func() string { return fmt.Sprint(settled, " of ", n) })
}

// Agents see what customers of Messenger and Instagram are called, as they do on
// WhatsApp. The provider is asked for each of them once; whoever keeps it to
// themselves is answered without a name.
func TestCustomersAreCalledByWhatTheProviderTells(t *testing.T) {
	r := newGraphRun(t, asIs)
	if _, err := r.sim.AddPerson(simulator.Person{Name: "person-2", NoProfile: true}); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"whatsapp": "Wanda Weber", "messenger": "Mia Meyer", "instagram": "Ina Imhof"}
	for channel, name := range want {
		if _, err := r.sim.AddPerson(simulator.Person{Name: name}); err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"hello", "is anybody there?"} {
			if _, err := r.sim.Send(name, simulator.Typed{Integration: demoProviderAccount(channel), Text: text}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := r.sim.Send("person-2", simulator.Typed{Integration: demoProviderAccount("messenger"), Text: "hello"}); err != nil {
		t.Fatal(err)
	}
	r.named(3)
	if err := r.folder.caughtUp(t.Context(), func() error { return nil }); err != nil {
		t.Fatal(err)
	}

	list := &workspacev1.ListConversationsResponse{}
	r.call("weiche.workspace.v1.WorkspaceService/ListConversations", r.agent,
		&workspacev1.ListConversationsRequest{}, list)
	names := map[string]int{}
	for _, row := range list.GetConversations() {
		names[row.GetChannel()+" "+row.GetCustomerName()]++
	}
	for _, expected := range []string{"whatsapp Wanda Weber", "messenger Mia Meyer", "instagram Ina Imhof", "messenger "} {
		if names[expected] != 1 {
			t.Errorf("the inbox has %v, want %q", names, expected)
		}
	}
	asked := map[string]int{}
	for _, call := range r.sim.Calls(0).Calls {
		if call.Method == http.MethodGet && strings.Contains(call.Query, "name") && !strings.Contains(call.Path, "-account") {
			asked[call.Path]++
		}
	}
	if len(asked) != 3 {
		t.Errorf("asked for %v", asked)
	}
	for path, times := range asked {
		if times != 1 {
			t.Errorf("asked %d times for %s", times, path)
		}
	}
}
