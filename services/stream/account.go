package stream

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/broker"
)

const (
	// waiting is how many events may wait for an account. What is beyond is read
	// from the log.
	waiting = 4096
	// logPage is how many records are read at once.
	logPage = 256
)

// conversationCategory is the category of the streams of conversations, and
// setupCategory that of the set-up.
const (
	conversationCategory = "conversation"
	setupCategory        = "account"
)

// account is what happens in one account, as long as somebody follows it.
type account struct {
	hub *Hub
	id  string

	// mu is held while something is told, so that all are told it in one order.
	mu sync.Mutex
	// followers counts those who hold the account.
	followers int
	// ready says that sequence and position are known: those of the last record that
	// was told.
	ready              bool
	sequence, position uint64
	// setup is the position of the last change of the set-up, as far as that is known:
	// what was before the account was followed may have been one.
	setup uint64
	// queue is what waits to be told, missing that something may not be in it, and
	// telling that somebody tells it.
	queue            []broker.Event
	missing, telling bool
	// recent are the frames of the events after recentFrom, while somebody follows
	// events or catches up with them.
	recent     []told
	recentFrom uint64
	catching   int

	everything map[*Subscription]struct{}
	pages      pageTopics
}

// told is a frame that was told.
type told struct {
	sequence, position uint64
	frame              *Frame
}

func newAccount(hub *Hub, id string) *account {
	return &account{hub: hub, id: id, everything: map[*Subscription]struct{}{}, pages: newPageTopics()}
}

// enter returns an account that is known and held until leave.
func (h *Hub) enter(ctx context.Context, id string) (*account, error) {
	h.mu.Lock()
	if h.ended || h.running == nil {
		h.mu.Unlock()
		return nil, ErrClosed
	}
	a := h.accounts[id]
	if a == nil {
		a = newAccount(h, id)
		h.accounts[id] = a
	}
	a.followers++
	h.mu.Unlock()
	if err := a.begin(ctx); err != nil {
		h.leave(a)
		return nil, err
	}
	return a, nil
}

// leave lets an account go.
func (h *Hub) leave(a *account) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if a.followers--; a.followers == 0 {
		delete(h.accounts, a.id)
	}
}

// begin finds out where the account stands. What happens meanwhile waits.
func (a *account) begin(ctx context.Context) error {
	a.mu.Lock()
	ready := a.ready
	a.mu.Unlock()
	if ready {
		return nil
	}
	head, err := a.hub.config.Log.Head(ctx)
	if err != nil {
		return err
	}
	sequence, err := a.hub.config.Log.Sequence(ctx, a.id, head.Position)
	if err != nil {
		return err
	}
	a.hub.mu.Lock()
	if a.hub.place.Incarnation == "" {
		a.hub.place = head
	}
	a.hub.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.ready {
		a.ready, a.sequence, a.position, a.setup = true, sequence, head.Position, head.Position
	}
	a.tellLocked()
	return nil
}

// take takes an event that was heard of.
func (a *account) take(event broker.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == waiting {
		a.queue, a.missing = nil, true
	}
	a.queue = append(a.queue, event)
	a.tellLocked()
}

// look lets the account look into the log for what it has not heard of.
func (a *account) look() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.missing = true
	a.tellLocked()
}

// tellLocked sees to it that what waits is told.
func (a *account) tellLocked() {
	if a.ready && !a.telling && (a.missing || len(a.queue) > 0) {
		a.telling = true
		a.hub.start(a.tell)
	}
}

// tell tells what waits, until nothing does.
func (a *account) tell(ctx context.Context) {
	for {
		a.mu.Lock()
		queue, missing := a.queue, a.missing
		a.queue, a.missing = nil, false
		if len(queue) == 0 && !missing {
			a.telling = false
			a.mu.Unlock()
			return
		}
		for _, event := range queue {
			if event.Sequence == a.sequence+1 {
				a.tellOne(event)
			} else if event.Sequence > a.sequence {
				missing = true
				break
			}
		}
		a.mu.Unlock()
		if missing {
			if err := a.refill(ctx); err != nil {
				if ctx.Err() != nil {
					return
				}
				a.hub.config.Logger.Warn("the log cannot be read", "account", a.id, "error", err)
				a.look()
				sleep(ctx, again)
			}
		}
	}
}

// refill tells what the log has and was not heard of.
func (a *account) refill(ctx context.Context) error {
	for {
		a.mu.Lock()
		after := a.sequence
		a.mu.Unlock()
		events, err := a.hub.config.Log.Account(ctx, a.id, after, logPage)
		if err != nil {
			return err
		}
		a.mu.Lock()
		for _, event := range events {
			if event.Sequence == a.sequence+1 {
				a.tellOne(event)
			}
		}
		a.mu.Unlock()
		if len(events) == 0 {
			return nil
		}
	}
}

// tellOne tells an event that follows the last. The caller holds mu.
func (a *account) tellOne(event broker.Event) {
	a.sequence, a.position = event.Sequence, event.Position
	if event.Category == setupCategory {
		a.setup = event.Position
	}
	if len(a.everything)+a.catching == 0 {
		a.recent, a.recentFrom = nil, event.Sequence
	} else {
		if frame := a.eventFrame(event); frame != nil {
			a.remember(told{event.Sequence, event.Position, frame})
			for s := range a.everything {
				s.tell(frame, event.Position)
			}
		} else {
			for s := range a.everything {
				s.pass(event.Position)
			}
		}
	}
	a.noteLocked(event)
}

// remember keeps a frame for those who catch up: as many as they have room for.
func (a *account) remember(t told) {
	if n := len(a.recent); n > 0 && n >= a.hub.config.Buffer/2 {
		a.recentFrom = a.recent[0].sequence
		copy(a.recent, a.recent[1:])
		a.recent = a.recent[:n-1]
	}
	a.recent = append(a.recent, t)
}

// eventFrame makes the frame of an event; nil where nothing is public.
func (a *account) eventFrame(event broker.Event) *Frame {
	public := Read(event)
	if public == nil {
		return nil
	}
	return NewFrame(&streamv1.SubscribeResponse{
		Cursor: a.hub.cursor(event.Position), Frame: &streamv1.SubscribeResponse_Event{Event: public},
	})
}

// Read returns what is public of an event; nil where nothing is.
func Read(event broker.Event) *streamv1.Event {
	if event.Type == "" {
		return nil
	}
	public := &streamv1.Event{}
	if proto.Unmarshal(event.Data, public) != nil {
		return nil
	}
	return public
}

// safe returns the position up to which everything was told to those who follow
// events, and whether pages were told as much.
func (a *account) safe() (position uint64, pages bool) {
	a.hub.mu.Lock()
	place := a.hub.place.Position
	a.hub.mu.Unlock()
	a.mu.Lock()
	defer a.mu.Unlock()
	pages = !a.pages.busy && !a.pages.waits()
	if a.telling || a.missing || len(a.queue) > 0 {
		return a.position, pages
	}
	return max(place, a.position), pages
}

// attachLive lets a subscription that has been told everything up to a sequence follow
// what comes, after what came meanwhile and the end of the past. It reports false
// where what came is too much to remember, and has to be read.
func (a *account) attachLive(s *Subscription, sequence uint64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.done.Err() != nil {
		return true
	}
	if sequence < a.recentFrom {
		return false
	}
	if sequence < a.sequence {
		for _, t := range a.recent {
			if t.sequence > sequence {
				s.push(t.frame, t.position)
			}
		}
		s.pass(a.position)
	}
	s.begins()
	a.everything[s] = struct{}{}
	return true
}

// catch says that somebody catches up with events, or no longer.
func (a *account) catch(more int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.everything)+a.catching == 0 {
		a.recentFrom = a.sequence
	}
	a.catching += more
}

// detach ends that.
func (a *account) detach(s *Subscription) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.everything, s)
	a.pages.remove(s)
}
