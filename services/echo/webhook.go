package echo

import (
	"context"
	"crypto/subtle"
	"io"
	"net/http"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Webhook takes what the room reports. It is mounted at [Pattern].
type Webhook struct {
	// Directory knows apps and integrations.
	Directory channel.Directory
	// Publisher takes the items to the router.
	Publisher channel.Publisher
}

// Pattern is where a [Webhook] is mounted on an [http.ServeMux].
const Pattern = "POST /echo/{app}"

const (
	// maxBody is the largest body that is taken.
	maxBody = 1 << 20
	// answerWithin is how long the router has. The room tries again later.
	answerWithin = 4 * time.Second
)

// ServeHTTP answers 200 once everything is in the log, and 503 otherwise: what the
// room then says again is recognised.
func (h Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	app, ok := h.Directory.App(r.PathValue("app"))
	if !ok || app.Channel != Channel || !signed(app, r.Header.Get("Authorization")) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	items, err := Reader{}.Read(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), answerWithin)
	defer cancel()
	if err := h.publish(ctx, app, items); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// signed says whether a request comes from somebody who knows a secret of the app.
func signed(app channel.App, authorization string) bool {
	known := false
	for _, secret := range app.Secrets {
		same := subtle.ConstantTimeCompare([]byte("Bearer "+secret.Reveal()), []byte(authorization)) == 1
		known = known || same && secret != ""
	}
	return known
}

// publish takes the items to the router. A body is about one room, and so is one
// batch; what is about a room that is not connected is kept for the operator.
func (h Webhook) publish(ctx context.Context, app channel.App, items []*ingressv1.Item) error {
	from := channel.Source{Kind: channel.KindChannel, Account: "-", ID: app.ID}
	if in, ok := h.Directory.ByProviderAccount(app, channel.ProviderAccount(items[0])); ok {
		from.Account, from.ID = in.Account, in.ID
	}
	_, err := h.Publisher.Publish(ctx, from, &ingressv1.Batch{ReceivedAt: timestamppb.Now(), Items: items})
	return err
}
