package stream_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/broker"
	"weiche/services/public"
	"weiche/services/stream"
)

// world is a log in memory, what is heard of it live, and what pages show of it. It
// is a small working model of the log, of EVENTS and of the views, with faults.
type world struct {
	mu          sync.Mutex
	incarnation string
	log         []broker.Event
	sequences   map[string]uint64
	versions    map[string]uint64
	lines       map[string][]*viewv1.TimelineItem // by account and conversation
	visitors    map[stream.Visitor]string
	takes       chan broker.Event // what is heard of live
	breaks      chan struct{}
	refilled    int  // records that were read from the log
	noRefill    bool // the control: the log gives nothing
	slowPages   time.Duration
	failing     int    // so many reads of the log fail
	lateViews   int    // so often the views do not get there
	reads       int    // so often rows were read
	broken      string // the conversation whose lines cannot be read
	brokenReads int    // so often that was tried
}

func newWorld() *world {
	return &world{
		incarnation: "one", sequences: map[string]uint64{}, versions: map[string]uint64{},
		lines: map[string][]*viewv1.TimelineItem{}, visitors: map[stream.Visitor]string{},
		takes: make(chan broker.Event, 1<<16), breaks: make(chan struct{}, 16),
	}
}

// happens appends what happens to a conversation: a line that is new, or a change of
// one. Something hidden is no public event and looks like nothing.
func (w *world) happens(account, conversation string, changed int, hidden bool) broker.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := uint64(len(w.log)) + 1
	key := account + "/" + conversation
	w.sequences[account]++
	w.versions[key]++
	e := broker.Event{
		Account: account, Category: "conversation", ID: conversation, Incarnation: w.incarnation,
		Position: at, Version: w.versions[key], Sequence: w.sequences[account],
	}
	if !hidden {
		e.Type = "message.created"
		lines := w.lines[key]
		if changed > 0 && len(lines) > 0 {
			lines[changed%len(lines)] = &viewv1.TimelineItem{Position: lines[changed%len(lines)].Position, Changed: at}
		} else {
			w.lines[key] = append(lines, &viewv1.TimelineItem{Position: at, Changed: at})
		}
		e.Data, _ = proto.Marshal(&streamv1.Event{
			EventId: fmt.Sprint(at), Type: e.Type, AccountId: account, ConversationId: conversation,
			Version: e.Version, Sequence: e.Sequence,
			Position: public.Position{Place: at, Incarnation: w.incarnation}.String(),
			Body:     &streamv1.Event_MessageCreated{MessageCreated: &streamv1.MessageCreated{MessageId: fmt.Sprint(at)}},
		})
	}
	w.log = append(w.log, e)
	return e
}

// says appends any public event to an account.
func (w *world) says(account, category, id string, event *streamv1.Event) broker.Event {
	e := w.happens(account, id, 0, true)
	w.mu.Lock()
	defer w.mu.Unlock()
	e.Category = category
	if event != nil {
		event.Type = public.TypeOf(event)
		e.Type = event.Type
		e.Data, _ = proto.Marshal(event)
	}
	w.log[e.Position-1] = e
	return e
}

// Follow tells what is put into takes until it breaks.
func (w *world) Follow(ctx context.Context, _ broker.Place, take func(broker.Event)) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.breaks:
			return errors.New("broken")
		case e := <-w.takes:
			take(e)
		}
	}
}

func (w *world) Head(context.Context) (broker.Place, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return broker.Place{Incarnation: w.incarnation, Position: uint64(len(w.log))}, nil
}

func (w *world) Sequence(_ context.Context, account string, position uint64) (n uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.log[:min(position, uint64(len(w.log)))] {
		if e.Account == account {
			n = e.Sequence
		}
	}
	return n, nil
}

func (w *world) Account(_ context.Context, account string, after uint64, limit int) (events []broker.Event, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.noRefill {
		return nil, nil
	}
	if w.failing > 0 {
		w.failing--
		return nil, errors.New("the log is away")
	}
	for _, e := range w.log {
		if e.Account == account && e.Sequence > after && len(events) < limit {
			events = append(events, e)
			w.refilled++
		}
	}
	return events, nil
}

func (w *world) Conversation(context.Context, string, string, uint64, int) ([]broker.Event, error) {
	return nil, errors.New("the hub reads accounts")
}

func (w *world) Reach(ctx context.Context, _ uint64) error {
	if w.slowPages > 0 {
		time.Sleep(w.slowPages) // a clock that the test owns
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lateViews > 0 {
		w.lateViews--
		return errors.New("the views are late")
	}
	return ctx.Err()
}

func (w *world) Changes(_ context.Context, topic stream.Topic, since uint64) ([]*streamv1.Change, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	if w.broken == topic.ID && topic.Kind == stream.Conversation {
		w.brokenReads++
		return nil, errors.New("the lines are broken")
	}
	lines := w.lines[topic.Account+"/"+topic.ID]
	if topic.Kind == stream.Inbox {
		return []*streamv1.Change{{Summary: &viewv1.ConversationSummary{ConversationId: topic.ID, Unread: uint32(len(lines))}}}, nil
	}
	var changes []*streamv1.Change
	for some := range slices.Chunk(slices.DeleteFunc(slices.Clone(lines), func(i *viewv1.TimelineItem) bool { return i.Changed <= since }), 3) {
		changes = append(changes, &streamv1.Change{Lines: some})
	}
	return changes, nil
}

func (w *world) Setup(context.Context, stream.Topic) ([]*streamv1.Change, error) {
	return []*streamv1.Change{{Setup: true}}, nil
}

func (w *world) Current(_ context.Context, visitor stream.Visitor) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.visitors[visitor], nil
}

func (w *world) Visitors(_ context.Context, account, customerID string) (those []stream.Visitor, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for visitor := range w.visitors {
		if visitor.Account == account && visitor.Value == customerID {
			those = append(those, visitor)
		}
	}
	return those, nil
}

func (w *world) AgentName(_, agentID string) string { return "Agent " + agentID }

// fail lets the next reads of the log fail.
func (w *world) fail(times int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failing = times
}

func (w *world) all() []broker.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.log)
}

// read returns how many records were read from the log.
func (w *world) read() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.refilled
}
