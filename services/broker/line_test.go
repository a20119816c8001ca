package broker_test

import (
	"bytes"
	"net"
	"sync"
	"testing"
)

// line is what lies between a broker and its server, and can be cut.
type line struct {
	listener net.Listener
	server   string
	ended    sync.WaitGroup

	mu     sync.Mutex
	open   []net.Conn
	word   []byte        // what is waited for; nil for nothing
	kept   chan struct{} // closed when something is kept back
	silent net.Conn      // the server's side of where the word was said
}

// between makes a line to a server, which is cut when the test ends.
func between(t *testing.T, server string) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{listener: listener, server: server}
	l.ended.Go(l.accept)
	t.Cleanup(func() {
		listener.Close()
		l.hangUp()
		l.ended.Wait()
	})
	return l
}

func (l *line) address() string { return l.listener.Addr().String() }

// silenceAfter has the server be heard no more by whoever says a word to it next, until
// hangUp. The channel is closed when something was kept back.
func (l *line) silenceAfter(word string) (kept <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.word, l.kept = []byte(word), make(chan struct{})
	return l.kept
}

// hangUp ends what is connected. Who connects again is let through.
func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.open {
		conn.Close()
	}
	l.open, l.silent = nil, nil
}

func (l *line) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			client.Close()
			continue
		}
		l.mu.Lock()
		l.open = append(l.open, client, server)
		l.mu.Unlock()
		l.ended.Go(func() { l.carry(client, server, server) })
		l.ended.Go(func() { l.carry(server, client, server) })
	}
}

// carry brings what one side says to the other until one of them is gone.
func (l *line) carry(from, to, server net.Conn) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if !l.lets(buffer[:n], from, server) {
			continue
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// lets says whether something is carried.
func (l *line) lets(said []byte, from, server net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case from != server:
		if l.word != nil && bytes.Contains(said, l.word) {
			l.word, l.silent = nil, server
		}
	case l.silent == server:
		if l.kept != nil {
			close(l.kept)
			l.kept = nil
		}
		return false
	}
	return true
}
