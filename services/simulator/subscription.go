package simulator

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// subscription is which fields of a WABA, a page or an Instagram account an
// app wants; all of them if fields is empty.
type subscription struct {
	fields []string
	// ended says that the provider took it away, at since.
	ended bool
	since time.Time
}

// wants reports whether the app of in is subscribed to a field. s.mu is held.
func (s *Simulator) wants(in *integration, field string) bool {
	sub := s.subscriptions[in.entry]
	if sub == nil && in.page != "" {
		sub = s.subscriptions[in.page]
		if sub != nil {
			sub = &subscription{ended: sub.ended} // a page's fields are Messenger's
		}
	}
	switch {
	case sub == nil:
		return !s.config.RequireSubscription
	case sub.ended:
		return false
	}
	return len(sub.fields) == 0 || slices.Contains(sub.fields, field) ||
		slices.Contains(sub.fields, field+"s") // messaging_referral is listed as messaging_referrals
}

// subscribedApps answers {waba|page|instagram}/subscribed_apps. s.mu is held.
func (s *Simulator) subscribedApps(c *call, entry string, in *integration) reply {
	switch c.method {
	case http.MethodGet:
		sub := s.subscriptions[entry]
		if (sub == nil && s.config.RequireSubscription) || (sub != nil && sub.ended) {
			return reply{status: http.StatusOK, body: map[string]any{"data": []any{}}}
		}
		app := map[string]any{"id": in.app, "name": "app " + in.app}
		if in.channel == ChannelWhatsApp {
			app = map[string]any{"whatsapp_business_api_data": app}
		} else if sub != nil {
			app["subscribed_fields"] = sub.fields
		}
		return reply{status: http.StatusOK, body: map[string]any{"data": []any{app}}}
	case http.MethodPost:
		fields := c.param("subscribed_fields")
		if in.channel != ChannelWhatsApp && fields == "" {
			return refuse(graphError(100, 0, "(#100) The parameter subscribed_fields is required."))
		}
		sub := &subscription{}
		if in.channel != ChannelWhatsApp {
			for _, f := range strings.Split(strings.Trim(fields, "[]"), ",") {
				sub.fields = append(sub.fields, strings.Trim(f, `" `))
			}
		}
		s.subscriptions[entry] = sub
		return success()
	case http.MethodDelete:
		delete(s.subscriptions, entry)
		return success()
	}
	return refuse(unsupported(c.method, entry))
}

func success() reply {
	return reply{status: http.StatusOK, body: map[string]any{"success": true}}
}
