package operations_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
	"weiche/services/keyring"
	"weiche/services/meta"
	"weiche/services/operations"
	"weiche/services/router"
	"weiche/services/whatsapp"
)

// reader is WhatsApp's, of a version that cannot read messages yet that have a
// word in them.
type reader struct {
	whatsapp.Reader
	blind string
	// deaf are words whose items it ignores, and vague such whose messages it cannot
	// show.
	deaf, vague string
}

func (r *reader) Read(body []byte) ([]*ingressv1.Item, error) {
	items, err := r.Reader.Read(body)
	for _, item := range items {
		if r.blind != "" && strings.Contains(string(item.GetRaw()), r.blind) {
			unread := &ingressv1.Unreadable{
				Reason: "a word that nobody knows", ProviderAccountId: channel.ProviderAccount(item), Sender: channel.SaidBy(item),
			}
			item.Kind = &ingressv1.Item_Unreadable{Unreadable: unread}
		}
		if r.deaf != "" && strings.Contains(string(item.GetRaw()), r.deaf) {
			item.Kind = &ingressv1.Item_Ignored{Ignored: &ingressv1.Ignored{What: "hologram", ProviderAccountId: channel.ProviderAccount(item)}}
		}
		if r.vague != "" && strings.Contains(string(item.GetRaw()), r.vague) && item.GetInbound().GetMessage() != nil {
			item.GetInbound().GetMessage().Parts = []*eventv1.Part{{
				Kind: &eventv1.Part_Unsupported{Unsupported: &eventv1.Unsupported{Type: "hologram"}},
			}}
		}
	}
	return items, err
}

func (r *reader) ReadItem(kept channel.KeptItem) ([]*ingressv1.Item, error) {
	return r.Read(meta.Body("whatsapp_business_account", kept))
}

// desk is an installation in memory with the webhook in front of it, and an operator.
type desk struct {
	t       *testing.T
	now     time.Time
	store   *eventstore.Store
	keys    *keyring.Keyring
	reader  *reader
	engine  *router.Engine
	webhook *meta.Webhook
	ops     *operations.Operations
	// lose is which of the next answers the publisher is to lose; none if 0.
	lose int
}

const secret = "an app secret"

func newDesk(t *testing.T) *desk {
	d := &desk{t: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), reader: &reader{}}
	var err error
	if d.keys, err = keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()}); err != nil {
		t.Fatal(err)
	}
	d.store, err = eventstore.Open("log", router.LogOptions(eventstore.Options{FS: vfs.NewMem(), Now: d.clock}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.store.Close(); d.keys.Close() })
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	d.engine = router.NewEngine(router.EngineConfig{Store: d.store, Keys: d.keys, Now: d.clock, Logger: logger})
	d.connect("1")
	return d
}

func (d *desk) clock() time.Time { return d.now }

// connect connects the numbers with these ids, and lets everybody know.
func (d *desk) connect(numbers ...string) {
	d.t.Helper()
	setup := &ingressv1.ApplySetup{Name: "Shop", Apps: []*ingressv1.AppSetup{{
		Id: "app", Channel: "whatsapp", AppSecrets: []string{secret}, VerifyToken: "verify",
	}}}
	for _, number := range numbers {
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: "wa-" + number, Channel: "whatsapp", AppId: "app", ProviderAccountId: "number-" + number,
		})
	}
	_, err := router.Direct{Engine: d.engine}.Publish(d.t.Context(), channel.Source{Kind: channel.KindAgent, Account: "shop", ID: "admin"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
			Command: &ingressv1.AgentCommand_ApplySetup{ApplySetup: setup},
		}}}}})
	if err != nil {
		d.t.Fatal(err)
	}
	directory, err := router.NewDirectory(d.t.Context(), d.store, d.keys)
	if err != nil {
		d.t.Fatal(err)
	}
	readers := map[string]channel.Reader{"whatsapp": d.reader}
	d.webhook = meta.NewWebhook(meta.WebhookConfig{Directory: directory, Publisher: d, Readers: readers, Now: d.clock})
	d.ops = operations.New(operations.Config{
		Store: d.store, Keys: d.keys, Publisher: d, Directory: directory, Readers: readers, Now: d.clock,
	})
}

var errLost = errors.New("the answer is lost")

// Publish gives a batch to the router. Some answers are lost on the way, as by a
// crash behind the commit.
func (d *desk) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	answer, err := router.Direct{Engine: d.engine}.Publish(ctx, from, batch)
	if d.lose > 0 {
		if d.lose--; d.lose == 0 {
			return nil, errLost
		}
	}
	return answer, err
}

// post delivers a webhook with a message for a number.
func (d *desk) post(number, id, text string) {
	d.t.Helper()
	d.deliver(fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"messages","value":{
		"metadata":{"phone_number_id":"number-%s"},"contacts":[{"wa_id":"15550100001","user_id":"US.1","profile":{"name":"Ana"}}],
		"messages":[{"from":"15550100001","id":"wamid.%s","timestamp":"%d","type":"text","text":{"body":%q}}]}}]}]}`,
		number, id, d.now.Unix(), text))
}

func (d *desk) deliver(body string) {
	d.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	request := httptest.NewRequest(http.MethodPost, "/webhooks/whatsapp/app", strings.NewReader(body))
	request.SetPathValue("channel", "whatsapp")
	request.SetPathValue("app", "app")
	request.Header.Set(meta.SignatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	recorder := httptest.NewRecorder()
	d.webhook.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		d.t.Fatalf("the webhook answers %d", recorder.Code)
	}
}

// list returns the positions and states of what is in quarantine.
func (d *desk) list(account string, all bool) string {
	d.t.Helper()
	page, err := d.ops.ListQuarantine(d.t.Context(), &adminv1.ListQuarantineRequest{AccountId: account, All: all})
	if err != nil {
		d.t.Fatal(err)
	}
	var out []string
	for _, item := range page.GetItems() {
		out = append(out, fmt.Sprint(item.GetAccountId(), " ", item.GetSource(), " ", strings.TrimPrefix(item.GetState().String(), "QUARANTINE_STATE_")))
	}
	return strings.Join(out, ", ")
}

func (d *desk) wantList(account string, all bool, want string) {
	d.t.Helper()
	if got := d.list(account, all); got != want {
		d.t.Errorf("in quarantine of %q is %q, not %q", account, got, want)
	}
}

// waiting returns the position of the only item that waits.
func (d *desk) waiting() uint64 {
	d.t.Helper()
	page, err := d.ops.ListQuarantine(d.t.Context(), &adminv1.ListQuarantineRequest{})
	if err != nil || len(page.GetItems()) != 1 {
		d.t.Fatalf("%v waits (%v)", page, err)
	}
	return page.GetItems()[0].GetPosition()
}

func (d *desk) replay(position uint64) *adminv1.ReplayQuarantinedResponse {
	d.t.Helper()
	answer, err := d.ops.ReplayQuarantined(d.t.Context(), &adminv1.ReplayQuarantinedRequest{Position: position})
	if err != nil {
		d.t.Fatal(err)
	}
	return answer
}

// found are the events of one kind with their records.
func found[E any](d *desk) (bodies []E, records []*eventstore.Record) {
	d.t.Helper()
	for rec, err := range d.store.ReadAll(d.t.Context(), 1) {
		if err != nil {
			d.t.Fatal(err)
		}
		event, err := router.DecodeOpened(d.keys, rec)
		if err != nil {
			d.t.Fatal(err)
		}
		if body, ok := event.Body.(E); ok {
			bodies, records = append(bodies, body), append(records, rec)
		}
	}
	return bodies, records
}

func (d *desk) wantReason(want errorv1.Reason, do func() error) {
	d.t.Helper()
	var told *operations.Error
	if err := do(); !errors.As(err, &told) || told.Reason() != want {
		d.t.Errorf("it is refused with %v, not with %v", err, want)
	}
}
