package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	streamv1 "weiche/proto/gen/weiche/stream/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
)

// A page that is loaded anew finds the links that wait, and those that are open are told
// how far each is.
func TestLinksThatWaitAreFoundAgain(t *testing.T) {
	s := newStage(t, nil)
	s.setup(t, "acme", `{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"confirmation":"CONFIRMATION_BOTH","offers":["wa","page"]}]}`)
	token := s.visitor(t, "shop")
	tab := s.socket(t, "weiche.v1.json", shopPage, token)
	tab.follow(1, own)
	tab.caughtUp(1)
	// waiting are the links that a page finds, as channel, state and whether it asks.
	waiting := func(position string) string {
		t.Helper()
		page := s.must(t, widgetService+"GetTimeline", token, fmt.Sprintf(`{"minPosition":%q}`, position))
		var all []string
		for n := range page.length("links") {
			at := fmt.Sprintf("links.%d.", n)
			if page.get(at+"code") != nil || page.get(at+"url") != nil || page.text(at+"expiresAt") == "" {
				t.Errorf("a link is shown as %v", page.get(strings.TrimSuffix(at, ".")))
			}
			all = append(all, strings.TrimPrefix(fmt.Sprint(page.text(at+"channel"), " ", page.text(at+"state"), " ", page.get(at+"asks")), "LINK_STATE_"))
		}
		return strings.Join(all, ", ")
	}
	want := func(what, position, all string) {
		t.Helper()
		if got := waiting(position); got != all {
			t.Errorf("%s: the links that wait are %q, not %q", what, got, all)
		}
	}
	// told waits for what the open page is told of a link.
	told := func(id string, state widgetv1.LinkState, asks bool) {
		t.Helper()
		tab.until(func(f *streamv1.SubscribeResponse) bool {
			link := f.GetChange().GetLink()
			return link.GetLinkId() == id && link.GetState() == state && link.GetAsks() == asks
		})
	}
	want("before", "", "")
	first := s.must(t, widgetService+"RequestLink", token, `{"integrationId":"wa","clientToken":"1"}`)
	second := s.must(t, widgetService+"RequestLink", token, `{"integrationId":"page","clientToken":"2"}`)
	again := s.must(t, widgetService+"RequestLink", token, `{"integrationId":"wa","clientToken":"3"}`)
	want("two codes", again.text("position"), "messenger LINK_STATE_WAITING <nil>, whatsapp LINK_STATE_WAITING <nil>")
	told(again.text("link.linkId"), widgetv1.LinkState_LINK_STATE_WAITING, false)
	s.whatsApp(t, "4917600000067", "wamid.1", again.text("link.code"))
	want("one was brought", "", "messenger LINK_STATE_WAITING <nil>, whatsapp LINK_STATE_MATCHED true")
	told(again.text("link.linkId"), widgetv1.LinkState_LINK_STATE_MATCHED, true)
	yes := s.must(t, widgetService+"ConfirmLink", token, fmt.Sprintf(`{"linkId":%q,"clientToken":"4"}`, again.text("link.linkId")))
	want("it was they", yes.text("position"), "messenger LINK_STATE_WAITING <nil>, whatsapp LINK_STATE_MATCHED <nil>")
	told(again.text("link.linkId"), widgetv1.LinkState_LINK_STATE_MATCHED, false)
	for n, id := range []string{second.text("link.linkId"), again.text("link.linkId")} {
		gone := s.must(t, widgetService+"CancelLink", token, fmt.Sprintf(`{"linkId":%q,"clientToken":"c%d"}`, id, n))
		told(id, widgetv1.LinkState_LINK_STATE_CANCELLED, false)
		want("cancelled", gone.text("position"), []string{"whatsapp LINK_STATE_MATCHED <nil>", ""}[n])
	}
	if first.text("link.linkId") == again.text("link.linkId") {
		t.Error("the second code is the first one")
	}
}

// A code whose channel is withdrawn is dead at once, and says so: to who asks, to who has
// the page open, and by not being there for who loads it anew. It is not good again where
// the channel is offered again, whatever the clock says. An agent sees from when on links
// count.
func TestLinkOfAWithdrawnChannel(t *testing.T) {
	s := newStage(t, nil)
	offer := func(offers string) {
		t.Helper()
		s.setup(t, "acme", fmt.Sprintf(`{"widgets":[{"id":"shop","site":"Acme Shop","origins":["https://shop.example"],"confirmation":"CONFIRMATION_IMMEDIATE","offers":[%s]}]}`, offers))
	}
	offer(`"wa","page"`)
	token := s.visitor(t, "shop")
	tab := s.socket(t, "weiche.v1.json", shopPage, token)
	tab.follow(1, own)
	tab.caughtUp(1)
	asked := s.must(t, widgetService+"RequestLink", token, `{"integrationId":"wa","clientToken":"1"}`)
	kept := s.must(t, widgetService+"RequestLink", token, `{"integrationId":"page","clientToken":"2"}`)
	is := func(link answer, state, reason string) {
		t.Helper()
		got := s.must(t, widgetService+"GetLink", token, fmt.Sprintf(`{"linkId":%q}`, link.text("link.linkId")))
		if got.text("link.state") != "LINK_STATE_"+state || got.text("link.reason") != reason || state == "WAITING" && got.text("link.code") == "" || state == "CANCELLED" && got.text("link.code") != "" {
			t.Errorf("the link is %v, not %s %s", got.get("link"), state, reason)
		}
	}
	conversation := s.must(t, widgetService+"GetTimeline", token, `{}`).text("conversationId")
	// ended says whether the agents' list of channels says that links to it have ended.
	ended := func(integration string) bool {
		t.Helper()
		channels := s.must(t, workspaceService+"ListChannels", s.eva(), fmt.Sprintf(`{"conversationId":%q}`, conversation))
		for n := range channels.length("channels") {
			if at := fmt.Sprintf("channels.%d.", n); channels.text(at+"integrationId") == integration {
				return channels.get(at+"withdrawnAt") != nil && channels.get(at+"withdrawnPosition") != nil
			}
		}
		t.Fatalf("no %s in %v", integration, channels.values)
		return false
	}
	is(asked, "WAITING", "")
	told := func(link answer) {
		t.Helper()
		tab.until(func(f *streamv1.SubscribeResponse) bool {
			told := f.GetChange().GetLink()
			return told.GetLinkId() == link.text("link.linkId") && told.GetState() == widgetv1.LinkState_LINK_STATE_CANCELLED && told.GetReason() == "withdrawn"
		})
	}
	if ended("wa") || ended("page") {
		t.Error("a channel is withdrawn that is offered")
	}
	s.ahead.Store(-int64(time.Hour)) // the clock is set back
	offer(`"page"`)
	is(asked, "CANCELLED", "withdrawn")
	told(asked)
	if page := s.must(t, widgetService+"GetTimeline", token, `{}`); page.length("links") != 1 || page.text("links.0.channel") != "messenger" {
		t.Errorf("the page finds %v", page.get("links"))
	}
	offer(`"wa","page"`)
	is(asked, "CANCELLED", "withdrawn")
	is(kept, "WAITING", "")
	s.ahead.Store(0)
	if !ended("wa") || ended("page") {
		t.Error("the agent does not see which links have ended")
	}
	s.whatsApp(t, "4917600000067", "wamid.1", asked.text("link.code"))
	is(asked, "CANCELLED", "withdrawn")
	both := s.must(t, widgetService+"RequestLink", token, `{"integrationId":"wa","clientToken":"b"}`)
	is(both, "WAITING", "")
	offer("")
	told(kept)
	told(both)
	offer(`"wa","page"`)
	again := s.must(t, widgetService+"RequestLink", token, `{"integrationId":"wa","clientToken":"3"}`)
	s.whatsApp(t, "4917600000067", "wamid.2", again.text("link.code"))
	is(again, "CONNECTED", "")
}
