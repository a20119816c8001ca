package api_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
)

// writes lets a visitor write, and returns the conversation, the message and the
// position.
func (s *stage) writes(t testing.TB, visitor, text string) (conversation, message, position string) {
	t.Helper()
	sent := s.must(t, widgetService+"SendMessage", visitor, fmt.Sprintf(`{"text":%q,"clientToken":%q}`, text, text))
	position = sent.text("position")
	timeline := s.must(t, widgetService+"GetTimeline", visitor, fmt.Sprintf(`{"minPosition":%q}`, position))
	return timeline.text("conversationId"), sent.text("messageId"), position
}

// inbox asks for a page as eva.
func (s *stage) inbox(t testing.TB, ask string) answer {
	t.Helper()
	return s.must(t, workspaceService+"ListConversations", s.eva(), ask)
}

// conversations are the ids on a page.
func conversations(page answer) (ids []string) {
	for n := range page.length("conversations") {
		ids = append(ids, page.text(fmt.Sprintf("conversations.%d.conversationId", n)))
	}
	return ids
}

// TestV6WorkOnConversations takes conversations through what agents do with them,
// and reads each time what was written.
func TestV6WorkOnConversations(t *testing.T) {
	s := newStage(t, nil)
	ana, ben := s.visitor(t, "shop"), s.visitor(t, "shop")
	first, hello, _ := s.writes(t, ana, "hello")
	second, _, position := s.writes(t, ben, "hi")
	do := func(method, more string) string {
		t.Helper()
		done := s.must(t, workspaceService+method, s.eva(), fmt.Sprintf(`{"conversationId":%q,%s}`, first, more))
		if done.text("position") == "" {
			t.Errorf("%s answers without a position", method)
		}
		return done.text("position")
	}
	shows := func(filter, position string, want ...string) {
		t.Helper()
		page := s.inbox(t, fmt.Sprintf(`{%s"minPosition":%q}`, filter, position))
		if got := conversations(page); !slices.Equal(got, want) || page.text("position") == "" {
			t.Errorf("{%s} is %v at %q, want %v", filter, got, page.text("position"), want)
		}
	}
	counted := func(position, path string, want any) {
		t.Helper()
		counts := s.must(t, workspaceService+"CountConversations", s.eva(), fmt.Sprintf(`{"minPosition":%q}`, position))
		if got := counts.get("counts." + path); got != want || counts.text("position") == "" {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}

	shows("", position, second, first)
	counted(position, "unread", 2.0)
	counted(position, "unassigned", 2.0)
	position = do("MarkSeen", fmt.Sprintf(`"messageId":%q`, hello))
	counted(position, "unread", 1.0)

	position = do("AssignConversation", `"assigneeId":"eva","clientToken":"1"`)
	shows(`"mine":true,`, position, first)
	shows(`"nobody":true,`, position, second)
	counted(position, "mine", 1.0)
	s.want(t, "invalid_argument", "INVALID", workspaceService+"AssignConversation", s.eva(),
		fmt.Sprintf(`{"conversationId":%q,"assigneeId":"nobody-we-know","clientToken":"2"}`, first))

	position = do("ChangeLabels", `"add":["vip","VIP"],"clientToken":"3"`)
	shows(`"label":"vip",`, position, first)
	counted(position, "labels.VIP", 1.0)

	position = do("CloseConversation", `"clientToken":"4"`)
	shows(`"status":"CONVERSATION_STATUS_CLOSED",`, position, first)
	shows(`"status":"CONVERSATION_STATUS_OPEN",`, position, second)
	if again := do("CloseConversation", `"clientToken":"4"`); again != position {
		t.Errorf("the same request again stands at %q, want %q", again, position)
	}
	// The widget's visitor sees nothing of all that.
	timeline := s.must(t, widgetService+"GetTimeline", ana, fmt.Sprintf(`{"minPosition":%q}`, position))
	if timeline.length("lines") != 1 {
		t.Errorf("the widget shows %v", timeline.get("lines"))
	}
	position = do("ReopenConversation", `"clientToken":"5"`)
	counted(position, "open", 2.0)

	whole := s.must(t, workspaceService+"GetConversation", s.eva(), fmt.Sprintf(`{"conversationId":%q,"minPosition":%q}`, first, position))
	if whole.text("summary.assigneeId") != "eva" || whole.text("summary.lastLine.text") != "hello" || whole.length("summary.labels") != 2 {
		t.Errorf("the summary is %v", whole.get("summary"))
	}
	card := s.must(t, workspaceService+"GetCustomer", s.eva(), fmt.Sprintf(`{"customerId":%q}`, whole.text("summary.customerId")))
	if card.text("customer.conversations.0.conversationId") != first || card.text("position") == "" {
		t.Errorf("the card is %v", card.values)
	}
	s.want(t, "invalid_argument", "INVALID", workspaceService+"GetCustomer", s.eva(),
		fmt.Sprintf(`{"customerId":%q,"conversationId":%q}`, whole.text("summary.customerId"), first))
	shows(fmt.Sprintf(`"customerId":%q,`, whole.text("summary.customerId")), "", first)
}

// TestV6Pages reads the inbox page by page, and gives tokens where they do not
// belong.
func TestV6Pages(t *testing.T) {
	s := newStage(t, nil)
	var want []string
	for n := range 5 {
		id, _, _ := s.writes(t, s.visitor(t, "shop"), fmt.Sprintf("hello %d", n))
		want = append([]string{id}, want...)
	}
	var got []string
	token, ask := "", `{"limit":2,"channel":"widget","pageToken":%q}`
	for {
		page := s.inbox(t, fmt.Sprintf(ask, token))
		got = append(got, conversations(page)...)
		if page.text("nextPageToken") == "" {
			break
		}
		token = page.text("nextPageToken")
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages have %v, want %v", got, want)
	}
	refused := func(code, reason, ask string) {
		t.Helper()
		s.want(t, code, reason, workspaceService+"ListConversations", s.eva(), ask)
	}
	if got := conversations(s.inbox(t, fmt.Sprintf(`{"limit":1,"channel":"widget","pageToken":%q}`, token))); len(got) != 1 {
		t.Errorf("a page of another size has %v", got)
	}
	refused("invalid_argument", "INVALID", fmt.Sprintf(`{"channel":"whatsapp","pageToken":%q}`, token))
	refused("invalid_argument", "INVALID", fmt.Sprintf(`{"channel":"widget","mine":true,"pageToken":%q}`, token))
	refused("invalid_argument", "INVALID", `{"pageToken":"garbage"}`)
	refused("invalid_argument", "INVALID", `{"limit":201}`)
	refused("invalid_argument", "INVALID", `{"status":7}`)
	s.incarnation = "another"
	refused("failed_precondition", "OTHER_INCARNATION", fmt.Sprintf(`{"channel":"widget","pageToken":%q}`, token))
}

// TestI20InboxIsOfOneAccount asks for conversations of one account in another.
func TestI20InboxIsOfOneAccount(t *testing.T) {
	s := newStage(t, nil)
	id, _, position := s.writes(t, s.visitor(t, "shop"), "hello")
	summary := s.must(t, workspaceService+"GetConversation", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, id))
	for _, ask := range []string{`{"minPosition":%q}`, `{"minPosition":%q,"customerId":"` + summary.text("summary.customerId") + `"}`} {
		page := s.must(t, workspaceService+"ListConversations", s.otherEva(), fmt.Sprintf(ask, position))
		if page.length("conversations") != 0 {
			t.Errorf("another account sees %v", page.values)
		}
	}
	counts := s.must(t, workspaceService+"CountConversations", s.otherEva(), fmt.Sprintf(`{"minPosition":%q}`, position))
	if counts.get("counts.open") != nil {
		t.Errorf("another account counts %v", counts.values)
	}
	for _, method := range []string{"CloseConversation", "ReopenConversation", "AssignConversation", "ChangeLabels"} {
		s.want(t, "not_found", "NOT_FOUND", workspaceService+method, s.otherEva(),
			fmt.Sprintf(`{"conversationId":%q,"clientToken":"x"}`, id))
	}
	s.want(t, "not_found", "NOT_FOUND", workspaceService+"MarkSeen", s.otherEva(), fmt.Sprintf(`{"conversationId":%q,"messageId":"m"}`, id))
}

// TestPagesOfATimeline reads the last lines, and those before them.
func TestPagesOfATimeline(t *testing.T) {
	s := newStage(t, nil)
	ana, id := s.visitor(t, "shop"), ""
	for n := range 5 {
		id, _, _ = s.writes(t, ana, fmt.Sprint(n))
	}
	said := func(page answer, lines, words string) (text string) {
		for n := range page.length(lines) {
			text += page.text(fmt.Sprintf("%s.%d.%s", lines, n, words))
		}
		return text
	}
	for name, read := range map[string]struct {
		page         func(more string) answer
		lines, place string
		words        string
	}{
		"widget": {func(more string) answer {
			return s.must(t, widgetService+"GetTimeline", ana, `{"limit":2,`+more+`}`)
		}, "lines", "place", "content.parts.0.text.body"},
		"workspace": {func(more string) answer {
			return s.must(t, workspaceService+"GetConversation", s.eva(), fmt.Sprintf(`{"conversationId":%q,"limit":2,%s}`, id, more))
		}, "timeline.items", "position", "content.parts.0.text.body"},
	} {
		last := read.page(`"latest":true`)
		if got := said(last, read.lines, read.words); got != "34" {
			t.Errorf("the last lines of the %s are %q", name, got)
		}
		before := read.page(fmt.Sprintf(`"before":%q`, last.text(read.lines+".0."+read.place)))
		if got := said(before, read.lines, read.words); got != "12" {
			t.Errorf("the lines before the last of the %s are %q", name, got)
		}
		after := read.page(fmt.Sprintf(`"after":%q`, before.text(read.lines+".1."+read.place)))
		if got := said(after, read.lines, read.words); got != "34" {
			t.Errorf("the lines after these of the %s are %q", name, got)
		}
	}
	s.want(t, "invalid_argument", "INVALID", widgetService+"GetTimeline", ana, `{"latest":true,"before":"7"}`)
	s.want(t, "invalid_argument", "INVALID", workspaceService+"GetConversation", s.eva(), fmt.Sprintf(`{"conversationId":%q,"after":"1","before":"7"}`, id))
}

func TestWhoCalls(t *testing.T) {
	s := newStage(t, nil)
	me := s.must(t, workspaceService+"GetMe", s.eva(), `{}`)
	if me.text("accountId") != "acme" || me.text("accountName") != "Acme" || me.text("agent.name") != "Eva" || me.text("position") == "" {
		t.Errorf("eva is %v", me.values)
	}
	if me.text("agent.role") != "ROLE_AGENT" || me.length("scopes") != 4 || me.get("apiKeyId") != nil || me.get("expiresAt") != nil {
		t.Errorf("eva may do %v", me.values)
	}
	id, key := s.keyOf(t, "acme", time.Now().Add(time.Hour), "conversations:read")
	program := s.must(t, workspaceService+"GetMe", key, `{}`)
	if program.get("agent") != nil || program.text("apiKeyId") != id || program.length("scopes") != 1 || program.text("expiresAt") == "" {
		t.Errorf("the program is %v", program.values)
	}
	team := s.must(t, workspaceService+"ListAgents", s.eva(), `{}`)
	if team.length("agents") != 1 || team.text("agents.0.agentId") != "eva" || team.text("position") == "" {
		t.Errorf("the team is %v", team.values)
	}
}

// TestEveryAnswerHasAPosition walks the methods: what is read can be asked for as of
// a position and says the one that it is of, and what changes something says where
// it stands and can be repeated.
func TestEveryAnswerHasAPosition(t *testing.T) {
	exempt := map[string]string{
		"ListTemplates": "is of the provider", "SendTyping": "is nowhere written down",
		"OpenSession": "writes nothing", "MarkRead": "changes nothing again", "MarkSeen": "changes nothing again",
		"CheckIntegration": "is of the provider", "EndSession": "changes nothing again",
		"ListEvents": "reads the log itself, and says where it ends",
	}
	methods := 0
	for _, service := range []protoreflect.ServiceDescriptor{
		widgetv1.File_weiche_widget_v1_widget_proto.Services().Get(0),
		workspacev1.File_weiche_workspace_v1_workspace_proto.Services().Get(0),
		adminv1.File_weiche_admin_v1_admin_proto.Services().ByName("AdminService"),
	} {
		for n := range service.Methods().Len() {
			method := service.Methods().Get(n)
			if exempt[string(method.Name())] != "" {
				continue
			}
			methods++
			asks := protoreflect.Name("client_token")
			if method.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
				asks = "min_position"
			}
			if method.Input().Fields().ByName(asks) == nil {
				t.Errorf("%s asks without %s", method.FullName(), asks)
			}
			if method.Output().Fields().ByName("position") == nil {
				t.Errorf("%s answers without a position", method.FullName())
			}
		}
	}
	if methods < 40 {
		t.Errorf("only %d methods were looked at", methods)
	}
}
