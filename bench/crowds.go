package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// crowd is a server with so many open sockets, all of which follow the same.
type crowd struct {
	start func(ctx context.Context) (*process, error)
	// greet is how the nth socket is opened.
	greet func(n int) greeting
}

// crowds are the servers that are compared, and how large the frames are that they
// send to everybody.
type crowds struct {
	dir                           string
	sockets                       int
	weiche, centrifuge, lean, tcp crowd
	frame                         int
	from                          *messages
}

// perAgent is how many sockets an agent has: fewer than one caller may have.
const perAgent = 25

// filesBeside is how many files a server has open beside its sockets.
const filesBeside = 5000

// newCrowds sets Weiche up and looks how large its frames are. The folder has to be
// removed in the end.
func newCrowds(ctx context.Context, out io.Writer, o options) (_ *crowds, err error) {
	c := &crowds{sockets: o.sockets, from: newMessages(1)}
	limit := syscall.Rlimit{}
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	if need := uint64(c.sockets + filesBeside); limit.Cur < need {
		raised := syscall.Rlimit{Cur: need, Max: max(limit.Max, need)}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised) != nil {
			c.sockets = int(limit.Max) - filesBeside
			fmt.Fprintf(out, "  only %d sockets: the machine allows a process no more than %d open files (ulimit -n)\n", c.sockets, limit.Max)
		}
	}
	if c.sockets < 1 {
		return nil, missing("a process may have no more than %d files open: ulimit -n", limit.Max)
	}
	if c.dir, err = os.MkdirTemp(o.dir, "weiche-bench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.remove())
		}
	}()
	program, err := buildWeiche(ctx, c.dir)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(c.dir, "data")
	c.weiche.start = func(ctx context.Context) (*process, error) { return startWeiche(ctx, program, data) }
	if err := c.prepare(ctx, program, data); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	by := func(args ...string) func(context.Context) (*process, error) {
		return func(ctx context.Context) (*process, error) {
			return startServer(ctx, c.dir, self, func(address string) []string {
				return append(args, "-http", address, "-frame", strconv.Itoa(c.frame))
			})
		}
	}
	c.centrifuge = crowd{by(centrifugeCommand), greetCentrifuge}
	c.lean = crowd{by(centrifugeCommand, "-lean"), greetCentrifuge}
	c.tcp = crowd{by(tcpCommand), greetFloor}
	return c, nil
}

// prepare makes the shop with its agents and has its customer write, with a page open.
func (c *crowds) prepare(ctx context.Context, program, data string) (err error) {
	p, err := c.weiche.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	team := (c.sockets + perAgent - 1) / perAgent
	if err := setUpTeam(ctx, program, data, p, team); err != nil {
		return err
	}
	agents, err := authorizationsOf(data, team)
	if err != nil {
		return err
	}
	c.weiche.greet = func(n int) greeting { return greetWeiche(agents[n%team], followInbox) }
	open, err := openTab(ctx, p.address, c.weiche.greet(0))
	if err != nil {
		return err
	}
	_, err = open.send(ctx, p.address, c.from, 1, 0, 20)
	if err := errors.Join(err, open.close()); err != nil {
		return err
	}
	c.frame = open.size()
	return nil
}

func (c *crowds) remove() error { return os.RemoveAll(c.dir) }

// gather starts one of the servers and opens all sockets. do is called before that
// and after, with no sockets the first time.
func (c *crowds) gather(ctx context.Context, of crowd, do func(p *process, h *herd) error) (err error) {
	p, err := of.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	p.settle(ctx)
	if err := do(p, nil); err != nil {
		return err
	}
	h, err := gather(ctx, p.address, c.sockets, of.greet)
	if err != nil {
		return fmt.Errorf("%w: %s", err, p.wrote())
	}
	defer h.close()
	p.settle(ctx)
	return do(p, h)
}
