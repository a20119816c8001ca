package broker

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/micro"
	"go.yaml.in/yaml/v3"
)

// TestAsyncAPI shows that the subjects and headers that are documented for back ends and
// adapters are those that are used, and that their users may use them.
func TestAsyncAPI(t *testing.T) {
	text, err := os.ReadFile("../reference/asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Channels   map[string]struct{ Address string }
		Operations map[string]struct {
			Action  string
			Channel struct {
				Ref string `yaml:"$ref"`
			}
		}
		Components struct {
			Messages map[string]struct {
				Headers struct{ Properties map[string]any }
			}
		}
	}
	if err := yaml.Unmarshal(text, &said); err != nil {
		t.Fatal(err)
	}
	with := strings.NewReplacer("{account}", "shop", "{category}", "conversation", "{id}", "1", "{key}", "crm", "{service}", "workspace",
		"{method}", "SendReply", "{integration}", "room", "{channel}", "echo", "{rest}", "x")
	addresses := map[string]string{}
	for name, c := range said.Channels {
		addresses[name] = with.Replace(c.Address)
	}
	integrator, err := Integrator("shop", "crm")
	if err != nil {
		t.Fatal(err)
	}
	adapter, err := Adapter("echo", "shop", "room")
	if err != nil {
		t.Fatal(err)
	}
	event, _ := eventSubject("shop", "conversation", "1")
	send, _ := egressSubject("echo", "shop", "room")
	for name, want := range map[string]struct {
		subject string
		user    User
		hears   bool
	}{
		"events":   {event, integrator, true},
		"calls":    {subjectAPI + ".shop.crm.workspace.SendReply", integrator, false},
		"replies":  {inboxPrefix + integrator.Name + ".x", integrator, true},
		"ingress":  {subjectIngress + "." + partition + ".channel.shop.room", adapter, false},
		"outcomes": {subjectOutcomes + "." + partition + ".shop.room", adapter, false},
		"receipts": {receiptPrefix + adapter.Name + ".x", adapter, true},
		// What is to be sent is read by a consumer.
		"egress": {send, adapter, false},
	} {
		if addresses[name] != want.subject {
			t.Errorf("%s is documented as %q and is %q", name, addresses[name], want.subject)
		}
		delete(addresses, name)
		list := want.user.Publish
		if want.hears {
			list = want.user.Subscribe
		}
		if name != "egress" && !slices.ContainsFunc(list, func(pattern string) bool { return covers(pattern, want.subject) }) {
			t.Errorf("%s: %s may not use %s", name, want.user.Name, want.subject)
		}
	}
	if len(addresses) > 0 {
		t.Errorf("documented and not there: %v", addresses)
	}
	for _, consumer := range []struct {
		user User
		name string
	}{{integrator, "$JS.API.CONSUMER.CREATE.EVENTS.integrator_shop_crm.events.shop.>"}, {adapter, "$JS.API.CONSUMER.CREATE.EGRESS.adapter_echo_shop_room." + send}} {
		if !slices.Contains(consumer.user.Publish, consumer.name) {
			t.Errorf("%s may not make its consumer", consumer.user.Name)
		}
	}
	for message, headers := range map[string][]string{
		"event":  {headerType, headerSequence, headerVersion, headerPosition, headerIncarnation},
		"call":   {headerContentType, headerIdempotency},
		"answer": {headerContentType, micro.ErrorCodeHeader, micro.ErrorHeader, headerRetryAfter},
		"batch":  {headerReceipt},
	} {
		documented := said.Components.Messages[message].Headers.Properties
		for _, header := range headers {
			if documented[header] == nil {
				t.Errorf("%s: the header %s is not documented", message, header)
			}
		}
		if len(documented) != len(headers) {
			t.Errorf("%s: %d headers are documented, %d there", message, len(documented), len(headers))
		}
	}
}

// covers says whether a pattern with the wildcards of NATS has a subject.
func covers(pattern, subject string) bool {
	patterns, subjects := strings.Split(pattern, "."), strings.Split(subject, ".")
	for at, token := range patterns {
		switch {
		case token == ">":
			return len(subjects) > at
		case at >= len(subjects), token != "*" && token != subjects[at]:
			return false
		}
	}
	return len(patterns) == len(subjects)
}
