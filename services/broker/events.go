package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// eventWindow is how many events may be under way to EVENTS.
	eventWindow = 1024
	// eventPatience is how long the server may leave all of them unanswered.
	eventPatience = 5 * time.Second
)

// Event is one record of the log as subscribers see it.
type Event struct {
	// Account, Category and ID name its stream and make its subject.
	Account, Category, ID string
	// Incarnation and Position are its place in the log.
	Incarnation string
	Position    uint64
	// Version is its place in its stream.
	Version uint64
	// Sequence is its place among the account's records, without gaps.
	Sequence uint64
	// Type is the public type, such as message.created; empty where nothing is
	// public.
	Type string
	// Data is what is public of it: a weiche.stream.v1.Event.
	Data []byte
}

// eventWriter puts events on EVENTS, many under way at once and none out of
// order: each names the stream's sequence that it follows, so that after one
// that was lost the server refuses the rest, and of two writers one stops.
type eventWriter struct {
	broker *Broker
	turn   sync.Mutex // held by PublishEvent, FlushEvents and LastEvent

	mu          sync.Mutex
	known       bool   // LastEvent was called since the last error
	round       uint64 // counts calls of LastEvent: what is acked for an older one is void
	sent, acked uint64 // sequences in EVENTS
	err         error
	progress    chan struct{} // holds one token after acked or err changed
}

// LastEvent returns the place of the last event that EVENTS holds; ok is false
// where it holds none. The relay calls it before its first PublishEvent and
// after each error, and goes on with what follows: whatever was under way is
// either in the stream by then or forgotten.
func (b *Broker) LastEvent(ctx context.Context) (incarnation string, position uint64, ok bool, err error) {
	w := &b.events
	w.turn.Lock()
	defer w.turn.Unlock()
	info, last, err := b.lastEvent(ctx)
	if err != nil {
		return "", 0, false, err
	}
	w.mu.Lock()
	w.known, w.err = true, nil
	w.round++
	w.sent, w.acked = info.LastSeq, info.LastSeq
	w.mu.Unlock()
	if last == nil {
		return "", 0, false, nil
	}
	return last.Incarnation, last.Position, true, nil
}

// lastEvent returns the state of EVENTS and its last event, nil where there is none.
func (b *Broker) lastEvent(ctx context.Context) (jetstream.StreamState, *Event, error) {
	stream, err := b.js.Stream(ctx, streamEvents)
	if err != nil {
		return jetstream.StreamState{}, nil, b.failed(err)
	}
	state := stream.CachedInfo().State
	if state.Msgs == 0 {
		return state, nil, nil
	}
	msg, err := stream.GetMsg(ctx, state.LastSeq)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return state, nil, nil // it has aged out since
	}
	if err != nil {
		return state, nil, b.failed(err)
	}
	event, err := readEvent(msg.Subject, msg.Header, msg.Data)
	if err != nil {
		return state, nil, err
	}
	return state, &event, nil
}

// ForgetEvents takes everything off EVENTS that is about one thing, since some of
// it must not be read any more. Subscribers find a gap and read the log. Only the
// relay calls it.
func (b *Broker) ForgetEvents(ctx context.Context, account, category, id string) error {
	subject, err := eventSubject(account, category, id)
	if err != nil {
		return err
	}
	w := &b.events
	w.turn.Lock()
	defer w.turn.Unlock()
	if err := w.wait(ctx, 0); err != nil { // what is under way is about it, too
		return err
	}
	stream, err := b.js.Stream(ctx, streamEvents)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSubject(subject))
	}
	if err != nil {
		return b.failed(err)
	}
	return nil
}

// PublishEvent puts an event on EVENTS and returns before the server holds it.
// It waits while 1,024 are under way. Events are stored in the order of the
// calls or not at all: after an error, which is that of this or of an earlier
// event, every call returns it until LastEvent is called. Only the relay calls it.
func (b *Broker) PublishEvent(ctx context.Context, event Event) error {
	subject, err := eventSubject(event.Account, event.Category, event.ID)
	if err != nil {
		return err
	}
	w := &b.events
	w.turn.Lock()
	defer w.turn.Unlock()
	if err := w.wait(ctx, eventWindow-1); err != nil {
		return err
	}
	w.mu.Lock()
	after, round := w.sent, w.round
	w.sent++
	w.mu.Unlock()
	err = b.publishing.PublishMsg(&nats.Msg{
		Subject: subject,
		Reply:   b.calls.subject(callEvent, round),
		Data:    event.Data,
		Header: nats.Header{
			headerIncarnation:               {event.Incarnation},
			headerPosition:                  {strconv.FormatUint(event.Position, 10)},
			headerVersion:                   {strconv.FormatUint(event.Version, 10)},
			headerSequence:                  {strconv.FormatUint(event.Sequence, 10)},
			headerType:                      {event.Type},
			jetstream.ExpectedLastSeqHeader: {strconv.FormatUint(after, 10)},
		},
	})
	if err != nil {
		err = unreachable(err)
		w.fail(err)
	}
	return err
}

// FlushEvents waits until the server holds every event of the calls before. The
// error is that of the first that it does not.
func (b *Broker) FlushEvents(ctx context.Context) error {
	b.events.turn.Lock()
	defer b.events.turn.Unlock()
	return b.events.wait(ctx, 0)
}

// wait returns when at most so many events are under way.
func (w *eventWriter) wait(ctx context.Context, under uint64) error {
	if w.broker.closing.Err() != nil {
		return ErrClosed
	}
	var impatient *time.Timer
	for {
		w.mu.Lock()
		known, err, now := w.known, w.err, w.sent-w.acked
		w.mu.Unlock()
		switch {
		case err != nil:
			return err
		case !known:
			return fmt.Errorf("%w: LastEvent has not been called", ErrOutOfOrder)
		case now <= under:
			return nil
		}
		if impatient == nil {
			impatient = time.NewTimer(eventPatience)
			defer impatient.Stop()
		}
		select {
		case <-w.progress:
			impatient.Reset(eventPatience)
		case <-impatient.C:
			w.fail(fmt.Errorf("%w: EVENTS did not answer for %s", ErrUnavailable, eventPatience))
		case <-ctx.Done():
			return fmt.Errorf("broker: %w", ctx.Err())
		case <-w.broker.closing.Done():
			return ErrClosed
		}
	}
}

// take takes the server's answer to an event. Answers come in order, so one says
// that all before it are stored too.
func (w *eventWriter) take(round string, msg *nats.Msg) {
	var ack struct {
		Sequence uint64 `json:"seq"`
	}
	err := ackError(msg)
	if err == nil {
		err = json.Unmarshal(msg.Data, &ack)
	}
	w.mu.Lock()
	if round == strconv.FormatUint(w.round, 36) {
		w.acked = max(w.acked, ack.Sequence)
		if w.err == nil {
			w.err = err
		}
	}
	w.mu.Unlock()
	signal(w.progress)
}

// interrupt fails what is under way.
func (w *eventWriter) interrupt(err error) {
	w.mu.Lock()
	under := w.sent != w.acked
	w.mu.Unlock()
	if under {
		w.fail(err)
	}
}

func (w *eventWriter) fail(err error) {
	w.mu.Lock()
	if w.err == nil {
		w.err = err
	}
	w.mu.Unlock()
	signal(w.progress)
}

// readEvent reads a message of EVENTS.
func readEvent(subject string, header nats.Header, data []byte) (Event, error) {
	part := strings.Split(subject, ".")
	position, err1 := strconv.ParseUint(header.Get(headerPosition), 10, 64)
	version, err2 := strconv.ParseUint(header.Get(headerVersion), 10, 64)
	sequence, err3 := strconv.ParseUint(header.Get(headerSequence), 10, 64)
	if len(part) != 4 || part[0] != subjectEvents || checkNames(part...) != nil || errors.Join(err1, err2, err3) != nil {
		return Event{}, fmt.Errorf("broker: not an event: %.*q", 4*maxName, subject)
	}
	return Event{
		Account: part[1], Category: part[2], ID: part[3],
		Incarnation: header.Get(headerIncarnation), Position: position,
		Version: version, Sequence: sequence,
		Type: header.Get(headerType), Data: data,
	}, nil
}
