package stream

import (
	"context"
	"sync"
	"time"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/broker"
	"weiche/services/public"
)

// oldest is how many records of its account a page's cursor may be behind. What is
// older is read sooner by the snapshot.
const oldest = 10_000

// Request says what somebody follows.
type Request struct {
	// Topic is what. That of a visitor is found by Visitor.
	Topic Topic
	// Visitor is who follows their own conversation.
	Visitor Visitor
	// Cursor is where to go on; empty for from now.
	Cursor string
	// Notify is called when there is something to take, at least once after each
	// Take that found nothing more. It must return at once and call nothing of this
	// package.
	Notify func()
}

// Subscription is somebody who follows something.
type Subscription struct {
	hub     *Hub
	account *account
	notify  func()
	visitor Visitor
	done    context.Context // ends with the subscription
	cancel  context.CancelFunc

	mu    sync.Mutex
	topic Topic
	queue []*Frame
	// room is closed by Take for who waits to tell the past.
	room chan struct{}
	// place is the position up to which everything was told, live that what happens
	// is told as it happens, missed that something happened before that.
	place        uint64
	live, missed bool
	// fresh says that what is followed now is another conversation, to be told from
	// its beginning, and caught that the end of the past was told.
	fresh, caught bool
	ended         bool
	quiet         time.Time // since when nothing was told
}

// Subscribe follows something from a cursor on, or from now on. The errors are
// ErrCursor, ErrCursorExpired, ErrClosed, ctx's and those of the log. Close has to be
// called in the end.
func (h *Hub) Subscribe(ctx context.Context, request Request) (*Subscription, error) {
	a, err := h.enter(ctx, request.Topic.Account)
	if err != nil {
		return nil, err
	}
	s := &Subscription{
		hub: h, account: a, notify: request.Notify, topic: request.Topic, visitor: request.Visitor, quiet: time.Now(),
	}
	if s.topic.Kind == Own {
		s.topic = ownTopic(s.visitor, "")
	}
	sequence, err := s.begin(ctx, request.Cursor)
	if err != nil {
		h.leave(a)
		return nil, err
	}
	s.done, s.cancel = context.WithCancel(context.Background())
	h.mu.Lock()
	if h.ended {
		h.mu.Unlock()
		h.leave(a)
		s.cancel()
		return nil, ErrClosed
	}
	h.subs[s] = struct{}{}
	h.mu.Unlock()
	if s.topic.Kind == Everything {
		a.catch(1)
		h.start(func(ctx context.Context) { s.tellPast(ctx, sequence) })
		return s, nil
	}
	a.follow(s, request.Cursor == "" && s.topic.Kind != Own)
	return s, nil
}

// begin reads a cursor, and returns the account's sequence there.
func (s *Subscription) begin(ctx context.Context, cursor string) (uint64, error) {
	s.account.mu.Lock()
	sequence, position := s.account.sequence, s.account.position
	s.account.mu.Unlock()
	if cursor == "" {
		s.place = position
		return sequence, nil
	}
	at, err := public.ParsePosition(cursor)
	if err != nil {
		return 0, ErrCursor
	}
	s.hub.mu.Lock()
	place := s.hub.place
	s.hub.mu.Unlock()
	if at.Partition != 0 || at.Incarnation != place.Incarnation {
		return 0, ErrCursorExpired
	}
	if at.Place > max(position, place.Position) {
		head, err := s.hub.config.Log.Head(ctx)
		if err != nil {
			return 0, err
		}
		if at.Place > head.Position {
			return 0, ErrCursor
		}
	}
	s.place = at.Place
	before, err := s.hub.config.Log.Sequence(ctx, s.account.id, at.Place)
	if err != nil {
		return 0, err
	}
	if s.topic.Kind != Everything && before+oldest < sequence {
		return 0, ErrCursorExpired
	}
	return before, nil
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.cancel()
	s.hub.mu.Lock()
	_, there := s.hub.subs[s]
	delete(s.hub.subs, s)
	s.hub.mu.Unlock()
	if there {
		s.account.detach(s)
		s.hub.leave(s.account)
	}
}

// Topic returns what is followed now. The ID of a visitor's is empty before their
// conversation has begun.
func (s *Subscription) Topic() Topic {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.topic
}

// Take returns the frames that wait, and whether the subscription has ended with the
// last of them.
func (s *Subscription) Take() (frames []*Frame, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	frames, s.queue = s.queue, nil
	if s.room != nil {
		close(s.room)
		s.room = nil
	}
	return frames, s.ended
}

// push tells a frame that brings the subscription to a position.
func (s *Subscription) push(frame *Frame, position uint64) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	if len(s.queue) >= s.hub.config.Buffer {
		s.endLocked(streamv1.GoAwayReason_GO_AWAY_REASON_SLOW, 0)
		s.mu.Unlock()
		s.notify()
		return
	}
	s.queue = append(s.queue, frame)
	s.place = max(s.place, position)
	s.quiet = time.Now()
	s.mu.Unlock()
	s.notify()
}

// tell tells an event as it happens, unless the past that was told had it already: the
// log is read ahead of what is heard of, and a cursor may be of a process that heard of
// more.
func (s *Subscription) tell(frame *Frame, position uint64) {
	s.mu.Lock()
	told := position <= s.place
	s.mu.Unlock()
	if !told {
		s.push(frame, position)
	}
}

// pass brings the subscription to a position without telling anything.
func (s *Subscription) pass(position uint64) {
	s.mu.Lock()
	s.place = max(s.place, position)
	s.mu.Unlock()
}

// begins tells that the past is told.
func (s *Subscription) begins() {
	s.mu.Lock()
	caught := s.caught
	s.live, s.caught = true, true
	place := s.place
	s.mu.Unlock()
	if !caught {
		s.push(caughtUp(s.hub.cursor(place)), place)
	}
	s.hub.greet(s)
}

// sign tells what is of the moment, to who has room for it.
func (s *Subscription) sign(frame *Frame) {
	s.mu.Lock()
	room := !s.ended && s.live && len(s.queue) < s.hub.config.Buffer/2
	if room {
		s.queue = append(s.queue, frame)
	}
	s.mu.Unlock()
	if room {
		s.notify()
	}
}

// end tells why the subscription ends, in the place of what waits.
func (s *Subscription) end(reason streamv1.GoAwayReason, retryAfterMS uint32) {
	s.mu.Lock()
	ended := s.ended
	if !ended {
		s.endLocked(reason, retryAfterMS)
	}
	s.mu.Unlock()
	if !ended {
		s.notify()
	}
}

// End tells that the session or the key of who follows has ended.
func (s *Subscription) End() { s.end(streamv1.GoAwayReason_GO_AWAY_REASON_REVOKED, 0) }

func (s *Subscription) endLocked(reason streamv1.GoAwayReason, retryAfterMS uint32) {
	if reason == streamv1.GoAwayReason_GO_AWAY_REASON_SLOW || reason == streamv1.GoAwayReason_GO_AWAY_REASON_REVOKED {
		s.queue = nil
	}
	s.queue = append(s.queue, goAway(reason, retryAfterMS))
	s.ended = true
	s.cancel()
}

// beat tells that the stream lives where nothing was told for long, with a cursor
// that goes forward. The frames by position are shared.
func (s *Subscription) beat(told map[uint64]*Frame) {
	position, pages := s.account.safe()
	s.mu.Lock()
	if s.ended || len(s.queue) > 0 || time.Since(s.quiet) < beat*2/3 {
		s.mu.Unlock()
		return
	}
	if s.live && (pages || s.topic.Kind == Everything) {
		s.place = max(s.place, position)
	}
	place := s.place
	s.mu.Unlock()
	if told[place] == nil {
		told[place] = heartbeat(s.hub.cursor(place))
	}
	s.push(told[place], place)
}

// wait waits until what was told is taken.
func (s *Subscription) wait(ctx context.Context) error {
	for {
		s.mu.Lock()
		if s.ended {
			s.mu.Unlock()
			return ErrClosed
		}
		if len(s.queue) <= s.hub.config.Buffer/4 {
			s.mu.Unlock()
			return nil
		}
		if s.room == nil {
			s.room = make(chan struct{})
		}
		room := s.room
		s.mu.Unlock()
		select {
		case <-room:
		case <-s.done.Done():
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tellPast tells the events after a sequence, and then lets what happens follow.
func (s *Subscription) tellPast(ctx context.Context, sequence uint64) {
	defer s.account.catch(-1)
	for !s.account.attachLive(s, sequence) {
		events, err := s.readPast(ctx, sequence)
		if err != nil {
			s.failed(ctx, err)
			return
		}
		for _, event := range events {
			if s.wait(ctx) != nil {
				return
			}
			sequence = event.Sequence
			if frame := s.account.eventFrame(event); frame != nil {
				s.push(frame, event.Position)
			}
		}
	}
}

// readPast reads records of the account when it is their turn.
func (s *Subscription) readPast(ctx context.Context, after uint64) ([]broker.Event, error) {
	release, err := s.hub.hold(ctx, s.done)
	if err != nil {
		return nil, err
	}
	defer release()
	return s.hub.config.Log.Account(ctx, s.account.id, after, logPage)
}

// failed ends the subscription where the past cannot be read.
func (s *Subscription) failed(ctx context.Context, err error) {
	if ctx.Err() != nil || s.done.Err() != nil {
		return
	}
	s.hub.config.Logger.Warn("the past cannot be told", "account", s.account.id, "error", err)
	s.end(streamv1.GoAwayReason_GO_AWAY_REASON_UNAVAILABLE, uint32(again.Milliseconds()))
}

// hold waits for a turn to read the past.
func (h *Hub) hold(ctx, done context.Context) (release func(), err error) {
	select {
	case h.past <- struct{}{}:
		return func() { <-h.past }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-done.Done():
		return nil, done.Err()
	}
}
