package api_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"weiche/services/api"
)

// lean is a socket that costs its client little: it is read by hand.
type lean struct {
	conn net.Conn
	read *bufio.Reader
}

// say writes a frame as a client has to, with a mask of zeros.
func (c *lean) say(text string) error {
	frame := []byte{0x81, 0x80 | 126, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(frame[2:], uint16(len(text)))
	_, err := c.conn.Write(append(frame, text...))
	return err
}

// next reads the payload of the next frame into a buffer; that of a frame that is no
// text is empty.
func (c *lean) next(into []byte) ([]byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(c.read, head[:]); err != nil {
		return nil, err
	}
	n := int(head[1] & 0x7f)
	if n == 126 {
		var long [2]byte
		if _, err := io.ReadFull(c.read, long[:]); err != nil {
			return nil, err
		}
		n = int(binary.BigEndian.Uint16(long[:]))
	}
	into = into[:min(n, cap(into))]
	if _, err := io.ReadFull(c.read, into); err != nil {
		return nil, err
	}
	_, err := c.read.Discard(n - len(into))
	switch head[0] & 0x0f {
	case 1:
		return into, err
	case 9: // a ping, which wants its words back
		_, err := c.conn.Write(append([]byte{0x8a, 0x80 | byte(len(into)), 0, 0, 0, 0}, into...))
		return nil, err
	}
	return nil, err
}

// leanSocket opens one that follows a conversation.
func (s *stage) leanSocket(conversationID string) (*lean, error) {
	conn, err := net.Dial("tcp", s.server.Listener.Addr().String())
	if err != nil {
		return nil, err
	}
	c := &lean{conn: conn, read: bufio.NewReaderSize(conn, 512)}
	_, err = fmt.Fprintf(conn, "GET /v1/stream HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: weiche.v1.json\r\n\r\n")
	if err != nil {
		return nil, err
	}
	response, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return nil, errors.New(response.Status)
	}
	return c, errors.Join(
		c.say(`{"authenticate":{"authorization":"Bearer `+s.eva()+`"}}`),
		c.say(`{"subscribe":{"subscription":1,"request":{"conversationId":"`+conversationID+`"}}}`),
	)
}

// inUse is what heap and stacks take, after what is garbage has gone.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// conversations begins so many and returns them, by a customer for each.
func (s *stage) conversations(t *testing.T, many int) []string {
	t.Helper()
	for at := range many {
		s.whatsApp(t, phoneOf(at), fmt.Sprint("first-", at), "hello")
	}
	if err := s.views.WaitFor(t.Context(), s.store.Durable()); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for page := ""; len(ids) < many; {
		listed := s.must(t, workspaceService+"ListConversations", s.eva(), fmt.Sprintf(`{"limit":200,"pageToken":%q}`, page))
		for n := range listed.length("conversations") {
			ids = append(ids, listed.text(fmt.Sprintf("conversations.%d.conversationId", n)))
		}
		if page = listed.text("nextPageToken"); page == "" {
			break
		}
	}
	if len(ids) != many {
		t.Fatalf("%d conversations are listed, not %d", len(ids), many)
	}
	return ids
}

// told returns once streams tell what is as new as what a customer says now.
func (s *stage) told(t *testing.T, conversationID string, customer int) {
	t.Helper()
	c, err := s.leanSocket(conversationID)
	if err != nil {
		t.Fatal(err)
	}
	defer c.conn.Close()
	if first, err := c.next(make([]byte, 64)); err != nil || !bytes.Contains(first, []byte("cursor")) {
		t.Fatalf("%q, %v", first, err)
	}
	s.whatsApp(t, phoneOf(customer), "told", "are you there?")
	for buffer := make([]byte, 4096); ; {
		frame, err := c.next(buffer[:cap(buffer)])
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(frame, []byte("are you there?")) {
			return
		}
	}
}

// phoneOf is the number of a customer.
func phoneOf(at int) string { return fmt.Sprintf("1555%07d", at) }

// I27: many sockets that mostly wait cost little, nothing of what is told is lost on
// any of them or comes to another, and memory stays where it is.
func TestI27ManySockets(t *testing.T) {
	many, lasting, pace := 500, 5*time.Second, 20*time.Millisecond
	if os.Getenv("WEICHE_SOAK") != "" {
		many, lasting, pace = 10_000, time.Minute, 10*time.Millisecond
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if room := int(limit.Cur)/2 - 200; room < many {
		t.Logf("ONLY %d SOCKETS, not %d: this process may open %d files", room, many, limit.Cur)
		many = room
	}
	s := newStage(t, func(c *api.Config) { c.Limits.Streams, c.Limits.AddressStreams = -1, -1 })
	ids := s.conversations(t, many)
	s.told(t, ids[0], many-1)
	before := inUse()
	sockets := make([]*lean, many)
	buffer := make([]byte, 64)
	for at := range sockets {
		c, err := s.leanSocket(ids[at])
		if err != nil {
			t.Fatalf("socket %d: %v", at, err)
		}
		defer c.conn.Close()
		if first, err := c.next(buffer); err != nil || !bytes.Contains(first, []byte("cursor")) {
			t.Fatalf("socket %d: %q, %v", at, first, err)
		}
		sockets[at] = c
	}
	each := (inUse() - before) / uint64(many)
	t.Logf("%d idle sockets, with their clients: %d bytes each", many, each)
	if each > 15<<10 {
		t.Errorf("an idle socket takes %d bytes", each)
	}

	var told, want atomic.Int64
	want.Store(-1) // until it is known
	all := make(chan struct{}, 1)
	var reading sync.WaitGroup
	for _, c := range sockets {
		reading.Go(func() {
			buffer := make([]byte, 256)
			for {
				frame, err := c.next(buffer)
				if err != nil {
					return
				}
				if bytes.Contains(frame, []byte("message.created")) && told.Add(1) == want.Load() {
					all <- struct{}{}
				}
			}
		})
	}
	var middle uint64
	sent, began := 0, time.Now()
	for tick := time.NewTicker(pace); time.Since(began) < lasting; <-tick.C {
		s.whatsApp(t, phoneOf(sent%many), fmt.Sprint("in-", sent), "hello")
		if sent++; middle == 0 && time.Since(began) > lasting/2 {
			middle = inUse()
		}
	}
	if want.Store(int64(sent)); told.Load() < int64(sent) {
		select {
		case <-all:
		case <-time.After(30 * time.Second):
		}
	}
	if got := told.Load(); got != int64(sent) {
		t.Errorf("%d messages, one to each of %d sockets in turn: %d came", sent, many, got)
	}
	end := inUse()
	t.Logf("%d messages; %d KiB in the middle, %d KiB at the end", sent, middle>>10, end>>10)
	if grown := int64(end) - int64(middle); grown > int64(middle)/4+(8<<20) {
		t.Errorf("memory grew by %d KiB", grown>>10)
	}
	for _, c := range sockets {
		c.conn.Close()
	}
	reading.Wait()
}
