package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"
)

const (
	// drain is how long requests in flight have at the end.
	drain = 10 * time.Second
	// newcomerGrace is how long a connection that has not asked for anything yet has
	// then: its first request may be on its way.
	newcomerGrace = 200 * time.Millisecond
)

// listenAt listens on the address of a flag. Where something listens there already, the
// error says which flag names another.
func listenAt(flag, address string) (net.Listener, error) {
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("something listens on %s already, perhaps another weiche; --%s takes another address, and port 0 any that is free", address, flag)
	}
	return listener, err
}

// listen serves HTTP until ctx ends, and answers what came until then.
func listen(ctx context.Context, listener net.Listener, handler http.Handler, logger *slog.Logger) error {
	return serveHTTP(ctx, listener, newHTTPServer(handler, logger))
}

// newHTTPServer returns a server with the bounds that hold for all requests. The routes
// have more of their own.
func newHTTPServer(handler http.Handler, logger *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Server{
		// There is no WriteTimeout: it would end streams.
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		MaxHeaderBytes: 16 << 10, Protocols: protocols, TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}

// serveHTTP serves until ctx ends.
func serveHTTP(ctx context.Context, listener net.Listener, server *http.Server) error {
	newcomers := &newcomers{conns: map[net.Conn]struct{}{}}
	server.ConnState = newcomers.follow
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	defer time.AfterFunc(newcomerGrace, newcomers.close).Stop()
	if err := server.Shutdown(ending); err != nil {
		return server.Close()
	}
	return nil
}

// newcomers are the connections that have not asked for anything yet, as browsers
// open them ahead of time. http.Server would wait 5 s for each of them to ask.
type newcomers struct {
	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool
}

// follow is told what becomes of connections.
func (n *newcomers) follow(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(n.conns, conn)
	case n.closed:
		conn.Close()
	default:
		n.conns[conn] = struct{}{}
	}
}

// close ends those that are here and those that come.
func (n *newcomers) close() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed = true
	for conn := range n.conns {
		conn.Close()
	}
}
