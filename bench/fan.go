package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"sync"

	"github.com/centrifugal/centrifuge"
)

// The commands that have this program tell many sockets of a message that is
// posted, in a process of its own.
const (
	tcpCommand        = "serve-tcp"
	centrifugeCommand = "serve-centrifuge"
)

// fanFlags are how many bytes each socket is told, and where it all is.
func fanFlags(name string, args []string) (address string, size int, lean bool, err error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.StringVar(&address, "http", "", "the address")
	flags.IntVar(&size, "frame", 0, "the size of a frame")
	flags.BoolVar(&lean, "lean", false, "save memory for time")
	return address, size, lean, flags.Parse(args)
}

// padded is JSON of a size about a message.
func padded(size int, body []byte) []byte {
	n, _ := numberIn(body)
	text := fmt.Appendf(make([]byte, 0, size), `{"text":"Is the blue one still there, number %d?","rest":"`, n)
	if missing := size - len(text) - len(`"}`); missing > 0 {
		text = append(text, bytes.Repeat([]byte{'.'}, missing)...)
	}
	return append(text, `"}`...)
}

// serveTCP writes the bytes of a frame to one connection after the other, by as many
// goroutines as there are processors.
func serveTCP(ctx context.Context, args []string) error {
	address, size, _, err := fanFlags(tcpCommand, args)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var conns []net.Conn
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+streamPath, func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if _, err := conn.Write([]byte("HTTP/1.1 101 Switching Protocols\r\n\r\n")); err != nil {
			conn.Close()
			return
		}
		mu.Lock()
		defer mu.Unlock()
		conns = append(conns, conn)
	})
	mux.HandleFunc("POST "+webhookPath, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if err := fanOut(conns, appendFrame(nil, opText, padded(size, body))); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	return serve(ctx, address, mux)
}

// fanOut writes the same to all.
func fanOut(conns []net.Conn, text []byte) error {
	var writing sync.WaitGroup
	writers := runtime.GOMAXPROCS(0)
	failed := make([]error, writers)
	for writer := range writers {
		writing.Go(func() {
			for at := writer; at < len(conns); at += writers {
				if _, err := conns[at].Write(text); err != nil {
					failed[writer] = err
				}
			}
		})
	}
	writing.Wait()
	return errors.Join(failed...)
}

// serveCentrifuge subscribes who connects to the one channel, without history, and
// publishes there what is posted.
func serveCentrifuge(ctx context.Context, args []string) error {
	const channel = "inbox"
	address, size, lean, err := fanFlags(centrifugeCommand, args)
	if err != nil {
		return err
	}
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		return err
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:   &centrifuge.Credentials{UserID: agent},
			Subscriptions: map[string]centrifuge.SubscribeOptions{channel: {}},
		}, nil
	})
	if err := node.Run(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET "+streamPath, centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		UseWriteBufferPool: lean, ProcessCommandsOffReadLoop: lean,
	}))
	size -= len(`{"push":{"channel":"` + channel + `","pub":{"data":}}}`)
	mux.HandleFunc("POST "+webhookPath, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			_, err = node.Publish(channel, padded(size, body))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	})
	err = serve(ctx, address, mux)
	return errors.Join(err, node.Shutdown(context.WithoutCancel(ctx)))
}
