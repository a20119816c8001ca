package api

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// The first bytes of frames that the server writes whole: the last part of a
// message, and what kind it is (RFC 6455, 5.2).
const (
	wireText   = 0x80 | 0x1
	wireBinary = 0x80 | 0x2
	wireClose  = 0x80 | 0x8
)

// maxWireHeader is the longest header of a frame that is not masked.
const maxWireHeader = 10

// wire is the connection of a WebSocket. Messages are written to it whole, beside
// the library, which writes pongs, pings and the close through a small buffer: a
// message by way of that would be cut in two writes, and copied. A frame is always
// one Write, so none comes into another.
type wire struct {
	net.Conn

	mu     sync.Mutex
	until  time.Time // when writes end that are not done
	closed bool      // the close was written, or half a frame: nothing comes after it
}

// Write writes a whole frame. It takes no longer than writeWithin.
func (w *wire) Write(frame []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, net.ErrClosed
	}
	// A deadline costs as much as the rest here, so it is moved only now and then.
	if now := time.Now(); w.until.Sub(now) < writeWithin/2 {
		w.until = now.Add(writeWithin)
		if err := w.SetWriteDeadline(w.until); err != nil {
			return 0, err
		}
	}
	n, err := w.Conn.Write(frame)
	w.closed = err != nil || len(frame) > 0 && frame[0] == wireClose
	return n, err
}

// withHeader writes the header of a message of some kind into the room before it,
// which is maxWireHeader, and returns the frame.
func withHeader(message []byte, kind byte) []byte {
	size := len(message) - maxWireHeader
	switch {
	case size < 126:
		frame := message[maxWireHeader-2:]
		frame[0], frame[1] = kind, byte(size)
		return frame
	case size < 1<<16:
		frame := message[maxWireHeader-4:]
		frame[0], frame[1] = kind, 126
		binary.BigEndian.PutUint16(frame[2:], uint16(size))
		return frame
	}
	message[0], message[1] = kind, 127
	binary.BigEndian.PutUint64(message[2:], uint64(size))
	return message
}
