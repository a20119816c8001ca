package api

import (
	"slices"
	"sync"

	"github.com/coder/websocket"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/stream"
)

// frames holds the bytes of a frame while it is written.
var frames = sync.Pool{New: func() any { return new([]byte) }}

// wake sees to it that what waits is written. It returns at once.
func (c *socket) wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.more = true
	if !c.writing && !c.closed {
		c.writing = true
		go c.write()
	}
}

// write writes what waits, until nothing does.
func (c *socket) write() {
	for {
		c.mu.Lock()
		if !c.more || c.closed {
			c.writing = false
			c.mu.Unlock()
			return
		}
		c.more = false
		own := c.own
		c.own = nil
		c.mu.Unlock()
		for _, said := range own {
			if c.send(stream.NewFrame(said), 0) != nil {
				return
			}
		}
		for _, f := range c.all() {
			if !c.tell(f) {
				return
			}
		}
	}
}

// all returns what is followed.
func (c *socket) all() []numbered {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.following)
}

// numbered is a subscription with its number.
type numbered struct {
	number   uint32
	followed *stream.Subscription
}

// dropLocked takes a subscription from those that are followed, and returns it; nil
// where there is none with the number. The caller holds mu.
func (c *socket) dropLocked(number uint32) *stream.Subscription {
	for at, f := range c.following {
		if f.number == number {
			c.following = slices.Delete(c.following, at, at+1)
			return f.followed
		}
	}
	return nil
}

// tell writes what waits of a subscription, and reports whether the socket goes on.
func (c *socket) tell(f numbered) bool {
	waiting, ended := f.followed.Take()
	var last *streamv1.GoAway
	for _, frame := range waiting {
		if c.send(frame, f.number) != nil {
			return false
		}
		last = frame.Response.GetGoAway()
	}
	if !ended {
		return true
	}
	c.mu.Lock()
	c.dropLocked(f.number)
	c.mu.Unlock()
	f.followed.Close()
	if closeCodes[last.GetReason()] == 0 {
		return true
	}
	c.leaves(last.GetReason())
	return false
}

// closeCodes are the codes with which a socket is closed after a go_away. After
// others the rest of its subscriptions goes on.
var closeCodes = map[streamv1.GoAwayReason]websocket.StatusCode{
	streamv1.GoAwayReason_GO_AWAY_REASON_SHUTDOWN:    websocket.StatusServiceRestart,
	streamv1.GoAwayReason_GO_AWAY_REASON_SLOW:        closeSlow,
	streamv1.GoAwayReason_GO_AWAY_REASON_REVOKED:     closeRevoked,
	streamv1.GoAwayReason_GO_AWAY_REASON_UNAVAILABLE: websocket.StatusTryAgainLater,
}

// send writes one frame, of a subscription where it has a number. After an error the
// socket is closed.
func (c *socket) send(frame *stream.Frame, number uint32) error {
	buffer := frames.Get().(*[]byte)
	defer frames.Put(buffer)
	*buffer = append((*buffer)[:0], make([]byte, maxWireHeader)...)
	kind := byte(wireBinary)
	if c.json {
		kind = wireText
		*buffer = frame.AppendJSON(*buffer, number)
	} else {
		*buffer = frame.AppendProto(*buffer, number)
	}
	_, err := c.under.Write(withHeader(*buffer, kind))
	if err != nil {
		_ = c.conn.CloseNow()
	}
	return err
}
