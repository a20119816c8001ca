package broker_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"weiche/services/broker"
)

// user is a connection of a user.
type user struct {
	*nats.Conn
	t    *testing.T
	name string
}

func (u *user) mayNotPublish(subject string) {
	u.t.Helper()
	if !refused(u.t, u.Conn, "publish", subject, func() error { return u.PublishRequest(subject, "_INBOX."+u.name+".x", nil) }) {
		u.t.Errorf("%s may publish on %s", u.name, subject)
	}
}

func (u *user) mayNotHear(subject string) {
	u.t.Helper()
	if !refused(u.t, u.Conn, "subscription", subject, func() error {
		_, err := u.Subscribe(subject, func(*nats.Msg) {})
		return err
	}) {
		u.t.Errorf("%s may hear %s", u.name, subject)
	}
}

// ask asks the server's own API and returns what it says.
func (u *user) ask(subject, data string) string {
	u.t.Helper()
	msg, err := u.Request(subject, []byte(data), 5*time.Second)
	if err != nil {
		u.t.Fatalf("%s: %v", subject, err)
	}
	return string(msg.Data)
}

// I22: a back end gets what happens in its account and nothing of another's, by whatever
// way the server has: other filters and names, other streams, direct reads, what streams
// tell of themselves, and having the server put elsewhere what it may read.
func TestI22IntegratorsHaveTheirAccountAlone(t *testing.T) {
	crm, err := broker.Integrator("shop", "crm")
	other, otherErr := broker.Integrator("other", "crm")
	if err := errors.Join(err, otherErr); err != nil {
		t.Fatal(err)
	}
	g := guard(t, "everybody", crm, other)
	all := g.as(t, "everybody")
	js, err := jetstream.New(all)
	if err != nil {
		t.Fatal(err)
	}
	for name, subjects := range map[string]string{"EVENTS": "events.*.*.*", "INGRESS": "ingress.*.*.*.*", "EGRESS": "egress.*.*.*"} {
		// EVENTS allows direct reads here, which the product's does not: permissions alone
		// have to keep them.
		if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{subjects}, AllowDirect: true}); err != nil {
			t.Fatal(err)
		}
	}
	for _, event := range []struct{ subject, data string }{
		{"events.shop.conversation.1", ""}, {"events.other.conversation.2", "secret"}, {"events.shop.conversation.3", "hello"}, {"events.other.account.other", "secret"},
	} {
		if _, err := js.Publish(t.Context(), event.subject, []byte(event.data)); err != nil {
			t.Fatal(err)
		}
	}
	u := &user{g.as(t, crm.Name), t, crm.Name}
	mine, err := jetstream.New(u.Conn)
	if err != nil {
		t.Fatal(err)
	}
	const name = "integrator_shop_crm"
	consumer, err := mine.CreateOrUpdateConsumer(t.Context(), "EVENTS", jetstream.ConsumerConfig{
		Durable: name, FilterSubject: "events.shop.>", AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := consumer.FetchNoWait(10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for msg := range batch.Messages() {
		got = append(got, msg.Subject()+" "+string(msg.Data()))
		if err := msg.DoubleAck(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if fmt.Sprint(got) != "[events.shop.conversation.1  events.shop.conversation.3 hello]" {
		t.Errorf("it reads %q", got)
	}
	heard, err := u.SubscribeSync("events.shop.*.*")
	if err != nil {
		t.Fatal(err)
	}

	create := "$JS.API.CONSUMER.CREATE.EVENTS."
	for _, c := range []struct{ what, config string }{
		{"another filter", `"name":"integrator_shop_crm","durable_name":"integrator_shop_crm","filter_subject":"events.other.>"`},
		{"several filters", `"name":"integrator_shop_crm","durable_name":"integrator_shop_crm","filter_subjects":["events.shop.>","events.other.>"]`},
		{"both kinds of filters", `"name":"integrator_shop_crm","durable_name":"integrator_shop_crm","filter_subject":"events.shop.>","filter_subjects":["events.other.>"]`},
		{"no filter", `"name":"integrator_shop_crm","durable_name":"integrator_shop_crm"`},
		{"another name", `"name":"integrator_other_crm","durable_name":"integrator_other_crm","filter_subject":"events.shop.>"`},
	} {
		said := u.ask(create+name+".events.shop.>", `{"stream_name":"EVENTS","config":{`+c.config+`,"ack_policy":"explicit","deliver_policy":"all"}}`)
		if !strings.Contains(said, `"error"`) {
			t.Errorf("%s: %s", c.what, said)
		}
	}
	if said := u.ask(create+name+".events.shop.>", `{"stream_name":"INGRESS","config":{"name":"integrator_shop_crm","filter_subject":"events.shop.>"}}`); !strings.Contains(said, `"error"`) {
		t.Errorf("another stream: %s", said)
	}
	for _, subject := range []string{
		create + name, create + name + ".events.other.>", create + name + ".events.*.>", create + name + ".>", create + "integrator_other_crm.events.shop.>",
		"$JS.API.CONSUMER.CREATE.EVENTS", "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS." + name, "$JS.API.CONSUMER.CREATE.INGRESS." + name + ".events.shop.>",
		"$JS.API.CONSUMER.INFO.EVENTS.integrator_other_crm", "$JS.API.CONSUMER.MSG.NEXT.EVENTS.integrator_other_crm", "$JS.API.CONSUMER.DELETE.EVENTS.integrator_other_crm",
		"$JS.API.CONSUMER.NAMES.EVENTS", "$JS.API.CONSUMER.LIST.EVENTS", "$JS.ACK.EVENTS.integrator_other_crm.1.1.1.1.0",
		"$JS.API.STREAM.INFO.EVENTS", "$JS.API.STREAM.MSG.GET.EVENTS", "$JS.API.DIRECT.GET.EVENTS", "$JS.API.DIRECT.GET.EVENTS.events.other.conversation.2",
		"$JS.API.STREAM.UPDATE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.CREATE.STEAL", "$JS.API.STREAM.NAMES",
		"$JS.API.STREAM.SNAPSHOT.EVENTS", "$JS.API.INFO", "$JS.FC.EVENTS.x",
		"api.shop.other.workspace.SendReply", "api.other.crm.workspace.SendReply", "events.shop.conversation.1", "ingress.0.api.shop.workspace",
		"ingress.0.channel.shop.room", "outcomes.0.shop.room", "queries.api.shop.timeline", "queries.router.shop.timeline", "receipts.weiche.x.a.1", "$SRV.PING", "$KV.LEASES.router-0", "$SYS.REQ.USER.INFO",
	} {
		u.mayNotPublish(subject)
	}
	for _, subject := range []string{
		"events.other.*.*", "events.*.*.*", ">", "*.>", "_INBOX.>", "_INBOX." + other.Name + ".>", "api.>", "api.shop.crm.>", "ingress.>", "receipts.>", "signals.shop.*.*", "queries.>", "$JS.>", "$SRV.>",
	} {
		u.mayNotHear(subject)
	}

	// What it may read it can have the server put anywhere. That is its own account's,
	// and where it comes it is what it was: an event, and nobody's order.
	if _, err := js.Publish(t.Context(), "events.shop.conversation.4", nil); err != nil { // what empty requests would be
		t.Fatal(err)
	}
	elsewhere, err := all.SubscribeSync("api.other.crm.workspace.SendReply")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"$JS.API.STREAM.DELETE.INGRESS", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.CONSUMER.DELETE.EVENTS." + name, "api.other.crm.workspace.SendReply"} {
		u.ask(create+name+".events.shop.>", `{"stream_name":"EVENTS","config":{"name":"integrator_shop_crm","durable_name":"integrator_shop_crm","filter_subject":"events.shop.>","ack_policy":"explicit","deliver_policy":"all"}}`)
		if _, err := js.Publish(t.Context(), "events.shop.conversation.5", nil); err != nil {
			t.Fatal(err)
		}
		if err := u.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.EVENTS."+name, target, []byte(`{"batch":1}`)); err != nil {
			t.Fatal(err)
		}
		if err := u.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	misled, err := elsewhere.NextMsgWithContext(soon(t))
	if err != nil || misled.Subject != "events.shop.conversation.5" && !strings.HasPrefix(misled.Subject, "events.shop.") {
		t.Errorf("what was put elsewhere is on %v: %v", misled, err)
	}
	for _, stream := range []string{"EVENTS", "INGRESS"} {
		info, err := js.Stream(t.Context(), stream)
		if err != nil {
			t.Fatalf("%s is gone: %v", stream, err)
		}
		if stream == "EVENTS" && info.CachedInfo().State.Msgs < 8 {
			t.Errorf("EVENTS holds %d", info.CachedInfo().State.Msgs)
		}
	}
	if _, err := js.Consumer(t.Context(), "EVENTS", name); err != nil {
		t.Errorf("its consumer is gone: %v", err)
	}
	if msg, err := heard.NextMsgWithContext(soon(t)); err != nil || !strings.HasPrefix(msg.Subject, "events.shop.") {
		t.Errorf("it hears %v, %v", msg, err)
	}
}

// An adapter has its integration alone.
func TestI22AdaptersHaveTheirIntegrationAlone(t *testing.T) {
	room, err := broker.Adapter("echo", "shop", "room")
	if err != nil {
		t.Fatal(err)
	}
	g := guard(t, "everybody", room)
	js, err := jetstream.New(g.as(t, "everybody"))
	if err != nil {
		t.Fatal(err)
	}
	for name, subjects := range map[string]string{"OUTCOMES": "outcomes.*.*.*", "INGRESS": "ingress.*.*.*.*", "EGRESS": "egress.*.*.*"} {
		if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: name, Subjects: []string{subjects}, Retention: jetstream.WorkQueuePolicy}); err != nil {
			t.Fatal(err)
		}
	}
	for _, subject := range []string{"egress.echo.shop.room", "egress.echo.other.room"} {
		if _, err := js.Publish(t.Context(), subject, []byte(subject)); err != nil {
			t.Fatal(err)
		}
	}
	u := &user{g.as(t, room.Name), t, room.Name}
	mine, err := jetstream.New(u.Conn)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := mine.CreateOrUpdateConsumer(t.Context(), "EGRESS", jetstream.ConsumerConfig{
		Durable: "adapter_echo_shop_room", FilterSubject: "egress.echo.shop.room", AckPolicy: jetstream.AckExplicitPolicy,
	})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := consumer.FetchNoWait(10)
	if err != nil {
		t.Fatal(err)
	}
	taken := 0
	for msg := range batch.Messages() {
		taken++
		if string(msg.Data()) != "egress.echo.shop.room" {
			t.Errorf("it takes %s", msg.Data())
		}
	}
	if taken != 1 {
		t.Errorf("it takes %d", taken)
	}
	for _, subject := range []string{"ingress.0.channel.shop.room", "outcomes.0.shop.room"} {
		if _, err := mine.Publish(t.Context(), subject, []byte("x")); err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
	for _, subject := range []string{
		"ingress.0.channel.other.room", "ingress.0.channel.shop.whatsapp", "ingress.0.api.shop.room", "ingress.0.widget.shop.room", "ingress.1.channel.shop.room",
		"outcomes.0.other.room", "outcomes.0.shop.whatsapp", "egress.echo.shop.room", "api.shop.room.workspace.SendReply", "receipts.weiche.x.a.1",
		"$JS.API.CONSUMER.CREATE.EGRESS.adapter_echo_shop_room.egress.echo.*.*", "$JS.API.CONSUMER.CREATE.EGRESS.egress-echo.egress.echo.shop.room",
		"$JS.API.CONSUMER.CREATE.EVENTS.adapter_echo_shop_room.events.shop.>", "$JS.API.STREAM.INFO.EGRESS", "$JS.API.STREAM.MSG.GET.EGRESS",
	} {
		u.mayNotPublish(subject)
	}
	for _, subject := range []string{"events.shop.*.*", "egress.>", "receipts.>", "receipts.adapter.>", "_INBOX.>", ">"} {
		u.mayNotHear(subject)
	}
	for _, names := range [][3]string{{"a_b", "c", "d"}, {"a", "b_c", "d"}, {"a", "b", "c_d"}, {"a.b", "c", "d"}, {"*", "c", "d"}, {"a", ">", "d"}, {"a", "b", ""}} {
		if _, err := broker.Adapter(names[0], names[1], names[2]); !errors.Is(err, broker.ErrName) {
			t.Errorf("%v: %v", names, err)
		}
		if _, err := broker.Integrator(names[1], names[0]+names[2]); names[0] != "a" && !errors.Is(err, broker.ErrName) {
			t.Errorf("%v: %v", names, err)
		}
	}
}
