package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/stream"
)

// The codes with which the server closes a socket, beside those of RFC 6455.
const (
	closeRevoked websocket.StatusCode = 4001
	closeSlow    websocket.StatusCode = 4008
	closeTooMany websocket.StatusCode = 4029
)

const (
	// firstWithin is how long a client has to say who it is.
	firstWithin = 5 * time.Second
	// maxClientFrame bounds what a client says at once.
	maxClientFrame = 64 << 10
	// maxSubscriptions is how much one socket follows.
	maxSubscriptions = 16
	// framesPerSecond and framesBurst bound how often a client says something.
	framesPerSecond, framesBurst = 10, 60
)

// socket is one WebSocket. A goroutine reads it, and another writes while there is
// something to write: idle ones are many.
type socket struct {
	*server
	conn  *websocket.Conn
	under *wire
	json  bool
	rate  *rate.Limiter
	of    share
	again *time.Timer // asks whether who follows still may

	mu        sync.Mutex
	who       *follower // as of the last check
	following []numbered
	own       []*streamv1.SubscribeResponse // what the socket itself says
	shown     map[string]struct{}           // conversations in which the client is present
	writing   bool
	more      bool // there may be something to write
	closed    bool
	ending    string // why the server ends the socket; empty where it does not
}

// leave closes a socket that follows nothing when the server ends. Others are told.
func (c *socket) leave() {
	if len(c.all()) == 0 {
		c.leaves(streamv1.GoAwayReason_GO_AWAY_REASON_SHUTDOWN)
	}
}

// serve reads what the client says until it ends, and returns with what code the
// socket is closed. What a frame asks for is done apart, for the stack of the goroutine
// that reads has to stay small: it waits for as long as the socket is open.
func (c *socket) serve(r *http.Request) (code websocket.StatusCode, reason string) {
	var byCookie bool
	apart(func() { byCookie, code, reason = c.begin(r) })
	if !byCookie {
		r = nil
	}
	for code == 0 {
		_, data, err := c.conn.Read(context.Background())
		if err != nil {
			return ended(err), ""
		}
		apart(func() { code, reason = c.hear(data, r) })
		r = nil // it is kept no longer than it is needed
	}
	return code, reason
}

// apart does something on a goroutine of its own, and returns when it is done.
func apart(do func()) {
	var done sync.WaitGroup
	done.Go(do)
	done.Wait()
}

// begin finds out who follows, and whether that was said by a cookie. The code is not 0
// where the socket ends for it.
func (c *socket) begin(r *http.Request) (byCookie bool, code websocket.StatusCode, reason string) {
	who, byCookie, code := c.authenticates(r)
	if code != 0 {
		return false, code, "nobody authenticated"
	}
	if !c.enter(who) {
		return false, closeTooMany, "too many sockets"
	}
	c.mu.Lock()
	c.again = time.AfterFunc(c.CheckStreams, c.check)
	c.mu.Unlock()
	return byCookie, 0, ""
}

// hear does what a frame of the client asks for. The request is there where it said by a
// cookie who follows and the frame is the first. The code is not 0 where the socket ends
// for it.
func (c *socket) hear(data []byte, r *http.Request) (websocket.StatusCode, string) {
	said, code, why := c.parse(data)
	if code != 0 {
		return code, why
	}
	if !c.rate.Allow() {
		return websocket.StatusPolicyViolation, "too many frames"
	}
	if said.GetAuthenticate() == nil || r == nil {
		return c.take(context.Background(), said)
	}
	// A page that says who it is means that: its widget is the visitor's, whoever
	// else has logged in at the same origin.
	if who, err := c.followerOf(r, said.GetAuthenticate().GetAuthorization()); err != nil {
		return closeRevoked, "nobody authenticated"
	} else if !c.enter(who) {
		return closeTooMany, "too many sockets"
	}
	return 0, ""
}

// first reads the first frame of a client that has to say something. The code is not 0
// where there is none.
func (c *socket) first() (*streamv1.ClientFrame, websocket.StatusCode) {
	_ = c.under.SetReadDeadline(time.Now().Add(firstWithin))
	defer func() { _ = c.under.SetReadDeadline(time.Time{}) }()
	_, data, err := c.conn.Read(context.Background())
	if err != nil {
		return nil, ended(err)
	}
	said, code, _ := c.parse(data)
	return said, code
}

// ended returns with what code a socket is closed that cannot be read any more.
func ended(err error) websocket.StatusCode {
	if websocket.CloseStatus(err) != -1 {
		return websocket.StatusNormalClosure
	}
	return websocket.StatusPolicyViolation
}

// parse reads a frame of the client. The code is not 0 where it is none, and the text
// says why.
func (c *socket) parse(data []byte) (*streamv1.ClientFrame, websocket.StatusCode, string) {
	said := &streamv1.ClientFrame{}
	var err error
	if c.json {
		err = protojson.UnmarshalOptions{RecursionLimit: 32}.Unmarshal(data, said)
	} else {
		err = proto.UnmarshalOptions{RecursionLimit: 32}.Unmarshal(data, said)
	}
	if err != nil {
		why := strings.ToValidUTF8(fmt.Sprintf("%.100s", err), "")
		return nil, websocket.StatusInvalidFramePayloadData, why
	}
	return said, 0, ""
}

// take does what a client says. The code is not 0 where the socket ends for it.
func (c *socket) take(ctx context.Context, said *streamv1.ClientFrame) (websocket.StatusCode, string) {
	switch frame := said.GetFrame().(type) {
	case *streamv1.ClientFrame_Subscribe:
		return c.subscribe(ctx, frame.Subscribe)
	case *streamv1.ClientFrame_Unsubscribe:
		c.mu.Lock()
		followed := c.dropLocked(frame.Unsubscribe)
		c.mu.Unlock()
		if followed != nil {
			followed.Close()
		}
	case *streamv1.ClientFrame_Typing:
		c.show(c.whose(), typing(frame.Typing.GetOn()), c.topics(), frame.Typing.GetConversationId())
	case *streamv1.ClientFrame_Presence:
		c.present(frame.Presence.GetConversationId(), frame.Presence.GetThere())
	default:
		return websocket.StatusPolicyViolation, "this is no frame"
	}
	return 0, ""
}

// subscribe begins a subscription, or says why not.
func (c *socket) subscribe(ctx context.Context, asked *streamv1.Follow) (websocket.StatusCode, string) {
	number := asked.GetSubscription()
	c.mu.Lock()
	used := slices.ContainsFunc(c.following, func(f numbered) bool { return f.number == number })
	n := len(c.following)
	c.mu.Unlock()
	if number == 0 || used {
		return websocket.StatusPolicyViolation, "a subscription has a number of its own"
	}
	var followed *stream.Subscription
	err := fail(errorv1.Reason_REASON_TOO_MANY_STREAMS, "a socket has at most 16 subscriptions")
	if n < maxSubscriptions {
		followed, err = c.follow(ctx, c.whose(), asked.GetRequest(), c.wake)
	}
	if err != nil {
		c.mu.Lock()
		c.own = append(c.own, &streamv1.SubscribeResponse{
			Subscription: number, Frame: &streamv1.SubscribeResponse_Refused{Refused: c.refused(err)},
		})
		c.mu.Unlock()
	} else {
		c.mu.Lock()
		c.following = append(c.following, numbered{number, followed})
		c.mu.Unlock()
	}
	c.wake()
	return 0, ""
}

// whose returns who follows, as of the last check.
func (c *socket) whose() *follower {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.who
}

// topics returns what the subscriptions are about.
func (c *socket) topics() []stream.Topic {
	var topics []stream.Topic
	for _, f := range c.all() {
		topics = append(topics, f.followed.Topic())
	}
	return topics
}

// check ends the socket where who follows may no longer, and asks whether the client
// is there.
func (c *socket) check() {
	ctx, cancel := context.WithTimeout(context.Background(), writeWithin)
	defer cancel()
	before := c.whose()
	who, still := c.still(ctx, before)
	if !still {
		following := c.all()
		for _, f := range following {
			f.followed.End() // the socket ends when that is told
		}
		if len(following) == 0 {
			c.leaves(streamv1.GoAwayReason_GO_AWAY_REASON_REVOKED)
		}
		return
	}
	c.mu.Lock()
	if c.who == before {
		c.who = who
	}
	c.mu.Unlock()
	if c.conn.Ping(ctx) != nil {
		_ = c.conn.CloseNow()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.again.Reset(c.CheckStreams)
	}
}

// leaves closes the socket with the code of a reason.
func (c *socket) leaves(reason streamv1.GoAwayReason) {
	c.mu.Lock()
	if c.ending == "" {
		c.ending = endings[reason]
	}
	c.mu.Unlock()
	_ = c.conn.Close(closeCodes[reason], "")
}

// why says in one word why a socket has ended that serve returned from.
func (c *socket) why(code websocket.StatusCode, reason string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.ending != "":
		return c.ending
	case reason != "" || code == websocket.StatusInvalidFramePayloadData:
		return endedRefused
	}
	return endedLeft
}

// end lets everything go that the socket had.
func (c *socket) end() {
	c.mu.Lock()
	c.closed = true
	who, following, shown := c.who, c.following, c.shown
	c.following = nil
	if c.again != nil {
		c.again.Stop()
	}
	c.mu.Unlock()
	topics := make([]stream.Topic, 0, len(following))
	for _, f := range following {
		topics = append(topics, f.followed.Topic())
		f.followed.Close()
	}
	for conversationID := range shown {
		c.looking.give(who.looksAt(conversationID))
		if c.looking.any(who.looksAt(conversationID)) {
			continue // another page of theirs shows it
		}
		c.show(who, presence(false), topics, conversationID)
	}
	if c.of.who != "" {
		c.tally.give(c.of)
	}
	_ = c.conn.CloseNow()
}
