package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// perAddress is how many sockets come from one address of this machine.
	perAddress = 100
	// opening is how many sockets are opened at once.
	opening = 32
	// bindLater lets the kernel choose a port when it knows whom a socket connects
	// to (IP_BIND_ADDRESS_NO_PORT).
	bindLater = 24
)

// herd is very many open sockets that one goroutine reads. It costs little beside
// what it measures: there is one buffer for all, and no goroutine for each.
type herd struct {
	greeting greeting
	epoll    int
	sockets  []*kept
	byFile   map[int32]*kept
	buffer   []byte
	// again counts the messages that were told again.
	again int
}

// kept is one socket of a herd.
type kept struct {
	file int
	rest []byte // of a frame that is not here whole
	last uint64 // the message that it was told last
}

// gather opens so many sockets, each with a greeting of its own.
func gather(ctx context.Context, address string, count int, greet func(n int) greeting) (_ *herd, err error) {
	server, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	h := &herd{greeting: greet(0), sockets: make([]*kept, count), byFile: map[int32]*kept{}, buffer: make([]byte, 64<<10)}
	if h.epoll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return nil, err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(opening)
	for n := range h.sockets {
		group.Go(func() (err error) {
			if inner.Err() == nil {
				h.sockets[n], err = greet(n).keep(server, n)
			}
			return err
		})
	}
	if err = group.Wait(); err == nil {
		err = ctx.Err()
	}
	for _, s := range h.sockets {
		if s == nil || err != nil {
			continue
		}
		h.byFile[int32(s.file)] = s
		err = syscall.EpollCtl(h.epoll, syscall.EPOLL_CTL_ADD, s.file, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(s.file)})
	}
	if err != nil {
		h.close()
		return nil, err
	}
	return h, nil
}

// keep opens the nth socket.
func (g greeting) keep(server netip.AddrPort, n int) (_ *kept, err error) {
	file, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	s := &kept{file: file}
	defer func() {
		if err != nil {
			syscall.Close(file)
		}
	}()
	from := n / perAddress
	wait := syscall.NsecToTimeval(int64(patience))
	err = errors.Join(
		syscall.SetsockoptInt(file, syscall.SOL_IP, bindLater, 1),
		syscall.SetsockoptTimeval(file, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &wait),
		// It ends at once, and keeps no port.
		syscall.SetsockoptLinger(file, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1}),
		syscall.Bind(file, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, byte(1 + from/250), byte(1 + from%250)}}),
	)
	if err != nil {
		return nil, err
	}
	if err := syscall.Connect(file, &syscall.SockaddrInet4{Addr: server.Addr().As4(), Port: int(server.Port())}); err != nil {
		return nil, err
	}
	rest, err := g.open(server.String(), s.write, s.read)
	if err != nil {
		return nil, err
	}
	s.rest = bytes.Clone(rest)
	return s, syscall.SetNonblock(file, true)
}

func (s *kept) write(b []byte) error {
	n, err := syscall.Write(s.file, b)
	if err == nil && n < len(b) {
		err = errors.New("a socket takes no more")
	}
	return err
}

func (s *kept) read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(s.file, b)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return 0, err
		case n == 0:
			return 0, errors.New("the server has closed a socket")
		}
		return n, nil
	}
}

// close closes all sockets.
func (h *herd) close() {
	for _, s := range h.sockets {
		if s != nil {
			syscall.Close(s.file)
		}
	}
	syscall.Close(h.epoll)
}

// watch reads what comes until it is enough.
func (h *herd) watch(ctx context.Context, enough func() bool, each func(s *kept, message uint64, at time.Time) error) error {
	const wait = 5 // milliseconds
	events := make([]syscall.EpollEvent, 512)
	for !enough() {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := syscall.EpollWait(h.epoll, events, wait)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			if err := h.take(h.byFile[e.Fd], each); err != nil {
				return err
			}
		}
	}
	return nil
}

// take reads what a socket has.
func (h *herd) take(s *kept, each func(*kept, uint64, time.Time) error) error {
	n, err := s.read(h.buffer)
	if errors.Is(err, syscall.EAGAIN) {
		return nil
	}
	if err != nil {
		return err
	}
	at, in := time.Now(), h.buffer[:n]
	if len(s.rest) > 0 {
		in = append(s.rest, in...)
	}
	for {
		f, rest, ok := nextFrame(in)
		if !ok {
			s.rest = append(s.rest[:0:0], rest...)
			return nil
		}
		in = rest
		if f.op == opClose {
			return fmt.Errorf("a socket was closed: %q", f.payload)
		}
		if message, ok := numberIn(f.payload); ok {
			err = each(s, message, at)
		} else if out := h.greeting.answer(f); out != nil {
			err = s.write(out)
		}
		if err != nil {
			return err
		}
	}
}

// rest lets time pass in which nothing is told that was not told before.
func (h *herd) rest(ctx context.Context, long time.Duration) error {
	until := time.Now().Add(long)
	return h.watch(ctx, func() bool { return time.Now().After(until) }, h.late)
}

// late notes a message that is not awaited any more.
func (h *herd) late(s *kept, message uint64, _ time.Time) error {
	if message != s.last || !h.greeting.again {
		return fmt.Errorf("a socket was told of message %d again", message)
	}
	h.again++
	return nil
}

// tell posts a message, and returns after how long each socket had it.
func (h *herd) tell(ctx context.Context, c *client, body []byte) (load, error) {
	n, _ := numberIn(body)
	l := load{steps: make([]time.Duration, 0, len(h.sockets))}
	posted := make(chan error, 1)
	began := time.Now()
	go func() {
		status, err := c.post(body)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("answered %d", status)
		}
		posted <- err
	}()
	err := h.watch(ctx,
		func() bool { return len(l.steps) == len(h.sockets) || time.Since(began) > patience },
		func(s *kept, message uint64, at time.Time) error {
			if message != n || s.last == n {
				return h.late(s, message, at)
			}
			s.last = n
			l.steps = append(l.steps, at.Sub(began))
			return nil
		})
	if err = errors.Join(err, <-posted); err != nil {
		return load{}, err
	}
	if l.done = len(l.steps); l.done < len(h.sockets) {
		return load{}, fmt.Errorf("%d of %d sockets have message %d after %s", l.done, len(h.sockets), n, patience)
	}
	slices.Sort(l.steps)
	return l, nil
}
