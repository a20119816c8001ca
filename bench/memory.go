package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

// memories compares what an idle socket costs a server with the same in centrifuge,
// and measures what a conversation costs that nobody uses.
func memories(ctx context.Context, out io.Writer, o options) error {
	return errors.Join(socketMemory(ctx, out, o), conversationMemory(ctx, out, o))
}

func socketMemory(ctx context.Context, out io.Writer, o options) (err error) {
	c, err := newCrowds(ctx, out, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.remove()) }()
	each := rounds{what: "resident memory", unit: "KB/socket", atMost: 0.5}
	lean := rounds{what: "beside centrifuge with -lean", unit: "KB/socket"}
	measure := func(of crowd, to *[]float64) func(context.Context) error {
		return func(ctx context.Context) error {
			var before float64
			return c.gather(ctx, of, func(p *process, h *herd) error {
				if h == nil {
					before, _, err = p.memory()
					return err
				}
				if err := h.rest(ctx, o.duration); err != nil {
					return err
				}
				after, _, err := p.memory()
				*to = append(*to, (after-before)*1000/float64(c.sockets))
				return err
			})
		}
	}
	var tcp []float64
	for range o.rounds {
		for _, side := range []func(context.Context) error{
			measure(c.weiche, &each.a), measure(c.centrifuge, &each.b), measure(c.lean, &lean.b), measure(c.tcp, &tcp),
		} {
			if err := side(ctx); err != nil {
				return err
			}
		}
	}
	lean.a = each.a
	print(out, fmt.Sprintf("weiche serve: %d sockets of an agent that follow the inbox, idle", c.sockets),
		"centrifuge: as many subscribers of one channel, idle; -lean has it share write buffers and read on small stacks", each, lean)
	fmt.Fprintf(out, "  bare TCP connections: %s KB each\n", spread(tcp))
	return nil
}

// Conversations that are there when the first figure is taken, and those that come
// until the second.
const (
	earlyConversations = 10_000
	lateConversations  = 100_000
)

// held is what a process has in memory, in bytes.
type held struct {
	// Live is what is in use of the heap after a collection, without Caches, which
	// are bounded whatever there is; see isCached.
	Live   int64 `json:"live"`
	Caches int64 `json:"caches"`
}

// conversationMemory measures by how much a process grows with conversations that
// each had one message.
func conversationMemory(ctx context.Context, out io.Writer, o options) error {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	profile := filepath.Join(dir, "conversations.heap.prof")
	if o.profile != "" {
		if profile, err = filepath.Abs(filepath.Join(o.profile, "conversations.heap.prof")); err != nil {
			return err
		}
		if err := os.MkdirAll(o.profile, 0o755); err != nil {
			return err
		}
	}
	p, err := startServer(ctx, dir, self, func(address string) []string {
		return []string{composedCommand, "-data", filepath.Join(dir, "composed"), "-http", address, "-heap", profile}
	})
	if err != nil {
		return err
	}
	from := newMessages(earlyConversations + lateConversations)
	var figures [2]held
	var resident [2]float64
	for step, count := range []int{earlyConversations, lateConversations} {
		if _, err = send(ctx, p.address, from, o.clients, 0, count); err == nil {
			p.settle(ctx)
			figures[step], err = heapOf(ctx, p.address)
		}
		if err == nil {
			resident[step], _, err = p.memory()
		}
		if err != nil {
			return errors.Join(err, p.stop())
		}
	}
	if err := p.stop(); err != nil {
		return err
	}
	each := float64(figures[1].Live-figures[0].Live) / lateConversations
	verdict := "missed"
	if each <= 200 {
		verdict = "reached"
	}
	fmt.Fprintf(out, "\n  a conversation that nobody uses, from %d to %d of them, each with one message of a customer of its own:\n\n",
		earlyConversations, earlyConversations+lateConversations)
	fmt.Fprintf(out, "  heap in use after a collection, without bounded caches  %s bytes   goal <= 200  %s\n", figure(each), verdict)
	fmt.Fprintf(out, "  from %s to %s MB; those caches from %s to %s MB; resident from %s to %s MB\n",
		figure(float64(figures[0].Live)/1e6), figure(float64(figures[1].Live)/1e6),
		figure(float64(figures[0].Caches)/1e6), figure(float64(figures[1].Caches)/1e6), figure(resident[0]), figure(resident[1]))
	if o.profile != "" {
		fmt.Fprintf(out, "\n  profile of the heap at the end: go tool pprof -top %s\n", profile)
	}
	return nil
}

// heapOf asks a composed server for what it has in memory.
func heapOf(ctx context.Context, address string) (h held, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+heapPath, nil)
	if err != nil {
		return held{}, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return held{}, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return held{}, fmt.Errorf("%s: %s", heapPath, response.Status)
	}
	return h, json.NewDecoder(response.Body).Decode(&h)
}
