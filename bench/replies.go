package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"
)

// replyText is what agents answer, and fast the pace at which replies may leave.
// There are so many agents that none calls more often than one may.
const (
	replyText = "You asked for the blue one, number %d? It is still there, and we are open until six."
	fast      = "whatsapp=1000000"
	answering = 400
)

// replies sends agents' replies and awaits them at the provider.
type replies struct {
	authorizations []string // of the agents, who answer in turn
	conversations  []string
	provider       *provider
	last           atomic.Uint64
	turn           atomic.Uint64
}

// repliesSent compares the way of a reply from the agent's request to the first
// byte at the provider with the least that it takes: three synced writes, one after
// the other, and an HTTP request.
func repliesSent(ctx context.Context, out io.Writer, o options) (err error) {
	dir, err := os.MkdirTemp(o.dir, "weiche-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := buildWeiche(ctx, dir)
	if err != nil {
		return err
	}
	at, err := startProvider()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.close()) }()
	from := &replies{provider: at}
	data := filepath.Join(dir, "measured")
	perReply, err := from.prepare(ctx, program, data, o)
	if err != nil {
		return fmt.Errorf("warm up: %w", err)
	}
	weiche, err := startWeiche(ctx, program, data, "--graph-url", at.url, "--pace", fast)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, weiche.stop()) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	least, err := startServer(ctx, dir, self, func(address string) []string {
		return []string{
			floorCommand, "-data", filepath.Join(dir, "floor"), "-http", address,
			"-bytes", strconv.Itoa(perReply / 3), "-provider", at.url,
		}
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, least.stop()) }()
	var rows []rounds
	for _, p := range []*process{weiche, least} {
		if _, err := from.send(ctx, p.address, o.clients, 0, o.senders); err != nil {
			return fmt.Errorf("warm up: %w", err)
		}
		p.settle(ctx)
	}
	for _, clients := range []int{1, o.clients} {
		with := func(what string) string { return fmt.Sprintf("%s, %d clients", what, clients) }
		rate := rounds{what: with("rate"), unit: "/s"}
		p50, p99 := rounds{what: with("p50"), unit: "ms"}, rounds{what: with("p99"), unit: "ms"}
		used := rounds{what: with("CPU of the server"), unit: "us/reply"}
		if clients == 1 {
			p50.atMost = 2
		}
		measure := func(p *process, to func(*rounds) *[]float64) func(context.Context) error {
			return func(ctx context.Context) error {
				before := p.cpu()
				l, err := from.send(ctx, p.address, clients, o.duration, 0)
				if err != nil {
					return err
				}
				p.settle(ctx)
				add := func(r *rounds, value float64) { *to(r) = append(*to(r), value) }
				add(&rate, l.rate())
				add(&p50, l.quantile(0.5))
				add(&p99, l.quantile(0.99))
				add(&used, float64((p.cpu()-before).Microseconds())/float64(l.done))
				return at.arrivals.err()
			}
		}
		if err := inTurn(ctx, o.rounds,
			measure(weiche, func(r *rounds) *[]float64 { return &r.a }),
			measure(least, func(r *rounds) *[]float64 { return &r.b })); err != nil {
			return err
		}
		rows = append(rows, rate, p50, p99, used)
	}
	print(out,
		"weiche serve: from SendReply to the first byte at the provider; each reply arrived once",
		fmt.Sprintf("net/http and three synced Sets of %d bytes, a third of what the log grew by, then a POST; each arrived once", perReply/3),
		rows...)
	fmt.Fprintln(out, "\n  beside libredesk and courier: NOT COMPARED, they are not started here")
	return nil
}

// prepare has customers write and be answered once, and returns by how many bytes a
// reply, with what becomes of it, makes the log larger.
func (r *replies) prepare(ctx context.Context, program, data string, o options) (int, error) {
	customers := newMessages(o.senders)
	sizes := [2]int{}
	for step := range sizes {
		p, err := startWeiche(ctx, program, data, "--graph-url", r.provider.url, "--pace", fast)
		if err != nil {
			return 0, err
		}
		if step == 0 {
			if err = setUpTeam(ctx, program, data, p, answering); err == nil {
				r.authorizations, err = authorizationsOf(data, answering)
			}
			if err == nil {
				_, err = send(ctx, p.address, customers, o.clients, 0, 2*o.senders)
			}
			p.settle(ctx)
			if err == nil {
				r.conversations, err = conversations(ctx, p.address, r.authorizations[0])
			}
		} else {
			_, err = r.send(ctx, p.address, o.clients, 0, o.senders)
			p.settle(ctx) // the outcomes follow
		}
		if err := errors.Join(err, p.stop()); err != nil {
			return 0, err
		}
		if sizes[step], err = stored(filepath.Join(data, "log")); err != nil {
			return 0, err
		}
	}
	return (sizes[1] - sizes[0]) / o.senders, nil
}

// send has clients send, each the next reply once the last was answered and is at
// the provider. A step is the time from the first byte of the request until the
// first byte is there. Each reply goes to the conversation that had none for
// longest, so that no two are under way in one.
func (r *replies) send(ctx context.Context, address string, clients int, duration time.Duration, count int) (load, error) {
	if len(r.conversations) < 2*clients {
		return load{}, fmt.Errorf("%d conversations are too few for %d clients", len(r.conversations), clients)
	}
	connections := make([]*client, clients)
	for n := range connections {
		c, err := dial(ctx, address)
		if err != nil {
			return load{}, err
		}
		defer c.conn.Close()
		connections[n] = c
	}
	return timed(ctx, clients, duration, count, func(worker int) (time.Duration, error) {
		n := r.last.Add(1)
		body := fmt.Appendf(nil, `{"conversationId":%q,"clientToken":"reply-%d","text":%q}`,
			r.conversations[r.turn.Add(1)%uint64(len(r.conversations))], n, fmt.Sprintf(replyText, n))
		there := r.provider.arrivals.await(n)
		began := time.Now()
		status, err := connections[worker].ask(replyPath, "Authorization", r.authorizations[n%uint64(len(r.authorizations))], body)
		if err != nil {
			return 0, err
		}
		if status != http.StatusOK {
			return 0, fmt.Errorf("answered %d", status)
		}
		return r.provider.arrivals.wait(n, began, there)
	})
}

// conversations returns all conversations of the shop.
func conversations(ctx context.Context, address, authorization string) (ids []string, err error) {
	for next := ""; ; {
		body := fmt.Appendf(nil, `{"limit":200,"pageToken":%q}`, next)
		request, err := http.NewRequestWithContext(ctx, http.MethodPost,
			"http://"+address+"/weiche.workspace.v1.WorkspaceService/ListConversations", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err == nil && response.StatusCode != http.StatusOK {
			err = fmt.Errorf("ListConversations: %s: %s", response.Status, text)
		}
		var answer struct {
			Conversations []struct {
				ConversationID string `json:"conversationId"`
			} `json:"conversations"`
			NextPageToken string `json:"nextPageToken"`
		}
		if err == nil {
			err = json.Unmarshal(text, &answer)
		}
		if err != nil {
			return nil, err
		}
		for _, c := range answer.Conversations {
			ids = append(ids, c.ConversationID)
		}
		if next = answer.NextPageToken; next == "" {
			return ids, nil
		}
	}
}
