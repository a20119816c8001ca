package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"google.golang.org/protobuf/proto"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/simulator"
)

// actors are the people of the demo. They reach Weiche and the simulator over HTTP
// alone, as a page, a workspace and a phone would.
type actors struct {
	// weiche and providers are the addresses of the two.
	weiche, providers string
	// visitor and agent are their tokens.
	visitor, agent string
	// tokens are those of all agents.
	tokens []*adminv1.AgentToken
	// person is who holds the phone.
	person string
	// patience is how long they wait for something to happen.
	patience time.Duration
	// conversation is the visitor's, once it has begun.
	conversation string
	count        int
}

// token returns a client token that was not used before.
func (a *actors) token() string {
	a.count++
	return fmt.Sprintf("demo-%d", a.count)
}

// widget calls the widget's API as the visitor.
func (a *actors) widget(ctx context.Context, method string, ask, answer proto.Message) error {
	return call(ctx, a.weiche, "weiche.widget.v1.WidgetService/"+method, a.visitor, ask, answer)
}

// workspace calls the workspace's API as the agent.
func (a *actors) workspace(ctx context.Context, method string, ask, answer proto.Message) error {
	return call(ctx, a.weiche, "weiche.workspace.v1.WorkspaceService/"+method, a.agent, ask, answer)
}

// openSession makes the visitor's session.
func (a *actors) openSession(ctx context.Context, widgetID string) error {
	answer := &widgetv1.OpenSessionResponse{}
	err := a.widget(ctx, "OpenSession", &widgetv1.OpenSessionRequest{WidgetId: widgetID}, answer)
	a.visitor = answer.GetSessionToken()
	return err
}

// write says something in the widget.
func (a *actors) write(ctx context.Context, text string) error {
	answer := &widgetv1.SendMessageResponse{}
	err := a.widget(ctx, "SendMessage", &widgetv1.SendMessageRequest{Text: text, ClientToken: a.token(), Language: "en"}, answer)
	a.conversation = answer.GetConversationId()
	return err
}

// reply answers as the agent.
func (a *actors) reply(ctx context.Context, text string) error {
	return a.workspace(ctx, "SendReply", &workspacev1.SendReplyRequest{
		ConversationId: a.conversation, Text: text, ClientToken: a.token(),
	}, &workspacev1.SendReplyResponse{})
}

// requestLink asks for a code.
func (a *actors) requestLink(ctx context.Context, integration string) (*widgetv1.Link, error) {
	answer := &widgetv1.RequestLinkResponse{}
	err := a.widget(ctx, "RequestLink", &widgetv1.RequestLinkRequest{
		IntegrationId: integration, ClientToken: a.token(), Language: "en",
	}, answer)
	return answer.GetLink(), err
}

// phone does something on the person's phone.
func (a *actors) phone(ctx context.Context, action string, body any) error {
	return a.simulate(ctx, http.MethodPost, "/sim/people/"+url.PathEscape(a.person)+"/"+action, body, nil)
}

// simulate calls the simulator.
func (a *actors) simulate(ctx context.Context, method, path string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, a.providers+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(said))
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(said, answer)
}

// seesOn waits until the person sees a text on a channel of the phone.
func (a *actors) seesOn(ctx context.Context, integration, text string) error {
	var threads simulator.Threads
	path := fmt.Sprintf("/sim/people/%s/threads?integration=%s&from=business&min=1&text=%s&timeout=%s",
		url.PathEscape(a.person), demoProviderAccount(integration), url.QueryEscape(text), a.patience)
	if err := a.simulate(ctx, http.MethodGet, path, nil, &threads); err != nil {
		return fmt.Errorf("%q did not arrive on %s: %w", text, integration, err)
	}
	return nil
}

// thread returns what the person sees on a channel.
func (a *actors) thread(ctx context.Context, integration string) (simulator.Thread, error) {
	var threads simulator.Threads
	path := fmt.Sprintf("/sim/people/%s/threads?integration=%s", url.PathEscape(a.person), demoProviderAccount(integration))
	if err := a.simulate(ctx, http.MethodGet, path, nil, &threads); err != nil {
		return simulator.Thread{}, err
	}
	if len(threads.Threads) == 0 {
		return simulator.Thread{}, nil
	}
	return threads.Threads[0], nil
}

// await asks again until done says yes.
func (a *actors) await(ctx context.Context, what string, done func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, a.patience)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := done(ctx)
		if err == nil && ok {
			return nil
		}
		select {
		case <-ctx.Done():
			if err != nil {
				return fmt.Errorf("waited for %s: %w", what, err)
			}
			return fmt.Errorf("waited %s for %s", a.patience, what)
		case <-tick.C:
		}
	}
}

// linked waits until the widget shows a link as connected.
func (a *actors) linked(ctx context.Context, linkID string) error {
	return a.await(ctx, "the link to be connected", func(ctx context.Context) (bool, error) {
		answer := &widgetv1.GetLinkResponse{}
		err := a.widget(ctx, "GetLink", &widgetv1.GetLinkRequest{LinkId: linkID}, answer)
		return answer.GetLink().GetState() == widgetv1.LinkState_LINK_STATE_CONNECTED, err
	})
}

// timeline returns the conversation as the widget shows it.
func (a *actors) timeline(ctx context.Context) (*widgetv1.GetTimelineResponse, error) {
	answer := &widgetv1.GetTimelineResponse{}
	return answer, a.widget(ctx, "GetTimeline", &widgetv1.GetTimelineRequest{Limit: 500}, answer)
}

// channel returns what was exchanged over an integration, as the workspace shows it.
func (a *actors) channel(ctx context.Context, integration string) (*viewv1.ChannelView, error) {
	answer := &workspacev1.GetChannelResponse{}
	err := a.workspace(ctx, "GetChannel", &workspacev1.GetChannelRequest{
		ConversationId: a.conversation, IntegrationId: integration,
	}, answer)
	return answer.GetChannel(), err
}

// shows waits until a text stands in the widget with a channel and a state.
func (a *actors) shows(ctx context.Context, text, channel string, states ...string) error {
	return a.await(ctx, fmt.Sprintf("%q over %s in the widget", text, channel), func(ctx context.Context) (bool, error) {
		answer, err := a.timeline(ctx)
		if err != nil {
			return false, err
		}
		for _, line := range answer.GetLines() {
			if words(line.GetContent()) != text || line.GetChannel() != channel {
				continue
			}
			for _, state := range states {
				if line.GetState() == state {
					return true, nil
				}
			}
			return len(states) == 0, nil
		}
		return false, nil
	})
}
