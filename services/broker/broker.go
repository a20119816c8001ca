// Package broker carries messages between the parts of Weiche over NATS,
// embedded in the process or as a server of its own. It is transport and holds
// no truth: whatever it loses comes again from a provider or from the log. It is
// the only package that knows the name of a stream, a subject, a durable
// consumer or a header; names.go is their table.
package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"weiche/services/channel"
)

var _ channel.Publisher = (*Broker)(nil)

// maxPayload is the largest message, headers included, that a server of ours
// takes, and the smallest limit that another one may have.
const maxPayload = 8 << 20

// Config says where the server is and how much it may hold. The zero value is
// an embedded server with limits for one machine.
type Config struct {
	// URL is the address of the server; empty embeds one without a listener.
	URL string
	// Name is what the connections are called at the server; "weiche" if empty.
	Name string
	// Credentials is the path of a file for URL, or empty: NATS credentials, or the
	// seed of an nkey.
	Credentials string
	// Roles are what the process does: all if nil. Without the router's, the broker
	// makes no streams: what needs one is ErrUnavailable until a router has made it.
	Roles []Role
	// Dir is the folder of an embedded server, which keeps nothing in it that
	// has to survive; empty means a temporary one that goes with Close.
	Dir string
	// Logger gets what the server and the connections report; slog.Default if nil.
	Logger *slog.Logger
	// Limits bound what the streams hold; what is zero has its default.
	Limits Limits
	// AckWait is how long a delivery may go without an ack before it is delivered
	// again; 30 s if 0.
	AckWait time.Duration
	// LeaseTTL is how long the router's lease outlives its last renewal; 6 s if 0.
	LeaseTTL time.Duration
	// OnReconnect, if set, is called after each reconnect of one of the connections,
	// and may be called for both at once. At the last of these calls both stand, and
	// the streams are there again, which may be empty now. It must not call Close.
	OnReconnect func()
}

// Limits bound what the streams hold, in messages and bytes.
type Limits struct {
	// IngressMsgs and IngressBytes bound INGRESS; past them Publish returns
	// ErrOverloaded. 100,000 and 128 MiB if 0.
	IngressMsgs, IngressBytes int64
	// OutcomesBytes bounds OUTCOMES in the same way; 32 MiB if 0.
	OutcomesBytes int64
	// EgressBytes bounds EGRESS, and EgressMsgs what one integration has there;
	// past them PublishSend returns ErrOverloaded. 64 MiB and 8,192 if 0.
	EgressBytes, EgressMsgs int64
	// FetchBytes bounds FETCH, and FetchMsgs what one integration has there; past
	// them PublishFetch returns ErrOverloaded. 16 MiB and 512 if 0.
	FetchBytes, FetchMsgs int64
	// EventsBytes and EventsAge bound EVENTS, whose oldest messages go first;
	// 128 MiB and 1 hour if 0.
	EventsBytes int64
	EventsAge   time.Duration
}

func (c Config) withDefaults() Config {
	fallback(&c.Name, "weiche")
	fallback(&c.Logger, slog.Default())
	fallback(&c.AckWait, 30*time.Second)
	fallback(&c.LeaseTTL, 6*time.Second)
	fallback(&c.Limits.IngressMsgs, 100_000)
	fallback(&c.Limits.IngressBytes, 128<<20)
	fallback(&c.Limits.OutcomesBytes, 32<<20)
	fallback(&c.Limits.EgressBytes, 64<<20)
	fallback(&c.Limits.EgressMsgs, 8192)
	fallback(&c.Limits.FetchBytes, 16<<20)
	fallback(&c.Limits.FetchMsgs, 512)
	fallback(&c.Limits.EventsBytes, 128<<20)
	fallback(&c.Limits.EventsAge, time.Hour)
	return c
}

func fallback[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

// Broker is a connection to the server, and the server itself where it is
// embedded. Its methods may be called concurrently unless they say otherwise.
type Broker struct {
	config Config
	server *embedded // nil for an external server

	// Two connections, so that a burst of deliveries does not delay answers.
	publishing, consuming *nats.Conn
	js                    jetstream.JetStream // on consuming

	calls  calls
	events eventWriter

	closing context.Context // ends when Close begins
	close   context.CancelFunc

	mu       sync.Mutex
	restored chan struct{} // closed once the streams are back after a reconnect
	// incarnation is that of the log, once the router has said it.
	incarnation atomic.Pointer[string]

	closers   map[interface{ Close() }]struct{} // what has to end before the connections
	closeOnce sync.Once
}

// Start connects to the server, or embeds one, and makes the streams what they
// have to be. It returns ErrPayload for a server whose max_payload is below
// 8 MiB, ErrJetStream for one that cannot hold the streams, and ErrPermissions where the
// credentials are those of another user than the roles'. A connection that is lost later
// is sought for ever.
func Start(ctx context.Context, config Config) (*Broker, error) {
	b := &Broker{
		config:   config.withDefaults(),
		restored: make(chan struct{}),
		closers:  map[interface{ Close() }]struct{}{},
	}
	b.closing, b.close = context.WithCancel(context.Background())
	if err := b.start(ctx); err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Broker) start(ctx context.Context) (err error) {
	if b.config.URL == "" {
		if b.server, err = startEmbedded(b.config); err != nil {
			return err
		}
	}
	if b.publishing, err = b.connect("publishing", b.interrupt, b.reconnected); err != nil {
		return err
	}
	if b.consuming, err = b.connect("consuming", func() {}, b.restore); err != nil {
		return err
	}
	if limit := b.publishing.MaxPayload(); limit < maxPayload {
		return fmt.Errorf("%w: the server at %s has %d, set it to %d or more", ErrPayload, b.publishing.ConnectedUrlRedacted(), limit, maxPayload)
	}
	if b.js, err = jetstream.New(b.consuming); err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	b.events.broker, b.events.progress = b, make(chan struct{}, 1)
	if err := b.calls.open(b.publishing, receiptPrefix+userOf(b.config.Roles)+"."+nuid.Next()+".", b.events.take); err != nil {
		return err
	}
	if err := b.permitted(ctx); err != nil {
		return err
	}
	if b.routes() {
		return b.roomy(b.ensureStreams(ctx))
	}
	return nil
}

// permitted asks the server whether this process may hear what comes back to it, under a
// name that one user alone has: what else it may not do it would wait for in vain.
func (b *Broker) permitted(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := b.publishing.FlushWithContext(ctx); err != nil {
		return b.failed(err)
	}
	if err := b.publishing.LastError(); errors.Is(err, nats.ErrPermissionViolation) {
		return fmt.Errorf("%w: %s has to be for a user with the roles %s, as weiche nats config prints one: %w",
			ErrPermissions, cmp.Or(b.config.Credentials, "nats-credentials"), JoinRoles(b.roles(), ","), err)
	}
	return nil
}

// roles are those of the process.
func (b *Broker) roles() []Role {
	if len(b.config.Roles) == 0 {
		return Roles()
	}
	return b.config.Roles
}

// routes says whether the streams are this process' to make.
func (b *Broker) routes() bool {
	return slices.Contains(b.roles(), RoleRouter)
}

func (b *Broker) where() string {
	if b.server != nil {
		return "the embedded server"
	}
	return b.config.URL
}

// Connected reports whether both connections stand.
func (b *Broker) Connected() bool {
	return b.publishing.IsConnected() && b.consuming.IsConnected()
}

// interrupt runs when the publishing connection is lost, and whatever was to
// come over it with it.
func (b *Broker) interrupt() {
	err := fmt.Errorf("%w: connection lost", ErrUnavailable)
	b.calls.fail(err)
	b.events.interrupt(err)
}

// restore runs after a reconnect: a server that was restarted has forgotten the
// streams that it held in memory.
func (b *Broker) restore() {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		ctx, cancel := context.WithTimeout(b.closing, 5*time.Second)
		var err error
		if b.routes() {
			err = b.ensureStreams(ctx)
		}
		cancel()
		if err == nil {
			break
		}
		if b.closing.Err() != nil || !b.consuming.IsConnected() {
			return // the next reconnect tries again
		}
		b.config.Logger.Warn("broker: streams after a reconnect", "error", err)
		select {
		case <-time.After(wait):
		case <-b.closing.Done():
			return
		}
	}
	// Whoever is told of it is told before anything comes from the streams again.
	b.reconnected()
	b.mu.Lock()
	close(b.restored)
	b.restored = make(chan struct{})
	b.mu.Unlock()
}

// reconnected tells whoever asked for it that a connection is back: what could not be
// published without it can be now.
func (b *Broker) reconnected() {
	if b.config.OnReconnect != nil {
		b.config.OnReconnect()
	}
}

// nextRestore returns a channel that is closed at the next reconnect, once the
// streams are back.
func (b *Broker) nextRestore() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.restored
}

// reconnects counts the reconnects of the consuming connection.
func (b *Broker) reconnects() uint64 { return b.consuming.Stats().Reconnects }

// Close ends, in this order, calls that wait, inboxes and leases, both
// connections after what they hold has been sent, and an embedded server.
// Whoever publishes gets ErrClosed from then on.
func (b *Broker) Close() {
	b.closeOnce.Do(func() {
		b.close()
		for _, c := range b.opened() {
			c.Close()
		}
		for _, conn := range []*nats.Conn{b.consuming, b.publishing} {
			if conn != nil {
				drain(conn)
			}
		}
		if b.server != nil {
			b.server.stop()
		}
	})
}

// drain sends what a connection holds, takes what has arrived for it, and
// closes it.
func drain(conn *nats.Conn) {
	closed := conn.StatusChanged(nats.CLOSED)
	if err := conn.Drain(); err != nil {
		conn.Close()
		return
	}
	select {
	case <-closed:
	case <-time.After(5 * time.Second):
		conn.Close()
	}
}

func (b *Broker) opened() []interface{ Close() } {
	b.mu.Lock()
	defer b.mu.Unlock()
	var open []interface{ Close() }
	for c := range b.closers {
		open = append(open, c)
	}
	return open
}

// closeWith has Close end c before the connections; it returns ErrClosed when
// that has begun.
func (b *Broker) closeWith(c interface{ Close() }) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closing.Err() != nil {
		return ErrClosed
	}
	b.closers[c] = struct{}{}
	return nil
}

func (b *Broker) forget(c interface{ Close() }) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.closers, c)
}

// failed turns an error of a request to JetStream into one of ours.
func (b *Broker) failed(err error) error {
	if b.closing.Err() != nil {
		return ErrClosed
	}
	return unreachable(err)
}

// unreachable turns an error of the client into one of ours.
func unreachable(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, nats.ErrMaxPayload):
		return ErrTooLarge
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrConnectionDraining):
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
