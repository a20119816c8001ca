package broker_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"weiche/services/broker"
)

// guarded is a server with the printed configuration, and the seeds of its users.
type guarded struct {
	url   string
	seeds map[string]string
}

// guard starts one. trusted is a user that may do everything.
func guard(t *testing.T, trusted string, users ...broker.User) guarded {
	t.Helper()
	g := guarded{seeds: map[string]string{}}
	dir := t.TempDir()
	config := broker.ServerConfig{Listen: "127.0.0.1:-1", Store: filepath.Join(dir, "store")}
	for _, user := range append(users, broker.User{Name: trusted, Permissions: broker.Permissions{Publish: []string{">"}, Subscribe: []string{">"}}}) {
		pair, err := nkeys.CreateUser()
		if err != nil {
			t.Fatal(err)
		}
		seed, err := pair.Seed()
		if err != nil {
			t.Fatal(err)
		}
		key, err := pair.PublicKey()
		if err != nil {
			t.Fatal(err)
		}
		g.seeds[user.Name] = filepath.Join(dir, user.Name)
		if err := os.WriteFile(g.seeds[user.Name], seed, 0o600); err != nil {
			t.Fatal(err)
		}
		config.Users = append(config.Users, broker.KeyedUser{User: user, Key: key})
	}
	file, err := os.Create(filepath.Join(dir, "nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := config.WriteTo(file); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { stop(s) })
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server is not ready")
	}
	g.url = s.ClientURL()
	return g
}

// as connects as a user.
func (g guarded) as(t *testing.T, user string) *nats.Conn {
	t.Helper()
	option, err := nats.NkeyOptionFromSeed(g.seeds[user])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect(g.url, option, nats.CustomInboxPrefix("_INBOX."+user), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// refused does something on a subject and says whether the server refused it. Its word
// comes before the answer to a flush, and names the subject.
func refused(t *testing.T, conn *nats.Conn, what, subject string, do func() error) bool {
	t.Helper()
	if err := do(); err != nil {
		t.Fatal(err)
	}
	if err := conn.FlushTimeout(patience); err != nil {
		t.Fatal(err)
	}
	err := conn.LastError()
	return err != nil && strings.Contains(strings.ToLower(err.Error()), strings.ToLower(fmt.Sprintf("%s to %q", what, subject)))
}

// TestPermissions tries everything that somebody may do as everybody: who speaks on a
// subject, and who hears it, is what the architecture says and nobody else. It is a
// list of its own, against which the table is held.
func TestPermissions(t *testing.T) {
	crm, err := broker.Integrator("shop", "crm")
	if err != nil {
		t.Fatal(err)
	}
	users := []broker.User{crm}
	for _, role := range broker.Roles() {
		users = append(users, broker.UserOf([]broker.Role{role}))
	}
	const trusted = "trusted"
	g := guard(t, trusted, users...)
	const everything = "everything"
	rows := []struct{ subject, publish, subscribe string }{
		{"ingress.0.channel.shop.wa", "adapters", ""},
		{"ingress.0.channel.-.app", "adapters", ""},
		{"ingress.0.widget.shop.site", "api", ""},
		{"ingress.0.api.shop.workspace", "api router", ""},
		{"ingress.0.egress.shop.one", "", ""},
		{"ingress.1.channel.shop.wa", "", ""},
		{"outcomes.0.shop.one", "egress", ""},
		{"egress.whatsapp.shop.wa", "router", ""},
		{"fetch.whatsapp.shop.wa", "router", ""},
		{"events.shop.conversation.c", "router", "api integrator.shop.crm"},
		{"events.shop.account.shop", "router", "adapters api egress router integrator.shop.crm"},
		{"events.other.conversation.c", "router", "api"},
		{"events.shop.access.shop", "router", "api router integrator.shop.crm"},
		{"signals.shop.c.agent", "api", "api router"},
		{"signals.shop.c.customer", "api", "api"},
		{"shown.whatsapp.shop.wa", "router", "egress"},
		{"queries.adapters.shop.secrets", "adapters", "router"},
		{"queries.egress.shop.secrets", "egress", "router"},
		{"queries.api.shop.timeline", "api", "router"},
		{"queries.api.shop.templates", "api", "router egress"},
		{"queries.api.-.hash-keys", "api", "router"},
		{"api.shop.crm.workspace.GetRoute", "integrator.shop.crm", "api"},
		{"api.shop.other.workspace.GetRoute", "", "api"},
		{"api.other.crm.workspace.GetRoute", "", "api"},
		{"receipts.api.x.a.1", "router", "api"},
		{"receipts.adapters.x.a.1", "router", "adapters"},
		{"receipts.router.x.a.1", "router", "router"},
		{"receipts.egress.x.a.1", "router", "egress"},
		{"_INBOX.api.x", "", "api"},
		{"_INBOX.router.x", "", "router"},
		{"_INBOX.egress.x", "", "egress"},
		{"_INBOX.adapters.x", "", "adapters"},
		{"_INBOX.integrator.shop.crm.x", "", "integrator.shop.crm"},
		{"_INBOX.integrator.shop.other.x", "", ""},
		{"$JS.API.STREAM.CREATE.X", "router", ""},
		{"$JS.API.STREAM.DELETE.EVENTS", "router", ""},
		{"$JS.API.STREAM.PURGE.INGRESS", "router", ""},
		{"$JS.API.STREAM.MSG.GET.INGRESS", "router", ""},
		{"$JS.API.STREAM.MSG.GET.EGRESS", "router", ""},
		{"$JS.API.STREAM.MSG.GET.EVENTS", "api router", ""},
		{"$JS.API.DIRECT.GET.EVENTS", "router", ""},
		{"$JS.API.CONSUMER.CREATE.INGRESS.x", "router", ""},
		{"$JS.API.CONSUMER.CREATE.OUTCOMES.x", "router", ""},
		{"$JS.API.CONSUMER.CREATE.EGRESS.x.egress.whatsapp.*.*", "egress router", ""},
		{"$JS.API.CONSUMER.CREATE.EVENTS.x", "api router", ""},
		{"$JS.API.CONSUMER.MSG.NEXT.INGRESS.x", "router", ""},
		{"$JS.API.CONSUMER.MSG.NEXT.EGRESS.x", "egress router", ""},
		{"$JS.API.CONSUMER.MSG.NEXT.FETCH.x", "egress router", ""},
		{"$JS.ACK.INGRESS.x.1", "router", ""},
		{"$JS.ACK.EGRESS.x.1", "egress", ""},
		{"$KV.LEASES.router-0", "router", ""},
		{everything, "", ""},
	}
	for _, user := range append(users, broker.User{Name: trusted}) {
		conn := g.as(t, user.Name)
		for _, row := range rows {
			subject := row.subject
			may := func(list string) bool {
				return user.Name == trusted || slices.Contains(strings.Fields(list), user.Name)
			}
			if subject == everything {
				subject = ">"
			} else if no := refused(t, conn, "publish", subject, func() error { return conn.Publish(subject, nil) }); no == may(row.publish) {
				t.Errorf("%s speaks on %s: refused %v", user.Name, subject, no)
			}
			no := refused(t, conn, "subscription", subject, func() error {
				_, err := conn.SubscribeSync(subject)
				return err
			})
			if no == may(row.subscribe) {
				t.Errorf("%s hears %s: refused %v", user.Name, subject, no)
			}
		}
	}
}

// Somebody who may read a stream has the server put what is on it into INGRESS, where
// only others may speak. It keeps its subject, so the router does not take it.
func TestWhatTheServerCarriesIsNotDecided(t *testing.T) {
	g := guard(t, "trusted", broker.UserOf([]broker.Role{broker.RoleRouter}), broker.UserOf([]broker.Role{broker.RoleEgress}))
	b := start(t, broker.Config{URL: g.url, Credentials: g.seeds["router"], Roles: []broker.Role{broker.RoleRouter}})
	in := ingress(t, b)
	if err := b.PublishSend(soon(t), send("one")); err != nil {
		t.Fatal(err)
	}
	egress := g.as(t, "egress")
	js, err := egress.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AddConsumer("EGRESS", &nats.ConsumerConfig{Durable: "sly", AckPolicy: nats.AckExplicitPolicy}, nats.Context(soon(t))); err != nil {
		t.Fatal(err)
	}
	if err := egress.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.EGRESS.sly", "ingress.0.api.acme.workspace", []byte("1")); err != nil {
		t.Fatal(err)
	}
	d := nextOf(t, in)
	if !errors.Is(d.Err, broker.ErrName) {
		t.Errorf("taken from %v: %v", d.Source, d.Err)
	}
}

// nextOf returns the next delivery.
func nextOf(t *testing.T, in *broker.Inbox) *broker.Delivery {
	t.Helper()
	got, err := in.Next(soon(t), 1, 1<<20)
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	return got[0]
}

// TestCredentialsOfOtherRoles has each role refused at the start with the credentials of
// each other one: it would wait for ever for what it may not hear.
func TestCredentialsOfOtherRoles(t *testing.T) {
	users := []broker.User{broker.UserOf(broker.Roles())}
	roles := map[string][]broker.Role{users[0].Name: broker.Roles()}
	for _, role := range broker.Roles() {
		user := broker.UserOf([]broker.Role{role})
		users, roles[user.Name] = append(users, user), []broker.Role{role}
	}
	g := guard(t, "trusted", users...)
	for _, whose := range users {
		for name, does := range roles {
			b, err := broker.Start(soon(t), broker.Config{URL: g.url, Credentials: g.seeds[whose.Name], Roles: does})
			if err == nil {
				b.Close()
			}
			if whose.Name == name {
				if err != nil {
					t.Errorf("%s may not come in: %v", name, err)
				}
				continue
			}
			if !errors.Is(err, broker.ErrPermissions) || !strings.Contains(err.Error(), g.seeds[whose.Name]) || !strings.Contains(err.Error(), broker.JoinRoles(does, ",")) {
				t.Errorf("%s as %s: %v", name, whose.Name, err)
			}
		}
	}
}

// TestUserOfSeveralRoles has a process with two roles do what either does.
func TestUserOfSeveralRoles(t *testing.T) {
	roles, err := broker.ParseRoles("api,adapters")
	if err != nil {
		t.Fatal(err)
	}
	user := broker.UserOf(roles)
	if user.Name != "adapters-api" || !slices.Contains(user.Subscribe, "_INBOX.adapters-api.>") {
		t.Errorf("the user is %+v", user)
	}
	for _, subject := range []string{"ingress.0.channel.*.*", "ingress.0.widget.*.*"} {
		if !slices.Contains(user.Publish, subject) {
			t.Errorf("it may not speak on %s", subject)
		}
	}
	if slices.ContainsFunc(user.Publish, func(s string) bool { return strings.HasPrefix(s, "outcomes") }) {
		t.Error(fmt.Errorf("it may speak as a sender"))
	}
}
