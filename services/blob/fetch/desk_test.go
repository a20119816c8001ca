package fetch_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/blob"
	"weiche/services/blob/fetch"
	"weiche/services/channel"
	"weiche/services/keyring"
)

const token = "secret-token"

// desk is a fetcher with a network of its own, and a router that writes down what it
// is told.
type desk struct {
	t       *testing.T
	store   *blob.Store
	keys    *keyring.Keyring
	keyID   string
	fetcher *fetch.Fetcher
	hosts   map[string]http.HandlerFunc

	mu      sync.Mutex
	asked   []*http.Request
	reports []*ingressv1.ReportMedia
	status  ingressv1.ItemStatus
}

func newDesk(t *testing.T, change func(*fetch.Config)) *desk {
	t.Helper()
	keys, err := keyring.Open("keyring", keyring.Options{FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{t: t, keys: keys, hosts: map[string]http.HandlerFunc{}, status: ingressv1.ItemStatus_ITEM_STATUS_COMMITTED}
	if d.keyID, err = keys.NewKey(); err != nil {
		t.Fatal(err)
	}
	bucket, err := blob.OpenBucket(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { bucket.Close(); keys.Close() })
	d.store = blob.New(blob.Config{Bucket: bucket, Keys: blob.FromKeyring{Keyring: keys, KeyOf: func(context.Context, string, string) (string, error) { return d.keyID, nil }}})
	config := fetch.Config{Store: d.store, Publisher: d, Directory: d, Instance: "test", MaxBytes: 1 << 20}
	if change != nil {
		change(&config)
	}
	if d.fetcher, err = fetch.New(config); err != nil {
		t.Fatal(err)
	}
	d.fetcher.Hosts(d)
	return d
}

// RoundTrip is the network: each host is a handler.
func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	d.mu.Lock()
	d.asked = append(d.asked, r)
	handler := d.hosts[strings.ToLower(r.URL.Host)]
	d.mu.Unlock()
	if handler == nil {
		return nil, fmt.Errorf("no such host: %s", r.URL.Host)
	}
	answer := httptest.NewRecorder()
	handler(answer, r)
	return answer.Result(), nil
}

func (d *desk) Publish(_ context.Context, _ channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reports = append(d.reports, batch.GetItems()[0].GetSender().GetMedia())
	return &ingressv1.Answer{Items: []*ingressv1.ItemAnswer{{Status: d.status}}}, nil
}

func (d *desk) App(string) (channel.App, bool) { return channel.App{}, false }

func (d *desk) ByProviderAccount(channel.App, string) (channel.Integration, bool) {
	return channel.Integration{}, false
}

func (d *desk) Integration(account, id string) (channel.Integration, bool) {
	return channel.Integration{Account: account, ID: id, Token: token}, id != "unknown"
}

// fetches has one file fetched, and returns the reports and whether it was acked.
func (d *desk) fetches(what *ingressv1.FetchMedia) (reports []*ingressv1.ReportMedia, handled string) {
	d.t.Helper()
	what.AccountId, what.CustomerId, what.MediaId, what.ConversationId = "shop", "ana", "1", "c"
	if what.IntegrationId == "" {
		what.IntegrationId = what.Channel
	}
	ctx, cancel := context.WithCancel(d.t.Context())
	in := &inbox{what: what, done: cancel}
	if err := d.fetcher.Run(ctx, in); err != nil {
		d.t.Fatal(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	reports, d.reports = d.reports, nil
	return reports, in.handled
}

// inbox has one file, and ends the fetcher once it was handled.
type inbox struct {
	what    *ingressv1.FetchMedia
	done    func()
	handled string
	given   bool
}

func (i *inbox) Next(ctx context.Context, _ int) ([]fetch.Delivery, error) {
	if !i.given {
		i.given = true
		return []fetch.Delivery{{Fetch: i.what, Handle: i}}, nil
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

func (i *inbox) Close() {}

func (i *inbox) Ack() error { i.handled = "ack"; i.done(); return nil }

func (i *inbox) Nak(time.Duration) error { i.handled = "nak"; i.done(); return nil }

func (i *inbox) InProgress() error { return nil }

func gives(content []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) }
}

func messenger(address string) *ingressv1.FetchMedia {
	return &ingressv1.FetchMedia{Channel: "messenger", Attempt: 1, Media: &eventv1.Media{ProviderUrl: address}}
}

// whatsApp has one file with an id, at an address that a graph hands out.
func (d *desk) whatsApp(file http.HandlerFunc, digest string) *ingressv1.FetchMedia {
	d.hosts["graph.facebook.com"] = func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v26.0/77" || r.URL.Query().Get("phone_number_id") != "100" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprintf(w, `{"url":"https://lookaside.fbsbx.com/whatsapp/77","sha256":%q}`, digest)
	}
	d.hosts["lookaside.fbsbx.com"] = file
	return &ingressv1.FetchMedia{Channel: "whatsapp", Attempt: 1, ProviderAccountId: "100", Media: &eventv1.Media{ProviderMediaId: "77"}}
}

// tokens returns the hosts that got the token.
func (d *desk) tokens() (hosts []string) {
	for _, r := range d.asked {
		if strings.Contains(fmt.Sprint(r.Header), token) || strings.Contains(r.URL.String(), token) {
			hosts = append(hosts, r.URL.Host)
		}
	}
	return hosts
}

func (d *desk) content() string {
	r, err := d.store.Read(d.t.Context(), "shop", "ana.1")
	if err != nil {
		d.t.Fatal(err)
	}
	defer r.Close()
	content, err := io.ReadAll(r)
	if err != nil {
		d.t.Fatal(err)
	}
	return string(content)
}
