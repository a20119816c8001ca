package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// provider is the Graph API as far as a text message needs it. It notes when the
// first byte of each send is there, and answers as the real one does.
type provider struct {
	url      string
	arrivals *arrivals
	listener net.Listener
	serving  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

func startProvider() (*provider, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &provider{url: "http://" + listener.Addr().String(), arrivals: newArrivals(), listener: listener, conns: map[net.Conn]bool{}}
	p.serving.Go(p.accept)
	return p, nil
}

func (p *provider) accept() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.mu.Lock()
		p.conns[conn] = true
		p.mu.Unlock()
		p.serving.Go(func() {
			p.serve(conn)
			p.mu.Lock()
			delete(p.conns, conn)
			p.mu.Unlock()
			conn.Close()
		})
	}
}

// serve answers the requests of a connection until it ends.
func (p *provider) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	for {
		if _, err := in.Peek(1); err != nil {
			return
		}
		at := time.Now()
		request, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(request.Body)
		if err != nil {
			return
		}
		// Everything else asks whether the number is served.
		answer := fmt.Sprintf(`{"id":%q,"display_phone_number":"+1 555-010-0000","verified_name":"Shop"}`, phoneID)
		if n, ok := numberIn(body); ok {
			p.arrivals.arrived(n, at)
			answer = fmt.Sprintf(`{"messaging_product":"whatsapp","contacts":[{"input":"15550000000","wa_id":"15550000000"}],`+
				`"messages":[{"id":"wamid.%032x","message_status":"accepted"}]}`, n)
		}
		if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer); err != nil {
			return
		}
	}
}

// close ends the provider and returns what went wrong.
func (p *provider) close() error {
	err := p.listener.Close()
	p.mu.Lock()
	for conn := range p.conns {
		conn.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
	if err != nil {
		return err
	}
	return p.arrivals.end()
}
