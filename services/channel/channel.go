// Package channel is the contract between Weiche and a channel: how a webhook
// becomes items, and how a send becomes a message at the provider. A channel is
// a folder of its own that knows the provider's words and nothing of routing.
package channel

import (
	"context"
	"strconv"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// Reader turns the body of a webhook into items. It is pure, keeps the order of
// the body, never fails for one item's sake, and never panics: an item that it
// cannot read is an Unreadable, one that means nothing to a conversation an
// Ignored. The error is returned when the body as a whole is no webhook of this
// channel.
type Reader interface {
	Read(body []byte) ([]*ingressv1.Item, error)
}

// ItemReader reads one item again, long after its webhook: what its Reader of that
// day could not read, or nobody could use.
type ItemReader interface {
	Reader
	// ReadItem turns what was kept of an item into items, as Read did when they
	// came. There are several where the provider puts several into one.
	ReadItem(KeptItem) ([]*ingressv1.Item, error)
}

// KeptItem is what is kept of an item, as the fields of ingress.v1.Item say.
type KeptItem struct {
	// Raw is the item, or a whole body where Place is empty.
	Raw []byte
	// Place is where it stood in the body, and Beside what it stood beside.
	Place  string
	Beside []byte
	// ProviderAccount is the provider's id of the channel account.
	ProviderAccount string
}

// Sender hands one message to the provider. A nil error means that the provider
// took it and named it. Any other outcome is a *SendError, which carries the
// decision. Send makes one attempt, never retries, and sets no header that would
// make Go's transport retry. What it does before the message, an upload, is never
// the reason for Unknown. Something that the provider takes and does not name, a
// reaction, gets a name that no message has.
type Sender interface {
	Send(ctx context.Context, send *ingressv1.Send, token Secret) (providerMessageID string, err error)
}

// Outcome is what a failed attempt means for the message.
type Outcome int

const (
	// Unknown means that bytes left and nobody can say whether the message
	// arrived. It is never sent again by itself.
	Unknown Outcome = iota
	// Refused means that the provider said, in an answer that was parsed, that
	// the message will not arrive.
	Refused
	// NotSent means that surely nothing arrived: no byte left, or the provider
	// said so. It may be tried again.
	NotSent
	// Unhealthy means NotSent, and that the integration itself is at fault:
	// nothing else should be sent through it until somebody has mended it.
	Unhealthy
)

// Integration is one connected channel account, as the set-up knows it.
type Integration struct {
	// Account and ID name it here.
	Account, ID string
	// Channel is its kind: widget, whatsapp, messenger, instagram.
	Channel string
	// App is the app that its webhooks come through.
	App string
	// ProviderAccount is the provider's id: phone_number_id, page id, ...
	ProviderAccount string
	// Page is the page that an Instagram account sends through.
	Page string
	// BusinessAccount is the provider's id of the business account that owns the
	// templates: the WABA.
	BusinessAccount string
	// Token authorises sends.
	Token Secret
}

// App is one provider app: the owner of a webhook address.
type App struct {
	// Account and ID name it here; the ID is unique over all accounts.
	Account, ID string
	// Channel says whose parser reads its webhooks.
	Channel string
	// ProviderApp is the provider's id of the app, as echoes carry it.
	ProviderApp string
	// Secrets may each sign its webhooks. An empty one never does.
	Secrets []Secret
	// VerifyToken answers the provider's handshake. An empty one never does.
	VerifyToken Secret
}

// Directory is the set-up as adapters and senders see it. Implementations are
// safe for concurrent use and answer from memory.
type Directory interface {
	// App returns the app whose webhook address carries this id.
	App(id string) (App, bool)
	// ByProviderAccount returns the integration of an app that has this id at
	// the provider. Whatever else shares the id does not count.
	ByProviderAccount(app App, providerAccount string) (Integration, bool)
	// Integration returns one by its own id.
	Integration(account, id string) (Integration, bool)
}

// Publisher hands a batch to the router and waits until its events are durable.
// The error is non-nil when no answer came in time: nothing is known then, and
// the same batch may be published again.
type Publisher interface {
	Publish(ctx context.Context, from Source, batch *ingressv1.Batch) (*ingressv1.Answer, error)
}

// Kind says which sort of sender speaks on INGRESS.
type Kind string

// The kinds, as they stand in the subject.
const (
	KindChannel Kind = "channel"
	KindWidget  Kind = "widget"
	KindAgent   Kind = "api"
	KindEgress  Kind = "egress"
)

// Source is who speaks: it becomes the subject, and the router takes nothing
// else's word for it.
type Source struct {
	Kind Kind
	// Account is "-" for items without an integration of the app.
	Account string
	// ID is the integration, the app where Account is "-", or the instance.
	ID string
}

// SendError is the outcome of an attempt that did not succeed.
type SendError struct {
	// Outcome says what may be done now.
	Outcome Outcome
	// Detail is what the provider or the network said, without personal data.
	Detail *eventv1.SendError
	// RetryAfter is how long the provider asks to wait where the outcome is
	// NotSent; zero leaves it to the router.
	RetryAfter time.Duration
	// Limited says that too much was sent through the integration, or through
	// its app: others have to wait too. It is not set where too much was sent to
	// one recipient alone, whose reason is pair_rate_limited.
	Limited bool
	// Cause is the error below it, or nil.
	Cause error
}

// Error says the reason and the provider's codes.
func (e *SendError) Error() string {
	text := "send: " + e.Detail.GetReason()
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Told is what the provider said, by name, for whoever set the integration up:
// provider is our word for it, provider_code and provider_subcode are its own.
func (e *SendError) Told() map[string]string {
	told := map[string]string{"provider": e.Detail.GetReason()}
	if code := e.Detail.GetCode(); code != 0 {
		told["provider_code"] = strconv.FormatInt(code, 10)
	}
	if subcode := e.Detail.GetSubcode(); subcode != 0 {
		told["provider_subcode"] = strconv.FormatInt(subcode, 10)
	}
	return told
}

// Unwrap returns the error below it.
func (e *SendError) Unwrap() error { return e.Cause }

// Secret is a string that prints as [redacted] wherever it is formatted,
// marshalled or logged.
type Secret string

// String returns [redacted].
func (Secret) String() string { return "[redacted]" }

// GoString returns [redacted].
func (Secret) GoString() string { return "[redacted]" }

// MarshalText returns [redacted].
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil }

// Reveal returns the secret itself, for the one place that needs it.
func (s Secret) Reveal() string { return string(s) }
