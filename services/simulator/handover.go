package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// threadControl answers POST {page}/pass_thread_control and its kin. While
// another app has a thread, what the person does arrives in standby[], and
// sends are refused. s.mu is held.
func (s *Simulator) threadControl(c *call, in *integration, edge string) reply {
	if c.method != http.MethodPost || in.channel == ChannelWhatsApp {
		return refuse(unsupported(c.method, in.id))
	}
	var q struct {
		Recipient struct {
			ID string `json:"id"`
		} `json:"recipient"`
		Target wireID `json:"target_app_id"`
	}
	if err := c.decode(&q); err != nil {
		return refuse(graphError(100, 0, "(#100) A parameter has the wrong type: "+err.Error()))
	}
	p, in := s.recipient(in, q.Recipient.ID)
	if p == nil {
		return refuse(knownError(in.channel, 100, 2018001, 0))
	}
	t := s.thread(p, in)
	switch edge {
	case "pass_thread_control":
		if q.Target == "" {
			return refuse(graphError(100, 0, "(#100) The parameter target_app_id is required."))
		}
		t.give(string(q.Target))
	case "release_thread_control":
		t.give(pageInboxApp)
	case "take_thread_control":
		t.give(in.app)
	}
	return success()
}

// give hands the thread to an app.
func (t *thread) give(app string) {
	t.owner = app
	if app == t.in.app {
		t.owner = ""
	}
}

// handedOver notes what a handover event means for the thread.
func (t *thread) handedOver(event string, content json.RawMessage) {
	var q struct {
		Owner wireID `json:"new_owner_app_id"`
	}
	if (event == "pass_thread_control" || event == "take_thread_control") && json.Unmarshal(content, &q) == nil && q.Owner != "" {
		t.give(string(q.Owner))
	}
}

// refreshToken answers GET refresh_access_token of graph.instagram.com: the
// token stays the same and is good for another 60 days. s.mu is held.
func (s *Simulator) refreshToken(c *call) (reply, bool) {
	if !strings.HasSuffix(strings.TrimRight(c.request.URL.Path, "/"), "/refresh_access_token") || len(c.path) > 1 {
		return reply{}, false
	}
	owned := s.owned(c.token)
	switch {
	case c.method != http.MethodGet || c.param("grant_type") != "ig_refresh_token":
		return refuse(graphError(100, 0, "(#100) The parameter grant_type must be ig_refresh_token.")), true
	case len(owned) == 0:
		return refuse(graphError(190, 0, "Invalid OAuth access token - Cannot parse access token")), true
	case s.expired(c.token):
		return refuse(knownError(owned[0].channel, 190, 463, 0)), true
	}
	return reply{status: http.StatusOK, body: map[string]any{"access_token": c.token, "token_type": "bearer", "expires_in": 60 * 24 * 60 * 60}}, true
}
