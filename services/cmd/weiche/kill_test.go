package main

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	"weiche/projections"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	"weiche/services/programtest"
	"weiche/services/router"
)

// TestI01I05I12I16Kills kills the real program again and again, by SIGKILL, while
// webhooks come in and replies go out, and starts it anew on the same folder. When
// all has settled, what those outside were told is compared with what is there.
func TestI01I05I12I16Kills(t *testing.T) {
	kills := 20
	if os.Getenv("WEICHE_SOAK") != "" {
		kills = 200
	}
	if testing.Short() {
		kills = 3
	}
	began := time.Now()
	graph := newProvider(t)
	l := newLoad(t)
	graph.report = l.reported
	data := filepath.Join(t.TempDir(), "data")
	flags := []string{"--graph-url", graph.URL}

	p, url := serve(t, data, flags...)
	setUpLoad(t, l, data, url)
	sends := newSends()
	stop := work(t, l, 8, sends.see)
	defer stop()

	l.isUp(url)
	e := &evidence{}
	random := rand.New(rand.NewPCG(3, 4))
	var slowest time.Duration
	sending, early, missed := 0, 0, 0
	for len(e.kills) < kills {
		select {
		case <-l.after(1 + random.IntN(250)):
		case <-p.Ended:
			t.Fatalf("weiche ended by itself: %v\n%s", p.Err, &p.Stderr)
		case <-time.After(time.Minute):
			t.Fatalf("weiche answers no webhooks any more: %v\n%s", l.statuses, &p.Stderr)
		}
		if graph.open.Load() > 0 {
			sending++
		}
		l.isDown()
		p.Kill()
		eventually(t, "the requests to end", func() bool { underWay, _ := l.idle(); return underWay == 0 }, p.Stderr.String)
		// A kill that breaks nothing off does not count; there may be few of them.
		if died := l.broken(); died > 0 {
			e.kills = append(e.kills, died)
		} else if missed++; missed > 2+kills/5 {
			t.Fatalf("%d kills hit nothing, and %d a request under way", missed, len(e.kills))
		}
		if len(e.kills)%4 == 1 {
			// Some are killed again while they start.
			early += killEarly(t, time.Duration(random.IntN(60))*time.Millisecond, data, flags)
		}
		start := time.Now()
		p, url = serve(t, data, flags...)
		slowest = max(slowest, time.Since(start))
		l.isUp(url)
	}
	restarted := time.Now()

	// Everything that was not answered is posted again, and what can end ends.
	l.mu.Lock()
	l.quiet = true
	l.mu.Unlock()
	eventually(t, "webhooks, replies and sends to end", func() bool {
		underWay, waiting := l.idle()
		return waiting == 0 && underWay <= 1 && l.replied() == sends.conversations() &&
			sends.open(restarted) == 0 && graph.open.Load() == 0
	}, func() string {
		underWay, waiting := l.idle()
		return fmt.Sprintf("%d under way, %d waiting, %d of %d replies, %d sends open\n%s",
			underWay, waiting, l.replied(), sends.conversations(), sends.open(restarted), &p.Stderr)
	})
	stop()
	p.Stop(t)
	settled := time.Since(began)

	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	left := passTime(t, f)
	e.read(t, f)
	e.answered, e.poison, e.replies, e.posts, e.taken = l.answered, l.poison, l.replies, graph.posts, graph.taken
	if err := checkLog(t.Context(), &server{folder: f}, io.Discard); err != nil {
		t.Errorf("I17: %v", err)
	}
	for at, fault := range append(append(e.faults(), l.faults...), graph.strange...) {
		if at == 20 {
			t.Error("and more")
			break
		}
		t.Error(fault)
	}
	counts := map[string]int{}
	for _, state := range e.states {
		counts[word(state, "DELIVERY_STATE_")]++
	}
	posts := map[fate]int{}
	for _, of := range e.posts {
		for _, does := range of {
			posts[does]++
		}
	}
	if sending == 0 || early == 0 && !testing.Short() {
		t.Errorf("%d kills hit a send that was under way, %d a start", sending, early)
	}
	t.Logf("%d kills in %s, each with %v requests under way; %d of them with sends under way, %d more while it started, %d hit nothing; the slowest start took %s",
		len(e.kills), settled.Round(time.Millisecond), e.kills, sending, early, missed, slowest.Round(time.Millisecond))
	t.Logf("%d events; %d items and %d bad ones in %d POSTs with answers %v; %d replies: %v, %d of them when the claims of the dead ran out; POSTs of sends: %v",
		f.store.Durable(), len(e.answered), len(e.poison), l.answers, l.statuses, len(e.replies), counts, left, posts)
}

// setUpLoad makes the account.
func setUpLoad(t *testing.T, l *load, data, url string) {
	t.Helper()
	token, err := os.ReadFile(tokenFile(data))
	if err != nil {
		t.Fatal(err)
	}
	l.admin = strings.TrimSpace(string(token))
	setup := &ingressv1.ApplySetup{
		Name:   "Shop",
		Apps:   []*ingressv1.AppSetup{{Id: "app", Channel: "whatsapp", ProviderAppId: "100001", AppSecrets: []string{loadSecret}, VerifyToken: "verify"}},
		Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
	}
	for at, number := range loadNumbers {
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: fmt.Sprint("number-", at), Channel: "whatsapp", AppId: "app", ProviderAccountId: number, AccessToken: "token",
		})
	}
	tokens, err := applySetup(t.Context(), url, l.admin, "shop", setup)
	if err != nil {
		t.Fatal(err)
	}
	l.agent = tokens[0].GetToken()
}

// killEarly starts weiche and kills it a moment later, wherever it is then. It
// returns 1 where that was before it served.
func killEarly(t *testing.T, moment time.Duration, data string, flags []string) int {
	t.Helper()
	p := programtest.Launch(t, serving, program(t), append([]string{"serve", "--data", data, "--http", "127.0.0.1:0"}, flags...)...)
	defer p.Kill()
	select {
	case <-p.Stderr.Found:
		return 0
	case <-p.Ended:
		t.Fatalf("weiche ended while it started: %v\n%s", p.Err, &p.Stderr)
	case <-time.After(moment):
	}
	return 1
}

// eventually asks until something is so. Where it does not come true, what tell
// says is told, and the test goes on to say what else is wrong.
func eventually(t *testing.T, what string, is func() bool, tell func() string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for patience := time.After(time.Minute); !is(); {
		select {
		case <-tick.C:
		case <-patience:
			t.Errorf("waited for %s: %s", what, tell())
			return
		}
	}
}

// sends follows what becomes of sends, as the log has it.
type sends struct {
	mu sync.Mutex
	// claimed is when a send that has not ended was claimed; zero before.
	claimed map[string]time.Time
	where   map[string]bool
}

func newSends() *sends {
	return &sends{claimed: map[string]time.Time{}, where: map[string]bool{}}
}

func (s *sends) see(at time.Time, event proto.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *eventv1.MessageReceived:
		s.where[e.GetConversationId()] = true
	case *eventv1.SendRequested:
		s.claimed[e.GetSendId()] = time.Time{}
	case *eventv1.SendClaimed:
		s.claimed[e.GetSendId()] = at
	case *eventv1.SendDeferred:
		s.claimed[e.GetSendId()] = time.Time{}
	case *eventv1.SendSucceeded:
		delete(s.claimed, e.GetSendId())
	case *eventv1.SendFailed:
		delete(s.claimed, e.GetSendId())
	case *eventv1.SendOutcomeUnknown:
		delete(s.claimed, e.GetSendId())
	}
}

// open returns how many sends have not ended, but for those whose worker was killed
// before a moment: their claims have to run out.
func (s *sends) open(since time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	open := 0
	for _, claimed := range s.claimed {
		if claimed.IsZero() || claimed.After(since) {
			open++
		}
	}
	return open
}

// conversations returns in how many conversations customers have written.
func (s *sends) conversations() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.where)
}

// passTime lets two minutes pass, by a clock that is ahead: the claims of those who
// were killed run out. It returns how many sends became unknown by that.
func passTime(t *testing.T, f *folder) int {
	t.Helper()
	engine := router.NewEngine(router.EngineConfig{
		Store: f.store, Keys: f.keys, Now: func() time.Time { return time.Now().Add(2 * time.Minute) },
	})
	ran := 0
	for {
		account, timer, ok, err := engine.NextTimer(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !ok || time.Until(timer.Due) > 2*time.Minute {
			return ran
		}
		before := f.store.Durable()
		if err := engine.Fire(t.Context(), account, timer); err != nil {
			t.Fatal(err)
		}
		if f.store.Durable() == before {
			t.Fatalf("the timer %v was due and nothing came of it", timer)
		}
		if timer.Kind == "outcome" {
			ran++
		}
	}
}

var markForm = regexp.MustCompile(`(?:poison|nonsense)-\d+-`)

// read reads what is in a data folder.
func (e *evidence) read(t *testing.T, f *folder) {
	t.Helper()
	e.logged, e.quarantined, e.queued, e.shown = map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	e.requested, e.states = map[string]bool{}, map[string]viewv1.DeliveryState{}
	damage := func(format string, args ...any) { e.damages = append(e.damages, fmt.Sprintf(format, args...)) }
	if err := f.store.Verify(t.Context(), nil); err != nil {
		damage("I02: %v", err)
	}
	versions, claims, conversations := map[eventstore.Stream]uint64{}, map[string]string{}, map[string]bool{}
	position, more := uint64(0), uint32(0)
	for rec, err := range f.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if position++; rec.Position != position {
			damage("I07: position %d stands where %d has to", rec.Position, position)
		}
		if versions[rec.Stream]++; rec.Version != versions[rec.Stream] {
			damage("I07: %s has version %d where %d has to be", rec.Stream, rec.Version, versions[rec.Stream])
		}
		if more > 0 && rec.More != more-1 {
			damage("I03: the commit before position %d is split", rec.Position)
		}
		more = rec.More
		event, err := router.DecodeOpened(f.keys, rec)
		if err != nil {
			damage("position %d: %v", rec.Position, err)
			continue
		}
		switch body := event.Body.(type) {
		case *eventv1.MessageReceived:
			e.logged[body.GetSealed().GetProviderMessageId()]++
			conversations[body.GetConversationId()] = true
		case *eventv1.ItemQuarantined:
			e.quarantined[string(markForm.Find(body.GetSealed().GetRaw()))]++
		case *eventv1.ReplyQueued:
			e.queued[words(body.GetSealed().GetContent())]++
		case *eventv1.SendRequested:
			e.requested[body.GetSendId()] = true
		case *eventv1.SendClaimed:
			attempt := fmt.Sprint(body.GetSendId(), " attempt ", body.GetAttempt())
			if claims[attempt] != "" {
				damage("I12: %s was claimed twice", attempt)
			}
			claims[attempt] = body.GetNonce()
		}
	}
	if more > 0 {
		damage("I03: the last commit lacks %d events", more)
	}
	err := f.caughtUp(t.Context(), func() error {
		for id := range conversations {
			view, err := f.views.Timeline(t.Context(), "shop", id, projections.Page{Limit: 100_000})
			if err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
			for _, item := range view.GetItems() {
				switch line := item.GetLine().(type) {
				case *viewv1.TimelineItem_Customer:
					e.shown[words(item.GetContent())]++
				case *viewv1.TimelineItem_Agent:
					e.states[item.GetMessageId()] = line.Agent.GetState()
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
