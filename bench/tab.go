package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// tab is one open socket, as a page has it, which notes when each message is
// there.
type tab struct {
	conn     net.Conn
	greeting greeting
	arrivals *arrivals
	// sizes are those of the frames that had a message.
	sizes []float64
	done  chan struct{}
}

// openTab opens a socket and reads it until it is closed.
func openTab(ctx context.Context, address string, g greeting) (*tab, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	rest, err := g.open(address, func(b []byte) error { _, err := conn.Write(b); return err }, conn.Read)
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	t := &tab{conn: conn, greeting: g, arrivals: newArrivals(), done: make(chan struct{})}
	t.arrivals.again = g.again
	go t.read(rest)
	return t, nil
}

// read notes what comes until the socket is closed.
func (t *tab) read(in []byte) {
	defer close(t.done)
	buffer := make([]byte, 64<<10)
	for {
		n, err := t.conn.Read(buffer)
		at := time.Now()
		in = append(in, buffer[:n]...)
		for {
			f, rest, ok := nextFrame(in)
			if !ok {
				break
			}
			if in = rest; f.op == opClose {
				t.arrivals.failed(fmt.Errorf("the socket was closed: %q", f.payload))
			}
			if message, ok := numberIn(f.payload); ok {
				t.sizes = append(t.sizes, float64(len(f.payload)))
				t.arrivals.arrived(message, at)
			} else if out := t.greeting.answer(f); out != nil {
				_, err = t.conn.Write(out)
			}
		}
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				t.arrivals.failed(fmt.Errorf("the socket ended: %w", err))
			}
			return
		}
	}
}

// close closes the socket and returns what went wrong, a message that did not
// arrive included.
func (t *tab) close() error {
	err := t.conn.Close()
	<-t.done
	return errors.Join(err, t.arrivals.end())
}

// size is how large a frame with a message is. The tab has to be closed.
func (t *tab) size() int { return int(median(t.sizes)) }

// send has clients send, each the next message of one of its own customers once
// the last was answered and is on the page. A step is the time from the first byte
// of the webhook until the page has it.
func (t *tab) send(ctx context.Context, address string, from *messages, clients int, duration time.Duration, count int) (load, error) {
	connections := make([]*client, clients)
	turns := make([]int, clients)
	for n := range connections {
		c, err := dial(ctx, address)
		if err != nil {
			return load{}, err
		}
		defer c.conn.Close()
		connections[n] = c
	}
	return timed(ctx, clients, duration, count, func(worker int) (time.Duration, error) {
		body := from.by(own(worker, clients, turns[worker], from.senders))
		turns[worker]++
		n, _ := numberIn(body)
		there := t.arrivals.await(n)
		began := time.Now()
		status, err := connections[worker].post(body)
		if err != nil {
			return 0, err
		}
		if status != http.StatusOK {
			return 0, fmt.Errorf("answered %d", status)
		}
		return t.arrivals.wait(n, began, there)
	})
}

// own returns the nth of those of so many that belong to a worker alone.
func own(worker, workers, n, of int) int {
	theirs := max(1, (of-worker+workers-1)/workers)
	return worker + n%theirs*workers
}
