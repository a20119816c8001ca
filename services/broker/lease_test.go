package broker_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"weiche/services/broker"
)

const ttl = time.Second

func TestOneRouter(t *testing.T) {
	everywhere(t, func(t *testing.T, config broker.Config) {
		config.LeaseTTL = ttl
		b := start(t, config)
		lease, err := b.AcquireRouter(soon(t), "one")
		if err != nil {
			t.Fatal(err)
		}
		// For longer than a lease that is not renewed.
		for began := time.Now(); time.Since(began) < 2*ttl; {
			_, err := b.AcquireRouter(soon(t), "two")
			if !errors.Is(err, broker.ErrRouterRunning) || !strings.Contains(err.Error(), `"one"`) {
				t.Fatalf("the second: %v", err)
			}
		}
		select {
		case <-lease.Lost():
			t.Error("lost while it was renewed")
		default:
		}
		lease.Close()
		began := time.Now()
		second, err := b.AcquireRouter(soon(t), "two")
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > ttl/2 {
			t.Errorf("a lease that was given back was free after %v", waited)
		}
		second.Close()
	})
}

// A router that was killed is followed as soon as its lease has ended.
func TestLeaseOfTheDeadEnds(t *testing.T) {
	config := broker.Config{URL: listen(t, t.TempDir(), -1, 8<<20).ClientURL(), LeaseTTL: ttl}
	dead, alive := start(t, config), start(t, config)
	lease, err := dead.AcquireRouter(soon(t), "dead")
	if err != nil {
		t.Fatal(err)
	}
	lease.Abandon()
	second, err := alive.AcquireRouter(soon(t), "alive")
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	// The first one's Close must leave the second its lease.
	lease.Close()
	_, err = dead.AcquireRouter(soon(t), "dead")
	if !errors.Is(err, broker.ErrRouterRunning) || !strings.Contains(err.Error(), `"alive"`) {
		t.Errorf("AcquireRouter = %v", err)
	}
}

func TestLeaseIsLostWithTheServer(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 8<<20)
	b := start(t, broker.Config{URL: s.ClientURL(), LeaseTTL: ttl})
	lease, err := b.AcquireRouter(soon(t), "one")
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	stop(s)
	select {
	case <-lease.Lost():
	case <-time.After(patience):
		t.Fatal("not lost")
	}
	if took := time.Since(began); took > ttl+ttl/2 {
		t.Errorf("lost after %v", took)
	}
}

// A server that comes back in time without its files has forgotten who has the lease:
// whoever had it has it again, and keeps it.
func TestLeaseOutlivesTheFilesOfTheServer(t *testing.T) {
	dir := t.TempDir()
	s := listen(t, dir, -1, 8<<20)
	port := s.Addr().(*net.TCPAddr).Port
	config := broker.Config{URL: s.ClientURL(), LeaseTTL: 4 * ttl}
	b := start(t, config)
	lease, err := b.AcquireRouter(soon(t), "one")
	if err != nil {
		t.Fatal(err)
	}
	stop(s)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	listen(t, dir, port, 8<<20)
	for taken := false; !taken; {
		select {
		case <-lease.Lost():
			t.Fatal("lost")
		default:
		}
		taken = b.Connected() && b.HasRouter(soon(t))
	}
	if _, err := b.AcquireRouter(soon(t), "two"); !errors.Is(err, broker.ErrRouterRunning) || !strings.Contains(err.Error(), `"one"`) {
		t.Errorf("the second: %v", err)
	}
	lease.Close()
}

// A renewal that the server has written, and whose answer is lost with the connection,
// is the holder's own: the next one goes on from it.
func TestLeaseOutlivesALostAnswer(t *testing.T) {
	s := listen(t, t.TempDir(), -1, 8<<20)
	line := between(t, s.Addr().String())
	b := start(t, broker.Config{URL: "nats://" + line.address(), LeaseTTL: 4 * ttl})
	lease, err := b.AcquireRouter(soon(t), "one")
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Close()
	other := start(t, broker.Config{URL: s.ClientURL()})
	ctx := soon(t)
	acquired := other.LeaseRevision(ctx)
	kept := line.silenceAfter("$KV.LEASES.router")
	written := acquired
	for written == acquired {
		written = other.LeaseRevision(ctx)
	}
	select {
	case <-kept:
	case <-time.After(patience):
		t.Fatal("no answer was kept back")
	}
	line.hangUp()
	for renewed := written; renewed == written; renewed = other.LeaseRevision(ctx) {
		select {
		case <-lease.Lost():
			t.Fatal("lost to itself")
		default:
		}
	}
	if _, err := other.AcquireRouter(soon(t), "one"); !errors.Is(err, broker.ErrRouterRunning) || !strings.Contains(err.Error(), `"one"`) {
		t.Errorf("the second: %v", err)
	}
}

// A router that is called the same is another one all the same.
func TestLeaseIsLostToANamesake(t *testing.T) {
	config := broker.Config{URL: listen(t, t.TempDir(), -1, 8<<20).ClientURL(), LeaseTTL: ttl}
	first, second := start(t, config), start(t, config)
	lease, err := first.AcquireRouter(soon(t), "one")
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Vacate(soon(t)); err != nil {
		t.Fatal(err)
	}
	taken, err := second.AcquireRouter(soon(t), "one")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	select {
	case <-lease.Lost():
	case <-time.After(patience):
		t.Fatal("not lost")
	}
	select {
	case <-taken.Lost():
		t.Error("the second's is lost as well")
	default:
	}
}

func TestLeaseIsLostToAnother(t *testing.T) {
	b := start(t, broker.Config{LeaseTTL: ttl})
	lease, err := b.AcquireRouter(soon(t), "one")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Usurp(soon(t), "two"); err != nil {
		t.Fatal(err)
	}
	select {
	case <-lease.Lost():
	case <-time.After(patience):
		t.Fatal("not lost")
	}
}

func TestAcquireRouterEndsWithItsContext(t *testing.T) {
	b := start(t, broker.Config{LeaseTTL: time.Hour})
	if _, err := b.AcquireRouter(soon(t), "one"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := b.AcquireRouter(ctx, "two")
	if !errors.Is(err, broker.ErrRouterRunning) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("AcquireRouter = %v", err)
	}
}

// Routers that come to a new server in the same moment both find its streams.
func TestRoutersThatBeginTogether(t *testing.T) {
	for range 10 {
		s := listen(t, t.TempDir(), -1, 8<<20)
		var group errgroup.Group
		for range 3 {
			group.Go(func() error {
				b, err := broker.Start(soon(t), broker.Config{URL: s.ClientURL(), Logger: slog.New(slog.DiscardHandler)})
				if err == nil {
					b.Close()
				}
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		stop(s)
	}
}
