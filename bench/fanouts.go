package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// fanouts compares how soon many open sockets have one message with the same by
// centrifuge and by writes to bare TCP connections.
func fanouts(ctx context.Context, out io.Writer, o options) (err error) {
	c, err := newCrowds(ctx, out, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.remove()) }()
	weiche, centrifuge, tcp := &spreads{}, &spreads{}, &spreads{}
	for range o.rounds {
		for _, side := range []struct {
			crowd crowd
			to    *spreads
		}{{c.weiche, weiche}, {c.centrifuge, centrifuge}, {c.tcp, tcp}} {
			if err := c.spread(ctx, side.crowd, side.to, o.duration); err != nil {
				return err
			}
		}
	}
	a := fmt.Sprintf("weiche serve: from a webhook to %d sockets that follow the inbox; %d rows were told again", c.sockets, weiche.again)
	print(out, a, fmt.Sprintf("centrifuge: from a POST to as many subscribers of one channel, frames of %d bytes", c.frame),
		weiche.beside(centrifuge, 1)...)
	fmt.Fprintln(out)
	print(out, a, "bare TCP: from a POST to as many connections, the same bytes", weiche.beside(tcp, 1.2)...)
	return nil
}

// spreads are how one message after the other got to all sockets, a figure a round.
type spreads struct {
	p50, p99, last, used []float64
	again                int
}

// spread tells messages to all sockets for a time.
func (c *crowds) spread(ctx context.Context, of crowd, to *spreads, long time.Duration) error {
	const warm, pause = 3, 100 * time.Millisecond
	return c.gather(ctx, of, func(p *process, h *herd) error {
		if h == nil {
			return nil
		}
		from, err := dial(ctx, p.address)
		if err != nil {
			return err
		}
		defer from.conn.Close()
		var p50, p99, last []float64
		var used time.Duration
		for began := time.Now(); len(p50) < warm+1 || time.Since(began) < long; {
			before := p.cpu()
			l, err := h.tell(ctx, from, c.from.by(0))
			if err == nil {
				err = h.rest(ctx, pause)
			}
			if err != nil {
				return err
			}
			used += p.cpu() - before
			p50, p99, last = append(p50, l.quantile(0.5)), append(p99, l.quantile(0.99)), append(last, l.quantile(1))
		}
		to.p50 = append(to.p50, median(p50[warm:]))
		to.p99 = append(to.p99, median(p99[warm:]))
		to.last = append(to.last, median(last[warm:]))
		to.used = append(to.used, float64(used.Milliseconds())/float64(len(p50)))
		to.again += h.again
		return nil
	})
}

// beside are the rows of two sides.
func (s *spreads) beside(other *spreads, goal float64) []rounds {
	return []rounds{
		{what: "half of the sockets have it", unit: "ms", a: s.p50, b: other.p50},
		{what: "99 of 100 have it", unit: "ms", a: s.p99, b: other.p99, atMost: goal},
		{what: "all have it", unit: "ms", a: s.last, b: other.last},
		{what: "CPU of the server", unit: "ms/message", a: s.used, b: other.used},
	}
}
