package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// reply is what a Graph call gets, and when.
type reply struct {
	status int
	body   any // JSON, or text for an answer that is none
	fault  FaultKind

	send  int64   // the number of the accepted send, 0 if none
	after []event // delivered when the answer is written
	first bool    // deliver them before the answer, which waits at most delay
	delay time.Duration
	end   ending
}

// ending is how the connection goes on instead of an answer.
type ending int

const (
	answered ending = iota
	hung            // no answer for delay, then closed
	reset
)

func refuse(e *GraphError) reply { return reply{status: e.status, body: e} }

// serveGraph answers everything that is not the control API.
func (s *Simulator) serveGraph(w http.ResponseWriter, r *http.Request) {
	c, err := readCall(w, r)
	if err == nil {
		s.fetchLinks(c)
	}
	s.mu.Lock()
	var answer reply
	if err != nil {
		answer = refuse(graphError(1, 0, "The request could not be read: "+err.Error()))
		answer.status = http.StatusRequestEntityTooLarge
	} else {
		answer = s.route(c)
	}
	body := s.render(&answer)
	stopped := s.stopped
	s.record(c, answer, body)
	// The events take their place in the queue now, so that whatever the client
	// causes next comes after them.
	gate := &gate{open: answer.first || answer.end != answered || answer.delay > 0}
	for _, ev := range answer.after {
		ev.send, ev.gate = answer.send, gate
		s.publish(ev)
	}
	s.touch()
	s.mu.Unlock()

	switch {
	case answer.first:
		s.settled(r, answer.send, answer.delay, stopped)
	case answer.delay > 0:
		hold(r, answer.delay, stopped)
	}
	switch answer.end {
	case hung:
		panic(http.ErrAbortHandler)
	case reset:
		cut(w)
	default:
		header := w.Header()
		header.Set("Content-Type", "application/json; charset=UTF-8")
		header.Set("Content-Length", fmt.Sprint(len(body)))
		header.Set("Facebook-Api-Version", c.version)
		w.WriteHeader(answer.status)
		_, _ = w.Write(body) // a client that left loses only its answer
		_ = http.NewResponseController(w).Flush()
	}
	s.mu.Lock()
	gate.open = true
	s.kick()
	s.mu.Unlock()
}

// render returns the bytes of the answer. s.mu is held.
func (s *Simulator) render(r *reply) []byte {
	switch body := r.body.(type) {
	case nil:
		return nil
	case string:
		return []byte(body)
	}
	if e, ok := r.body.(*GraphError); ok {
		e.Trace = s.ids.trace()
		r.body = map[string]any{"error": e}
	}
	body, err := encode(r.body)
	if err != nil {
		panic(err) // answers are ours and always marshal
	}
	return bytes.TrimSpace(body)
}

// route finds who answers a call. s.mu is held.
func (s *Simulator) route(c *call) reply {
	if r, ok := s.refreshToken(c); ok {
		return r
	}
	if !s.answers(c.version) || len(c.path) == 0 || c.path[0] == "" {
		return refuse(graphError(2500, 0, "Unknown path components: "+c.request.URL.Path))
	}
	if c.token == "" {
		return refuse(graphError(190, 0, "An access token is required to request this resource."))
	}
	owned := s.owned(c.token)
	if len(owned) == 0 {
		return refuse(graphError(190, 0, "Invalid OAuth access token - Cannot parse access token"))
	}
	if e := s.checkProof(c, owned[0].app); e != nil {
		return refuse(e)
	}
	if c.badBody {
		return refuse(graphError(100, 0, "(#100) The request body is not valid JSON"))
	}
	if s.expired(c.token) {
		return refuse(knownError(owned[0].channel, 190, 463, 0))
	}
	id, edge := c.path[0], strings.Join(c.path[1:], "/")
	in := s.target(id, c.token, owned)
	if code, ok := strings.CutPrefix(edge+"/", "message_qrdls/"); ok && in != nil && in.channel == ChannelWhatsApp {
		return s.shortLinks(c, in, strings.TrimSuffix(code, "/"))
	}
	switch edge {
	case "":
		return s.object(c, id, in)
	case "pass_thread_control", "take_thread_control", "request_thread_control", "release_thread_control":
		if in == nil {
			return refuse(unsupported(c.method, id))
		}
		return s.threadControl(c, in, edge)
	case "messages", "subscribed_apps", "messenger_profile", "media", "message_attachments", "message_templates", "phone_numbers":
	default:
		return refuse(graphError(2500, 0, "Unknown path components: /"+edge))
	}
	if edge == "subscribed_apps" || edge == "message_templates" || edge == "phone_numbers" {
		if i := slices.IndexFunc(owned, func(o *integration) bool { return o.entry == id }); i >= 0 && in == nil {
			in = owned[i]
		}
		switch {
		case in == nil || (in.channel == ChannelWhatsApp && in.entry != id):
			return refuse(unsupported(c.method, id))
		case edge == "subscribed_apps":
			return s.subscribedApps(c, in.entry, in)
		case in.channel != ChannelWhatsApp:
			return refuse(unsupported(c.method, id))
		case edge == "message_templates":
			return s.messageTemplates(c, id)
		}
		return s.phoneNumbers(c, id, owned)
	}
	if in == nil {
		return refuse(unsupported(c.method, id))
	}
	switch {
	case edge == "messenger_profile" && in.channel != ChannelWhatsApp:
		return s.messengerProfile(c, in)
	case edge == "media" && in.channel == ChannelWhatsApp:
		return s.uploadWhatsApp(c, in)
	case edge == "message_attachments":
		return s.uploadAttachment(c, in)
	}
	if edge != "messages" || c.method != http.MethodPost {
		return refuse(unsupported(c.method, id))
	}
	if in.channel == ChannelWhatsApp {
		return s.sendWhatsApp(c, in)
	}
	return s.sendScoped(c, in)
}

// owned returns the integrations that a token is for. s.mu is held.
func (s *Simulator) owned(token string) []*integration {
	var out []*integration
	for _, in := range s.integrations {
		if in.accepts(token) {
			out = append(out, in)
		}
	}
	slices.SortFunc(out, func(a, b *integration) int { return strings.Compare(a.id, b.id) })
	return out
}

// target returns the integration with that id, or the one that "me" is for a
// token: the page, or the Instagram account with a token of its own.
func (s *Simulator) target(id, token string, owned []*integration) *integration {
	var me *integration
	for _, in := range owned {
		if in.id == id {
			return in
		}
		if in.channel == ChannelMessenger || (in.channel == ChannelInstagram && me == nil) {
			me = in
		}
	}
	if id == "me" {
		return me
	}
	return nil
}

// checkProof checks appsecret_proof where one is sent.
func (s *Simulator) checkProof(c *call, app string) *GraphError {
	proof, a := c.param("appsecret_proof"), s.app(app)
	if proof == "" || a == nil {
		return nil
	}
	mac := hmac.New(sha256.New, []byte(a.Secret))
	mac.Write([]byte(c.token))
	if hmac.Equal([]byte(proof), []byte(hex.EncodeToString(mac.Sum(nil)))) {
		return nil
	}
	return graphError(100, 0, "Invalid appsecret_proof provided in the API argument")
}
