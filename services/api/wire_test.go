package api_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"weiche/services/api"
)

// What is left of the time for a frame does not end a socket that is told something,
// is pinged, or pings, when nothing was told for longer. The control is a connection
// whose time is not begun anew.
func TestQuietSocketsCanBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, renewed := range []bool{true, false} {
			ours, theirs := net.Pipe()
			drained := make(chan struct{})
			go func() { _, _ = io.Copy(io.Discard, theirs); close(drained) }()
			conn := ours
			if renewed {
				conn = api.NewWire(ours)
			} else {
				_ = ours.SetWriteDeadline(time.Now().Add(10 * time.Second))
			}
			_, first := conn.Write([]byte("\x81\x01a"))
			time.Sleep(time.Minute)
			_, second := conn.Write([]byte("\x8a\x00"))
			if first != nil || (second == nil) != renewed {
				t.Errorf("renewed %v: %v, and a minute later %v", renewed, first, second)
			}
			_ = conn.Close()
			<-drained
		}
	})
}

// Who does not read is waited for ten seconds at most, however often something was
// written before, and what comes after half a frame is not written.
func TestSlowSocketsAreNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		wire := api.NewWire(ours)
		go func() { _, _ = io.CopyN(io.Discard, theirs, 10*3) }()
		for range 9 {
			if _, err := wire.Write([]byte("\x81\x01a")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
		}
		began := time.Now()
		_, err := wire.Write([]byte("\x81\x08too long"))
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took < 5*time.Second || took > 10*time.Second {
			t.Errorf("%v after %v", err, took)
		}
		if _, err := wire.Write([]byte("\x81\x01a")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("after half a frame: %v", err)
		}
		_ = theirs.Close()
	})
}

// Nothing follows the close.
func TestNothingFollowsTheClose(t *testing.T) {
	ours, theirs := net.Pipe()
	wire := api.NewWire(ours)
	got := make(chan []byte)
	go func() { all, _ := io.ReadAll(theirs); got <- all }()
	_, closed := wire.Write([]byte("\x88\x02\x03\xe8"))
	_, after := wire.Write([]byte("\x81\x01a"))
	_ = wire.Close()
	if all := <-got; closed != nil || !errors.Is(after, net.ErrClosed) || len(all) != 4 {
		t.Errorf("%v, %v, %q", closed, after, all)
	}
}

// Messages of every length are read as they were written.
func TestFramesOfEveryLength(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	sizes := []int{0, 1, 125, 126, 127, 1000, 65535, 65536, 70000}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var under net.Conn
		if _, err := websocket.Accept(taker{w, &under}, r, nil); err != nil {
			return
		}
		defer func() { _ = under.Close() }()
		for _, size := range sizes {
			if _, err := under.Write(api.FrameOf(bytes.Repeat([]byte{'a'}, size))); err != nil {
				return
			}
		}
		_, _ = io.Copy(io.Discard, under)
	}))
	defer server.Close()
	conn, _, err := websocket.Dial(ctx, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	for _, size := range sizes {
		kind, message, err := conn.Read(ctx)
		if err != nil || kind != websocket.MessageText || len(message) != size {
			t.Fatalf("%d bytes of %d, %v, %v", len(message), size, kind, err)
		}
	}
	_ = conn.CloseNow()
}

// taker keeps the connection of a socket.
type taker struct {
	http.ResponseWriter
	under *net.Conn
}

func (k taker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, both, err := http.NewResponseController(k.ResponseWriter).Hijack()
	*k.under = conn
	return conn, both, err
}
