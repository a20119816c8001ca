package story_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/conversation"
	"weiche/services/programtest"
	"weiche/services/simulator"
	"weiche/services/story"
)

// unreal finds what cannot be done in the real world when a story says so: to move
// its clock, and to have a provider repeat, report or fail at that very line.
var unreal = regexp.MustCompile(`(?m)^(wait |the file |agent shows |senders |the provider |the operator |the next send |the answer |\w+@\w+ (takes back what |reacts |takes the reaction |edits |writes as |has the key |opens a link |allows |forbids |says what no )|the business |agent( to \w+)? (asks|sends the|answers|writes|reacts|says of) |the machine |people may |\w+ (fails|works again|gets a new token)$|\w+(@\w+)? (repeats|reports|echoes)|\w+@\w+, \S+ ago)`)

// TestStoriesInProcesses plays the stories on the fifth stage that can be played in
// the real world, the seed story among them.
func TestStoriesInProcesses(t *testing.T) {
	nats := startNATS(t)
	const seed = "01_widget_messenger_whatsapp"
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if line := unreal.Find(text); line != nil {
			if filepath.Base(path) == seed {
				t.Fatalf("%q is in the seed story, which has to be played", line)
			}
			t.Skipf("%q cannot be done in the real world", line)
		}
		stage := newInProcesses(t, nats)
		story.Play(t, path, stage)
		stage.end(t)
	})
}

// TestI30OneRouter starts weiche a second time where it must not start.
func TestI30OneRouter(t *testing.T) {
	nats := startNATS(t)
	data, other := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "other")
	first, _ := serve(t, data, nats)

	const conflict = 4
	programtest.Run(t, program(t), onBroker(other, nats)...).Expect(t, conflict, "a router is running", fmt.Sprintf("-%d", first.ID()))
	programtest.Run(t, program(t), onBroker(data, nats)...).Expect(t, conflict, "a weiche is running on it")

	// Whoever ends in order makes room at once, for the other folder too.
	first.Stop(t)
	second, _ := serve(t, other, nats)
	// One that was killed cannot, but nobody is needed.
	second.Kill()
	began := time.Now()
	third, _ := serve(t, data, nats)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("I29: ready %s after a kill", took)
	} else {
		t.Logf("ready %s after a kill", took.Round(time.Millisecond))
	}
	third.Stop(t)
}

// inProcesses is the fifth stage: weiche, a simulator of the providers and a NATS
// server, each a process of its own. Everything is done and seen over HTTP, as
// pages, workspaces and phones do it. Its senders are the real ones.
type inProcesses struct {
	t                 *testing.T
	server, providers *programtest.Process
	weiche, phones    string // their addresses
	admin, agent      string // tokens
	sessions          map[string]string
	// people leads from the addresses that the log has to the people of the story.
	people map[string]string
	known  map[string]bool
	// said leads from the story's id of a message to the provider's.
	said  map[string]string
	links map[string]*widgetv1.Link
	// head is how far the log was when it was read last.
	head uint64
	// customers leads from a customer to a conversation of theirs.
	customers map[string]string
}

// address is where people find the account on a channel.
var address = map[string]string{"whatsapp": "15550100001", "messenger": "shop.page", "instagram": "shop.ig"}

func newInProcesses(t *testing.T, nats string) *inProcesses {
	s := &inProcesses{
		t: t, sessions: map[string]string{}, people: map[string]string{}, known: map[string]bool{}, said: map[string]string{},
		links: map[string]*widgetv1.Link{}, customers: map[string]string{},
	}
	config := simulator.Config{
		Seed:       1,
		Numbers:    []simulator.Number{{ID: "whatsapp-account", WABA: "waba", App: "app-whatsapp", Display: address["whatsapp"], Token: "token"}},
		Pages:      []simulator.Page{{ID: "messenger-account", Name: address["messenger"], App: "app-messenger", Token: "token"}},
		Instagrams: []simulator.Instagram{{ID: "instagram-account", Username: address["instagram"], App: "app-instagram", Token: "token"}},
		// What a provider tells of sends would stand between the lines of a story.
		Webhooks: simulator.Webhooks{Events: map[string]simulator.EventSetting{
			"status": {Off: true}, "echo": {Off: true}, "delivery": {Off: true}, "read": {Off: true},
		}},
	}
	for channel := range address {
		config.Apps = append(config.Apps, simulator.App{ID: "app-" + channel, Secret: "secret", VerifyToken: "verify"})
	}
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "simulator.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.providers, s.phones = programtest.Begin(t, `simulator on (\S+)`, program(t), "simulator", "--http", "127.0.0.1:0", "--config", file)
	data := filepath.Join(t.TempDir(), "data")
	s.server, s.weiche = serve(t, data, nats, "--graph-url", s.phones)
	token, err := os.ReadFile(filepath.Join(data, "tokens", "admin"))
	if err != nil {
		t.Fatal(err)
	}
	s.admin = strings.TrimSpace(string(token))
	for channel := range address {
		s.simulate(http.MethodPut, "/sim/apps/app-"+channel+"/callback",
			map[string]string{"url": s.weiche + "/webhooks/" + channel + "/" + channel + "-app"}, nil)
	}
	return s
}

// end ends the processes in order.
func (s *inProcesses) end(t *testing.T) {
	s.server.Stop(t)
	s.providers.Stop(t)
}

// SendsItself says that the senders are real.
func (s *inProcesses) SendsItself() {}

// simulate calls the simulator.
func (s *inProcesses) simulate(method, path string, body, answer any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	status, said := s.post(method, s.phones+path, "", text)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, status, said)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(said, answer); err != nil {
		s.t.Fatal(err)
	}
}

// refusal is why weiche did not do what it was asked for.
type refusal struct{ Code, Message string }

// call calls an RPC of weiche; the answer is nil where it was done.
func (s *inProcesses) call(procedure, token string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	text, err := protojson.Marshal(ask)
	if err != nil {
		s.t.Fatal(err)
	}
	status, said := s.post(http.MethodPost, s.weiche+"/"+procedure, token, text)
	if status == http.StatusOK {
		if err := protojson.Unmarshal(said, answer); err != nil {
			s.t.Fatal(err)
		}
		return nil
	}
	why := &refusal{}
	if err := json.Unmarshal(said, why); err != nil || why.Code == "" {
		s.t.Fatalf("%s: %d %s", procedure, status, said)
	}
	return why
}

func (s *inProcesses) post(method, url, token string, body []byte) (int, []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := (&http.Client{Timeout: 30 * time.Second}).Do(request)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, &s.server.Stderr)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, said
}

func (s *inProcesses) widget(person, method string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	if s.sessions[person] == "" {
		opened := &widgetv1.OpenSessionResponse{}
		if why := s.call("weiche.widget.v1.WidgetService/OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: "widget"}, opened); why != nil {
			s.t.Fatalf("open a session: %v", why)
		}
		s.sessions[person] = opened.GetSessionToken()
	}
	return s.call("weiche.widget.v1.WidgetService/"+method, s.sessions[person], ask, answer)
}

func (s *inProcesses) workspace(method string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	return s.call("weiche.workspace.v1.WorkspaceService/"+method, s.agent, ask, answer)
}

// settle waits until the providers have delivered everything and every send has
// ended.
func (s *inProcesses) settle(t testing.TB) {
	t.Helper()
	s.eventually(t, "sends to end", func() bool {
		s.simulate(http.MethodGet, "/sim/idle?timeout=20s", nil, nil)
		under := map[string]bool{}
		for _, event := range s.Events(t, 0) {
			switch e := event.Body.(type) {
			case *eventv1.SendRequested:
				under[e.GetSendId()] = true
			case *eventv1.SendSucceeded:
				delete(under, e.GetSendId())
			case *eventv1.SendFailed:
				delete(under, e.GetSendId())
			case *eventv1.SendOutcomeUnknown:
				delete(under, e.GetSendId())
			case *eventv1.SendWithdrawn:
				delete(under, e.GetSendId())
			}
		}
		return len(under) == 0
	})
}

// eventually asks until something is so.
func (s *inProcesses) eventually(t testing.TB, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for patience := time.After(30 * time.Second); !is(); {
		select {
		case <-tick.C:
		case <-patience:
			t.Fatalf("waited 30 s for %s\n%s", what, &s.server.Stderr)
		}
	}
}

// Events reads the log as an administrator does.
func (s *inProcesses) Events(t testing.TB, from int) []conversation.Event {
	t.Helper()
	var events []conversation.Event
	for after := uint64(from); ; {
		page := &adminv1.ListEventsResponse{}
		if why := s.call("weiche.admin.v1.AdminService/ListEvents", s.admin, &adminv1.ListEventsRequest{After: after, Limit: 1000}, page); why != nil {
			t.Fatalf("list events: %v", why)
		}
		for _, logged := range page.GetEvents() {
			body, err := logged.GetEvent().UnmarshalNew()
			if err != nil {
				t.Fatal(err)
			}
			if after++; logged.GetPosition() != after {
				t.Fatalf("position %d follows %d", logged.GetPosition(), after-1)
			}
			if created, ok := body.(*eventv1.IdentityCreated); ok {
				s.name(created.GetSealed().GetAliases())
			}
			category, id, _ := strings.Cut(logged.GetStream(), "-")
			events = append(events, conversation.Event{
				Stream: conversation.Stream{Category: category, ID: id},
				ID:     logged.GetEventId(), At: logged.GetRecordedAt().AsTime(), Body: body,
			})
		}
		if after >= page.GetHead() {
			s.head = after
			return events
		}
	}
}

// name puts the people of the story in the place of their addresses.
func (s *inProcesses) name(aliases []*eventv1.Alias) {
	for _, alias := range aliases {
		if name := s.people[alias.GetValue()]; name != "" {
			alias.Value = name
		}
	}
}

// Now is the world's time; it passes by itself.
func (s *inProcesses) Now() time.Time { return time.Now() }

// Advance cannot be done.
func (s *inProcesses) Advance(t testing.TB, by time.Duration) {
	t.Fatalf("the world's time cannot be moved by %s", by)
}

// Code returns the code that the widget has shown.
func (s *inProcesses) Code(linkID string) string { return s.links[linkID].GetCode() }
