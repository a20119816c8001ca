package main

import (
	"fmt"
	"strings"
	"testing"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/programtest"
)

// quarantine runs a subcommand of quarantine on the shop's folder.
func (s *shop) quarantine(t *testing.T, args ...any) programtest.Ran {
	t.Helper()
	line := []string{"quarantine"}
	for _, arg := range args {
		line = append(line, fmt.Sprint(arg))
	}
	return weiche(t, append(line, "--data", s.data)...)
}

// kept waits for an item in quarantine whose reason has a word in it, and returns its
// position.
func (s *shop) kept(t *testing.T, reason string) (position uint64) {
	t.Helper()
	eventually(t, "an item in quarantine: "+reason, func() bool {
		page := &adminv1.ListEventsResponse{}
		s.must(t, "weiche.admin.v1.AdminService/ListEvents", s.admin, &adminv1.ListEventsRequest{Limit: 1000}, page)
		for _, logged := range page.GetEvents() {
			if body, err := logged.GetEvent().UnmarshalNew(); err != nil {
				t.Fatal(err)
			} else if e, ok := body.(*eventv1.ItemQuarantined); ok && strings.Contains(e.GetReason(), reason) {
				position = logged.GetPosition()
			}
		}
		return position > 0
	}, s.p.Stderr.String)
	return position
}

// TestQuarantineCommands looks at what could not be processed and settles it, by the
// server that is running and on the folder.
func TestQuarantineCommands(t *testing.T) {
	s := newShop(t)
	s.quarantine(t, "list").ExpectLines(t, exitOK, "nothing is in quarantine")
	s.quarantine(t, "replay", "--all").ExpectLines(t, exitOK, "nothing is in quarantine")

	const ana = "15550107771"
	s.whatsapp(t, ana, "Ana", text("wamid.1", "hello"))
	conversation := eventOf(t, s, func(*eventv1.MessageReceived) bool { return true }).GetConversationId()
	s.whatsapp(t, ana, "Ana", map[string]any{"id": "wamid.2", "type": "reaction", "reaction": map[string]any{"emoji": "!"}})
	reaction := s.kept(t, "reaction without an id")
	s.whatsapp(t, ana, "Ana", map[string]any{"id": "wamid.3", "type": "edit", "edit": map[string]any{"note": "canary-edit"}})
	edit := s.kept(t, "edit without an id")
	stray := text("wamid.4", "is this the other number?")
	stray["from"], stray["timestamp"] = "15550107772", "1772442000"
	s.post(t, "whatsapp", webhook(entry("299999", map[string]any{"messages": []any{stray}})))
	other := s.kept(t, "belongs to no integration")

	s.quarantine(t, "list").ExpectLines(t, exitOK, "POSITION", "reaction without an id", "edit without an id", "belongs to no integration")
	s.quarantine(t, "list", "--account", "shop").ExpectLines(t, exitOK, "POSITION", "reaction without an id", "edit without an id")
	s.quarantine(t, "list", "--account", "-", "--json").ExpectLines(t, exitOK, fmt.Sprintf(`"position":"%d"`, other))
	raw := s.quarantine(t, "show", edit, "--raw")
	if raw.Expect(t, exitOK); !strings.Contains(raw.Stdout, `"note":"canary-edit"`) {
		t.Errorf("show --raw: %q", raw.Stdout)
	}
	for _, is := range []string{"state     waiting", "account   shop", "reason    edit without an id", `"note": "canary-edit"`} {
		if shown := s.quarantine(t, "show", edit); !strings.Contains(shown.Stdout, is) {
			t.Errorf("show says nothing of %q:\n%s", is, shown.Stdout)
		}
	}
	// What is wrong with a command line, or names nothing.
	for _, args := range [][]any{{"show", "nonsense"}, {"show", 0}, {"show"}, {"discard"}, {"replay"}, {"replay", edit, "--all"}, {"show", edit, "--raw", "--json"}} {
		if r := s.quarantine(t, args...); r.Code != exitUsage {
			t.Errorf("quarantine %v: exit code %d, want %d\n%s", args, r.Code, exitUsage, r.Stderr)
		}
	}
	s.quarantine(t, "show", 1).Expect(t, exitNotFound, "there is no item 1 in quarantine")
	s.quarantine(t, "replay", 999999).Expect(t, exitNotFound, "there is no item 999999")
	s.quarantine(t, "discard", 999999).Expect(t, exitNotFound, "there is no item 999999")

	// What this version cannot read waits on; what is behind it is tried.
	both := s.quarantine(t, "replay", reaction, other)
	both.ExpectLines(t, exitFailed, fmt.Sprintf("%d: waiting: reaction without an id", reaction), fmt.Sprintf("%d: waiting", other))
	both.Expect(t, exitFailed, "not every item could be replayed")
	s.connect(t, loadNumbers[0], "299999")
	for range 2 { // the second time changes nothing
		s.quarantine(t, "replay", other).ExpectLines(t, exitOK, fmt.Sprintf("%d: replayed, conversation ", other))
	}
	if n := len(received(t, s)); n != 2 {
		t.Errorf("%d messages joined, not 2", n)
	}
	for range 2 {
		s.quarantine(t, "discard", edit).ExpectLines(t, exitOK, fmt.Sprintf("%d: discarded", edit))
	}
	s.quarantine(t, "replay", edit).Expect(t, exitFailed, "was discarded")
	s.quarantine(t, "discard", other).Expect(t, exitFailed, "was replayed")

	// M9: its conversation shows that something waits, and nothing of it.
	view := &workspacev1.GetConversationResponse{}
	s.must(t, "weiche.workspace.v1.WorkspaceService/GetConversation", s.agent, &workspacev1.GetConversationRequest{ConversationId: conversation}, view)
	var lines []*viewv1.SystemLine
	for _, item := range view.GetTimeline().GetItems() {
		if line := item.GetSystem(); line.GetKind() == viewv1.SystemLineKind_SYSTEM_LINE_KIND_QUARANTINED {
			lines = append(lines, line)
		}
	}
	if len(lines) != 2 || lines[0].GetDiscarded() || !lines[1].GetDiscarded() || lines[0].GetChannel() != "whatsapp" {
		t.Errorf("M9: the conversation shows %v", lines)
	}
	if strings.Contains(view.String(), "canary-edit") {
		t.Error("M9: the conversation shows what is in quarantine")
	}

	// The same on the folder, where nobody is running.
	s.stop(t)
	s.quarantine(t, "list").ExpectLines(t, exitOK, "POSITION", "reaction without an id")
	s.quarantine(t, "list", "--all").ExpectLines(t, exitOK, "POSITION", "waiting", "discarded", "replayed")
	s.quarantine(t, "show", 1).Expect(t, exitNotFound, "there is no item 1 in quarantine")
	s.quarantine(t, "replay", "--all").ExpectLines(t, exitFailed, fmt.Sprintf("%d: waiting: reaction without an id", reaction))
	s.quarantine(t, "replay", other).ExpectLines(t, exitOK, fmt.Sprintf("%d: replayed, conversation ", other))
	s.quarantine(t, "discard", reaction).ExpectLines(t, exitOK, fmt.Sprintf("%d: discarded", reaction))
	s.quarantine(t, "list").ExpectLines(t, exitOK, "nothing is in quarantine")
	timeline := weiche(t, "view", "timeline", conversation, "--data", s.data)
	if timeline.Expect(t, exitOK); strings.Count(timeline.Stdout, "quarantined whatsapp, discarded") != 2 {
		t.Errorf("M9: the timeline is\n%s", timeline.Stdout)
	}
	weiche(t, "verify", "--data", s.data).Expect(t, exitOK)
}

// received are the messages of customers in the log.
func received(t *testing.T, s *shop) (found []*eventv1.MessageReceived) {
	t.Helper()
	for _, body := range s.events(t) {
		if e, ok := body.(*eventv1.MessageReceived); ok {
			found = append(found, e)
		}
	}
	return found
}
