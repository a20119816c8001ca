package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestHerdFindsWhatIsWrong has a server that tells a message as it should, and
// servers that do not.
func TestHerdFindsWhatIsWrong(t *testing.T) {
	const sockets = 20
	for _, test := range []struct {
		name string
		tell func(conns []net.Conn, text []byte)
		// wrong is what the error says; empty for none.
		wrong string
	}{
		{"each once", func(conns []net.Conn, text []byte) {
			for _, conn := range conns {
				_, _ = conn.Write(text)
			}
		}, ""},
		{"in two pieces", func(conns []net.Conn, text []byte) {
			for at := range 2 {
				for _, conn := range conns {
					_, _ = conn.Write(text[at*len(text)/2 : (at+1)*len(text)/2])
				}
			}
		}, ""},
		{"one twice", func(conns []net.Conn, text []byte) {
			_, _ = conns[0].Write(text)
			for _, conn := range conns {
				_, _ = conn.Write(text)
			}
		}, "again"},
		{"one is hung up on", func(conns []net.Conn, text []byte) {
			conns[0].Close()
			for _, conn := range conns[1:] {
				_, _ = conn.Write(text)
			}
		}, "closed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go tellAll(listener, sockets, test.tell)
			h, err := gather(t.Context(), listener.Addr().String(), sockets, greetFloor)
			if err != nil {
				t.Fatal(err)
			}
			defer h.close()
			c, err := dial(t.Context(), listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.conn.Close()
			l, err := h.tell(t.Context(), c, newMessages(1).by(0))
			if err == nil {
				err = h.rest(t.Context(), 50*time.Millisecond)
			}
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) {
					t.Errorf("told %d sockets: %v", l.done, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if l.done != sockets {
				t.Errorf("told %d of %d sockets", l.done, sockets)
			}
		})
	}
}

// tellAll opens so many sockets and tells them what is posted next.
func tellAll(listener net.Listener, sockets int, tell func([]net.Conn, []byte)) {
	var conns []net.Conn
	for range sockets {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil {
			return
		}
		_, _ = conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n"))
		conns = append(conns, conn)
	}
	conn, err := listener.Accept()
	if err != nil {
		return
	}
	request, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	body := make([]byte, request.ContentLength)
	if _, err := io.ReadFull(request.Body, body); err != nil {
		return
	}
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
	}()
	tell(conns, appendFrame(nil, opText, padded(400, body)))
	_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	_, _ = io.Copy(io.Discard, conn) // until the client has what it wants
}
