package simulator

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// profile is what messenger_profile has been told, as it came.
type profile map[string]json.RawMessage

// object answers GET {id}: a number, a page, an Instagram account, or a person
// by PSID or IGSID. s.mu is held.
func (s *Simulator) object(c *call, id string, in *integration) reply {
	owned := s.owned(c.token)
	for _, o := range owned {
		if m := s.mediumOf(o, id); m != nil && o.channel == ChannelWhatsApp && (c.method == http.MethodGet || c.method == http.MethodDelete) {
			return s.mediaObject(c, m)
		}
	}
	if c.method != http.MethodGet {
		return refuse(unsupported(c.method, id))
	}
	if in != nil {
		return fields(c, s.account(in))
	}
	for _, o := range owned {
		if o.channel == ChannelWhatsApp && o.entry == id {
			return fields(c, map[string]any{"id": id, "name": o.name, "message_template_namespace": "simulated", "timezone_id": "1"})
		}
	}
	for _, o := range owned {
		if o.channel == ChannelWhatsApp {
			continue
		}
		p := s.identities[scopedKey(o.channel, o.id, id)]
		if p == nil {
			continue
		}
		if p.NoProfile {
			if o.channel == ChannelMessenger {
				return refuse(knownError(o.channel, 100, 2018218, 0))
			}
			return refuse(graphError(230, 0, "(#230) User consent is required to access user profile"))
		}
		first, last, _ := strings.Cut(p.Name, " ")
		if o.channel == ChannelMessenger {
			return fields(c, map[string]any{
				"id": id, "name": p.Name, "first_name": first, "last_name": last,
				"locale": "en_US", "timezone": 0, "profile_pic": s.picture(p),
			})
		}
		if t := s.threads[threadKey{p.Name, o.id}]; t == nil || !t.started {
			return refuse(graphError(230, 0, "(#230) User consent is required to access user profile"))
		}
		return fields(c, map[string]any{
			"id": id, "name": p.Name, "username": p.Username, "profile_pic": s.picture(p), "follower_count": 0,
			"is_verified_user": false, "is_user_follow_business": false, "is_business_follow_user": false,
		})
	}
	return refuse(unsupported(c.method, id))
}

// account is what a number, a page or an Instagram account tells of itself.
func (s *Simulator) account(in *integration) map[string]any {
	switch in.channel {
	case ChannelWhatsApp:
		return map[string]any{
			"id": in.id, "verified_name": in.name, "display_phone_number": in.account, "quality_rating": "GREEN",
			"platform_type": "CLOUD_API", "status": "CONNECTED", "code_verification_status": "VERIFIED",
			"throughput": map[string]string{"level": "STANDARD"}, "is_on_biz_app": in.coexistence,
		}
	case ChannelInstagram:
		return map[string]any{"id": in.id, "user_id": in.id, "username": in.account, "name": in.name, "account_type": "BUSINESS"}
	}
	out := map[string]any{"id": in.id, "name": in.name, "username": in.account}
	for _, other := range s.integrations {
		if other.page == in.id {
			out["instagram_business_account"] = map[string]string{"id": other.id}
		}
	}
	return out
}

// phoneNumbers answers GET {waba}/phone_numbers. s.mu is held.
func (s *Simulator) phoneNumbers(c *call, waba string, owned []*integration) reply {
	if c.method != http.MethodGet {
		return refuse(unsupported(c.method, waba))
	}
	data := []any{}
	for _, o := range owned {
		if o.entry == waba {
			data = append(data, pick(c, s.account(o)))
		}
	}
	return reply{status: http.StatusOK, body: map[string]any{"data": data}}
}

// picture is the address of a person's profile picture. s.mu is held.
func (s *Simulator) picture(p *person) string {
	return s.base() + "/picture/" + url.PathEscape(p.Name) + ".png"
}

// servePicture answers the addresses of profile pictures.
func servePicture(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/png")
	_, _ = io.WriteString(w, tinyPNG)
}

// fields answers the fields that were asked for and the id, all if none were.
func fields(c *call, all map[string]any) reply {
	return reply{status: http.StatusOK, body: pick(c, all)}
}

// pick returns the fields that were asked for and the id, all if none were.
func pick(c *call, all map[string]any) map[string]any {
	wanted := c.param("fields")
	if wanted == "" {
		return all
	}
	out := map[string]any{"id": all["id"]}
	for _, name := range strings.Split(wanted, ",") {
		if v, ok := all[strings.TrimSpace(name)]; ok {
			out[strings.TrimSpace(name)] = v
		}
	}
	return out
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
