package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/simulator"
)

const loadSecret = "the app's secret"

// loadNumbers are the two numbers of the account, which share one app.
var loadNumbers = []string{"200001", "200002"}

// load is a provider that posts webhooks and agents who reply, for as long as
// weiche is up; what was not answered is posted again.
type load struct {
	t      *testing.T
	client *http.Client
	admin  string
	agent  string

	mu sync.Mutex
	// random is the source of what comes in.
	random *rand.Rand
	// url is where weiche is; empty while it is down. up is closed when it is up.
	url string
	up  chan struct{}
	// quiet says that nothing new is to come in.
	quiet bool
	// waiting are the POSTs that have to be made, again or for the first time.
	waiting []*post
	// underWay is how many requests wait for their answer, died how many were
	// broken off by the kill that was last.
	underWay, died int
	made           int // people and items so far
	people         int
	// answers is how many webhooks were answered with 200; enough is closed when
	// that reaches goal.
	answers, goal int
	enough        chan struct{}
	statuses      map[int]int

	answered, poison map[string]bool
	replies          map[string]string
	faults           []string
}

func newLoad(t *testing.T) *load {
	return &load{
		t:      t,
		client: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		random: rand.New(rand.NewPCG(1, 2)), up: make(chan struct{}), enough: make(chan struct{}), statuses: map[int]int{},
		answered: map[string]bool{}, poison: map[string]bool{}, replies: map[string]string{},
	}
}

// isUp says where weiche is.
func (l *load) isUp(url string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.url, l.died = url, 0
	close(l.up)
}

// isDown keeps requests back until weiche is up again, and returns how many are
// under way.
func (l *load) isDown() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.url, l.up = "", make(chan struct{})
	return l.underWay
}

// where returns where weiche is, once it is up.
func (l *load) where(ctx context.Context) (string, error) {
	for {
		l.mu.Lock()
		url, up := l.url, l.up
		l.mu.Unlock()
		if url != "" {
			return url, nil
		}
		select {
		case <-up:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// after returns a channel that is closed after so many more answers.
func (l *load) after(answers int) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.goal, l.enough = l.answers+answers, make(chan struct{})
	return l.enough
}

// idle returns how many requests are under way and how many webhooks wait.
func (l *load) idle() (underWay, waiting int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.underWay, len(l.waiting)
}

// broken returns how many requests the last kill has broken off.
func (l *load) broken() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.died
}

// replied returns how many replies were answered.
func (l *load) replied() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.replies)
}

func (l *load) fault(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.faults) < 20 {
		l.faults = append(l.faults, fmt.Sprintf(format, args...))
	}
}

// request makes one request; a status of 0 is none. It counts what a kill breaks
// off.
func (l *load) request(ctx context.Context, url string, header http.Header, body []byte) (int, []byte) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		l.t.Error(err)
		return 0, nil
	}
	request.Header = header
	l.mu.Lock()
	l.underWay++
	l.mu.Unlock()
	status, said, err := l.do(request)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.underWay--
	if err != nil && !errors.Is(err, syscall.ECONNREFUSED) && ctx.Err() == nil {
		l.died++
	}
	return status, said
}

func (l *load) do(request *http.Request) (int, []byte, error) {
	response, err := l.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, nil, err
	}
	return response.StatusCode, said, nil
}

// webhooks posts until ctx ends.
func (l *load) webhooks(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		url, err := l.where(ctx)
		if err != nil {
			return
		}
		p := l.next()
		if p == nil {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			continue
		}
		status, _ := l.request(ctx, url+"/webhooks/whatsapp/app", http.Header{
			"Content-Type": {"application/json"}, "X-Hub-Signature-256": {simulator.Sign(loadSecret, p.body)},
		}, p.body)
		l.noted(p, status)
	}
}

// noted notes how a webhook was answered.
func (l *load) noted(p *post, status int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.statuses[status]++
	if status != http.StatusOK {
		l.waiting = append(l.waiting, p)
		return
	}
	for _, id := range p.ids {
		l.answered[id] = true
	}
	for _, mark := range p.marks {
		l.poison[mark] = true
	}
	if l.answers++; l.answers == l.goal {
		close(l.enough)
	}
}

// call calls an RPC of weiche, and returns the status, 0 for no answer.
func (l *load) call(ctx context.Context, procedure, token string, ask, answer proto.Message) (int, string) {
	url, err := l.where(ctx)
	if err != nil {
		return 0, ""
	}
	body, err := protojson.Marshal(ask)
	if err != nil {
		l.t.Error(err)
		return 0, ""
	}
	status, said := l.request(ctx, url+"/"+procedure, http.Header{
		"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token},
	}, body)
	if status == http.StatusOK {
		if err := protojson.Unmarshal(said, answer); err != nil {
			l.t.Error(err)
		}
	}
	return status, string(said)
}

// follow hands the events of the log to see, page by page, until ctx ends.
func (l *load) follow(ctx context.Context, see func(position uint64, at time.Time, event proto.Message)) {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for after := uint64(0); ; {
		page := &adminv1.ListEventsResponse{}
		status, _ := l.call(ctx, "weiche.admin.v1.AdminService/ListEvents", l.admin, &adminv1.ListEventsRequest{After: after, Limit: 500}, page)
		if status == http.StatusOK {
			for _, logged := range page.GetEvents() {
				body, err := logged.GetEvent().UnmarshalNew()
				if err != nil {
					l.fault("event %d: %v", logged.GetPosition(), err)
					continue
				}
				if after++; logged.GetPosition() != after {
					l.fault("I07: a reader sees position %d after %d", logged.GetPosition(), after-1)
				}
				see(logged.GetPosition(), logged.GetRecordedAt().AsTime(), body)
			}
			if page.GetHead() < after {
				l.fault("I01: a reader has seen position %d and the log ends at %d", after, page.GetHead())
			}
			if page.GetHead() > after {
				continue
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// agents replies once in each conversation that comes over the channel, with the
// same token again where there was no answer.
func (l *load) agents(ctx context.Context, conversations <-chan *eventv1.MessageReceived) {
	for {
		select {
		case <-ctx.Done():
			return
		case in := <-conversations:
			where := in.GetConversationId()
			text := "reply in " + where
			for ctx.Err() == nil {
				answer := &workspacev1.SendReplyResponse{}
				status, said := l.call(ctx, "weiche.workspace.v1.WorkspaceService/SendReply", l.agent, &workspacev1.SendReplyRequest{
					ConversationId: where, Text: text, ClientToken: "token of " + where,
				}, answer)
				if status == http.StatusOK {
					l.mu.Lock()
					l.replies[text] = answer.GetMessageId()
					l.mu.Unlock()
					break
				}
				if status != 0 && status != http.StatusServiceUnavailable && status != http.StatusGatewayTimeout && status != http.StatusTooManyRequests {
					l.fault("a reply was answered with %d %s", status, said)
					break
				}
			}
		}
	}
}

// work lets webhooks come in, by so many at once, and agents reply, until the
// function that it returns is called. Each event of the log is shown to see, if
// that is not nil.
func work(t *testing.T, l *load, webhooks int, see func(at time.Time, event proto.Message)) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	conversations := make(chan *eventv1.MessageReceived, 1<<16)
	running.Go(func() {
		replied := map[string]bool{}
		l.follow(ctx, func(_ uint64, at time.Time, event proto.Message) {
			if see != nil {
				see(at, event)
			}
			if in, ok := event.(*eventv1.MessageReceived); ok && !replied[in.GetConversationId()] {
				replied[in.GetConversationId()] = true
				conversations <- in
			}
		})
	})
	for range webhooks {
		running.Go(func() { l.webhooks(ctx) })
	}
	for range 4 {
		running.Go(func() { l.agents(ctx, conversations) })
	}
	return func() { cancel(); running.Wait() }
}
