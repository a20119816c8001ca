package story_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/conversation"
	"weiche/services/programtest"
	"weiche/services/simulator"
	"weiche/services/story"
)

// played is how many lines of each story the real world plays at least, so that none
// of them is left out unseen.
var played = map[string]int{
	"01_widget_messenger_whatsapp":       12,
	"02_instagram":                       4,
	"03_several_channels":                11,
	"04_disconnect":                      5,
	"05_prompt":                          14,
	"06_immediate":                       8,
	"07_codes":                           2,
	"08_cancel":                          8,
	"09_duplicates_and_late":             10,
	"10_destinations":                    11,
	"12_sends":                           3,
	"13_withdrawn":                       13,
	"14_bound_elsewhere":                 12,
	"15_offered_by_agent":                7,
	"16_unsend":                          8,
	"17_unsend_early":                    1,
	"18_erase":                           12,
	"19_erase_underway":                  11,
	"20_quarantine":                      3,
	"21_reactions":                       11,
	"22_reactions_early":                 1,
	"23_edits":                           4,
	"24_addresses":                       12,
	"25_alias_conflict":                  23,
	"26_identity_key":                    27,
	"27_late_parsing":                    1,
	"11_receipts":                        17,
	"28_opened_thread":                   6,
	"30_window_closed":                   3,
	"31_window_closed_without_widget":    1,
	"32_window_at_the_turn":              3,
	"33_fallback":                        15,
	"34_unhealthy":                       9,
	"35_unhealthy_without_another_place": 4,
	"36_parts":                           4,
	"37_shown_otherwise":                 16,
	"38_unknown":                         5,
	"46_echoes_of_instagram":             9,
	"39_reactions_of_agents":             10,
	"40_files":                           2,
	"41_files_taken_back":                6,
	"42_files_erased":                    4,
	"43_files_of_visitors":               2,
	"44_files_of_others":                 3,
	"47_closed":                          20,
	"48_continued":                       7,
	"49_strict":                          8,
	"50_cut":                             3,
	"51_both":                            10,
	"52_signed_in":                       2,
	"53_removed_agent":                   2,
	"55_named":                           2,
}

// TestStoriesInProcesses plays the stories on the fifth stage as far as the real
// world can play them, the seed story to its end.
func TestStoriesInProcesses(t *testing.T) {
	nats := startNATS(t)
	const seed = "01_widget_messenger_whatsapp"
	for name := range played {
		if _, err := os.Stat(filepath.Join("testdata", name)); err != nil {
			t.Error(err)
		}
	}
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		name := filepath.Base(path)
		stage := newInProcesses(t, oneProcess(nats))
		done := story.Play(t, path, stage)
		stage.end(t)
		switch {
		case done.Lines < played[name]:
			t.Fatalf("%d lines, fewer than %d, up to %q: %s", done.Lines, played[name], done.Ended, done.Why)
		case done.Ended == "":
			t.Logf("%d lines, all of them", done.Lines)
		case name == seed:
			t.Fatalf("%q is in the seed story, which has to be played", done.Ended)
		default:
			t.Logf("%d lines, up to %q: %s", done.Lines, done.Ended, done.Why)
		}
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
	t *testing.T
	running
	providers *programtest.Process
	phones    string // their address
	agent     string // a token
	sessions  map[string]string
	// people leads from the addresses that the log has to the people of the story.
	people map[string]string
	// owners leads from an address to the person on the simulator who has it, phones
	// to what they are there.
	owners map[string]string
	on     map[string]simulator.Person
	// keys are the keys of phones that the story has named last.
	keys map[string]string
	// wire is between weiche and the providers.
	wire   *wire
	client *http.Client
	// told leads from what people did to the deliveries that told of it.
	told map[*ingressv1.Item][]int64
	// count makes ids of what no phone says.
	count int
	// files holds back what became of uploads until the story says it.
	files  bool
	config simulator.Config
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

func newInProcesses(t *testing.T, start func(t *testing.T, graph string) running) *inProcesses {
	s := &inProcesses{
		t: t, sessions: map[string]string{}, people: map[string]string{}, said: map[string]string{},
		links: map[string]*widgetv1.Link{}, customers: map[string]string{}, owners: map[string]string{},
		on: map[string]simulator.Person{}, keys: map[string]string{}, told: map[*ingressv1.Item][]int64{},
	}
	s.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}}
	s.wire = newWire(t, func() string { return s.phones })
	config := simulator.Config{
		Seed:       1,
		BaseURL:    s.wire.url,
		Templates:  []simulator.Template{{WABA: "waba", Name: "reminder", Language: "en", Status: "APPROVED", Category: "UTILITY", Components: []simulator.TemplateComponent{{Type: "BODY", Text: "a reminder"}}}},
		Numbers:    []simulator.Number{{ID: "whatsapp-account", WABA: "waba", App: "app-whatsapp", Display: address["whatsapp"], Token: "token", Coexistence: true}},
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
	s.config = config
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "simulator.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s.providers, s.phones = programtest.Begin(t, `simulator on (\S+)`, program(t), "simulator", "--http", "127.0.0.1:0", "--config", file)
	s.running = start(t, s.wire.url)
	for channel := range address {
		s.simulate(http.MethodPut, "/sim/apps/app-"+channel+"/callback",
			map[string]string{"url": s.webhooks + "/webhooks/" + channel + "/" + channel + "-app"}, nil)
	}
	return s
}

// end ends the processes in order. A file that nobody wants any more is not kept.
func (s *inProcesses) end(t *testing.T) {
	before := s.stored(t)
	if wanted := s.cannotCome() == ""; !wanted {
		s.wire.files.open()
		s.eventually(t, "files to come", func() bool { return s.wire.files.held() == 0 })
		s.settle(t)
		if after := s.stored(t); after != before {
			t.Errorf("%d files were stored that nobody wanted", after-before)
		}
	}
	s.wire.sends.open()
	s.wire.answers.open()
	s.wire.files.open()
	// A server waits for connections that were opened and not used.
	s.client.CloseIdleConnections()
	s.wire.transport.CloseIdleConnections()
	s.providers.Stop(t)
	for _, p := range s.processes {
		p.Stop(t)
	}
}

// stored is how many files the log has.
func (s *inProcesses) stored(t testing.TB) (count int) {
	for _, event := range s.log(t, 0) {
		if _, ok := event.Body.(*eventv1.MediaStored); ok {
			count++
		}
	}
	return count
}

// settle waits until the providers have delivered everything, and every send and
// fetch has ended that does not wait on the wire.
func (s *inProcesses) settle(t testing.TB) {
	t.Helper()
	s.eventually(t, "sends to end", func() bool {
		s.simulate(http.MethodGet, "/sim/idle?timeout=20s", nil, nil)
		sends, files := unfinished(s.log(t, 0))
		return sends <= s.wire.sends.held()+s.wire.answers.held() && files <= s.wire.files.held()
	})
}

// unfinished counts the sends and the fetches that events have begun and not ended.
func unfinished(events []conversation.Event) (sends, files int) {
	under, asked := map[string]bool{}, map[string]bool{}
	for _, event := range events {
		switch e := event.Body.(type) {
		case *eventv1.SendRequested:
			under[e.GetSendId()] = true
		case *eventv1.SendSucceeded:
			delete(under, e.GetSendId())
		case *eventv1.SendFailed:
			delete(under, e.GetSendId())
		case *eventv1.SendOutcomeUnknown:
			delete(under, e.GetSendId())
		case *eventv1.SendDeferred:
			delete(under, e.GetSendId())
		case *eventv1.SendWithdrawn:
			delete(under, e.GetSendId())
		case *eventv1.MediaRequested:
			asked[e.GetMediaId()] = true
		case *eventv1.MediaStored:
			delete(asked, e.GetMediaId())
		case *eventv1.MediaFailed:
			delete(asked, e.GetMediaId())
		}
	}
	return len(under), len(asked)
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
			t.Fatalf("waited 30 s for %s\n%s", what, s.running.said())
		}
	}
}

// Events is the log up to what became of an upload that the story has not come to.
func (s *inProcesses) Events(t testing.TB, from int) []conversation.Event {
	t.Helper()
	events := s.log(t, from)
	if s.files {
		for at, event := range events {
			if _, ok := event.Body.(*eventv1.MediaStored); ok {
				return events[:at]
			}
		}
	}
	return events
}

// log reads the log as an administrator does.
func (s *inProcesses) log(t testing.TB, from int) []conversation.Event {
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
			s.atHome(body)
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

// clockTime is a time of the day as a prompt has it; stories begin at nine.
var clockTime = regexp.MustCompile(`\b\d\d:\d\d UTC\b`)

// atHome puts what a story knows in the place of what the world has.
func (s *inProcesses) atHome(body proto.Message) {
	switch e := body.(type) {
	case *eventv1.IdentityCreated:
		s.name(e.GetSealed().GetAliases())
	case *eventv1.IdentityAliasesChanged:
		s.name(e.GetSealed().GetAdded())
	case *eventv1.LinkPrompted:
		for _, part := range e.GetSealed().GetContent().GetParts() {
			if buttons := part.GetButtons(); buttons != nil {
				buttons.Body = clockTime.ReplaceAllString(buttons.GetBody(), "09:00 UTC")
			}
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
