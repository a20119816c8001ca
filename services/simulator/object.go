package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

// profile is what messenger_profile has been told, as it came.
type profile map[string]json.RawMessage

// object answers GET {id}: a number, a page, an Instagram account, or a person
// by PSID or IGSID. s.mu is held.
func (s *Simulator) object(c *call, id string, in *integration) reply {
	if c.method != http.MethodGet {
		return refuse(unsupported(c.method, id))
	}
	if in != nil {
		switch in.channel {
		case ChannelWhatsApp:
			return fields(c, map[string]any{
				"id": in.id, "verified_name": in.name, "display_phone_number": in.account, "quality_rating": "GREEN",
			})
		case ChannelInstagram:
			return fields(c, map[string]any{"id": in.id, "user_id": in.id, "username": in.account, "name": in.name})
		}
		return fields(c, map[string]any{"id": in.id, "name": in.name, "username": in.account})
	}
	for _, o := range s.owned(c.token) {
		if o.channel == ChannelWhatsApp {
			continue
		}
		p := s.identities[scopedKey(o.channel, o.id, id)]
		if p == nil {
			continue
		}
		first, last, _ := strings.Cut(p.Name, " ")
		if o.channel == ChannelMessenger {
			return fields(c, map[string]any{"id": id, "name": p.Name, "first_name": first, "last_name": last})
		}
		if t := s.threads[threadKey{p.Name, o.id}]; t == nil || !t.started {
			return refuse(graphError(230, 0, "(#230) User consent is required to access user profile"))
		}
		return fields(c, map[string]any{"id": id, "name": p.Name, "username": p.Username})
	}
	return refuse(unsupported(c.method, id))
}

// fields answers the fields that were asked for and the id, all if none were.
func fields(c *call, all map[string]any) reply {
	wanted := c.param("fields")
	if wanted == "" {
		return reply{status: http.StatusOK, body: all}
	}
	out := map[string]any{"id": all["id"]}
	for _, name := range strings.Split(wanted, ",") {
		if v, ok := all[strings.TrimSpace(name)]; ok {
			out[strings.TrimSpace(name)] = v
		}
	}
	return reply{status: http.StatusOK, body: out}
}

// messengerProfile keeps Get Started and icebreakers. A page sets those of its
// Instagram accounts with platform=instagram. s.mu is held.
func (s *Simulator) messengerProfile(c *call, in *integration) reply {
	targets := []string{in.id}
	if in.channel == ChannelMessenger && c.param("platform") == "instagram" {
		targets = nil
		for _, other := range s.integrations {
			if other.page == in.id {
				targets = append(targets, other.id)
			}
		}
	}
	switch c.method {
	case http.MethodGet:
		data := []profile{}
		for _, id := range targets {
			if p := s.profiles[id]; len(p) > 0 {
				data = append(data, p)
			}
		}
		return reply{status: http.StatusOK, body: map[string]any{"data": data}}
	case http.MethodPost:
		for _, id := range targets {
			if s.profiles[id] == nil {
				s.profiles[id] = profile{}
			}
			for name, value := range c.params {
				if name != "access_token" && name != "platform" {
					s.profiles[id][name] = value
				}
			}
		}
	case http.MethodDelete:
		for _, id := range targets {
			delete(s.profiles, id)
		}
	default:
		return refuse(unsupported(c.method, in.id))
	}
	return reply{status: http.StatusOK, body: map[string]any{"result": "success"}}
}

// starters returns what a new thread offers: the icebreakers or the Get Started
// button that were set by API, icebreakers first, or the configured ones.
func (s *Simulator) starters(in *integration) []Button {
	var set struct {
		GetStarted struct {
			Payload string `json:"payload"`
		} `json:"get_started"`
		Icebreakers []struct {
			Question      string       `json:"question"`
			Payload       string       `json:"payload"`
			CallToActions []Icebreaker `json:"call_to_actions"`
		} `json:"ice_breakers"`
	}
	raw, err := json.Marshal(s.profiles[in.id])
	if err != nil || json.Unmarshal(raw, &set) != nil {
		return in.starter
	}
	var out []Button
	for _, b := range set.Icebreakers {
		if b.Question != "" {
			out = append(out, Button{ID: b.Payload, Title: b.Question, Kind: ButtonPostback})
		}
		for _, action := range b.CallToActions { // the form with a locale
			out = append(out, Button{ID: action.Payload, Title: action.Question, Kind: ButtonPostback})
		}
	}
	switch {
	case len(out) > 0:
		return out
	case set.GetStarted.Payload != "" && in.channel == ChannelMessenger:
		return []Button{{ID: set.GetStarted.Payload, Title: "Get Started", Kind: ButtonPostback}}
	}
	return in.starter
}
