package simulator

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// withDefaults is the one place where a zero gets its meaning.
func (c Config) withDefaults() Config {
	if c.Window == "" {
		c.Window = WindowSync
	}
	c.Webhooks.Batch = max(c.Webhooks.Batch, 1)
	c.Webhooks.InFlight = max(c.Webhooks.InFlight, 1)
	if c.Retry.Scale == 0 {
		c.Retry.Scale = 1
	}
	if c.Retry.Timeout == 0 {
		c.Retry.Timeout = Duration(5 * time.Second)
	}
	for _, k := range []struct {
		value  *int
		preset int
	}{
		{&c.Keep.Calls, 1_000},
		{&c.Keep.Sends, 100_000},
		{&c.Keep.Deliveries, 10_000},
		{&c.Keep.Messages, 10_000},
		{&c.Keep.Pending, 1_000_000},
		{&c.Keep.MediaBytes, 256 * megabyte},
	} {
		if *k.value <= 0 {
			*k.value = k.preset
		}
	}
	for i := range c.Templates {
		t := &c.Templates[i]
		t.Status, t.Category = cmp.Or(t.Status, "APPROVED"), cmp.Or(t.Category, "UTILITY")
		t.Language = cmp.Or(t.Language, "en")
		t.ID = cmp.Or(t.ID, digits(16, c.Seed, "template", t.WABA, t.Name, t.Language))
	}
	for i := range c.Pages {
		if c.Pages[i].GetStarted == "" {
			c.Pages[i].GetStarted = "GET_STARTED"
		}
	}
	for i := range c.Instagrams {
		if c.Instagrams[i].Icebreakers == nil {
			c.Instagrams[i].Icebreakers = []Icebreaker{{Question: "Get started", Payload: "GET_STARTED"}}
		}
	}
	return c
}

const maxBatch = 1000

// prepare returns a copy of c with defaults, and its integrations by id.
func prepare(c Config) (Config, map[string]*integration, error) {
	c = c.clone().withDefaults()
	bad := func(format string, args ...any) (Config, map[string]*integration, error) {
		return Config{}, nil, fmt.Errorf("%w: %s", ErrConfig, fmt.Sprintf(format, args...))
	}
	apps := map[string]bool{}
	for _, a := range c.Apps {
		if a.ID == "" || a.Secret == "" {
			return bad("app %q needs an id and a secret", a.ID)
		}
		if apps[a.ID] {
			return bad("app %q is there twice", a.ID)
		}
		apps[a.ID] = true
		for channel := range a.Callbacks {
			if !slices.Contains([]Channel{ChannelWhatsApp, ChannelMessenger, ChannelInstagram}, channel) {
				return bad("app %q: a callback of %q, which is no channel", a.ID, channel)
			}
		}
		for _, callback := range a.callbacks() {
			u, err := url.Parse(callback)
			if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
				return bad("app %q: callback %q is no http address", a.ID, callback)
			}
		}
	}
	if !slices.Contains([]Window{WindowSync, WindowAsync, WindowOff}, c.Window) {
		return bad("window %q is none of sync, async, off", c.Window)
	}
	if c.Webhooks.Batch > maxBatch {
		return bad("a batch of %d, the provider's largest is %d", c.Webhooks.Batch, maxBatch)
	}
	if c.Limits.PairBurst < 0 || c.Limits.PerSecond < 0 || (c.Limits.PairBurst > 0 && c.Limits.PairEvery == 0) {
		return bad("limits %+v", c.Limits)
	}
	if c.Retry.Scale < 0 {
		return bad("retry scale %v is negative", c.Retry.Scale)
	}
	for name := range c.Webhooks.Events {
		if !slices.Contains(eventNames, name) {
			return bad("event %q does not exist", name)
		}
	}
	all := c.integrations()
	byID := map[string]*integration{}
	for _, in := range all {
		switch {
		case in.id == "" || strings.ContainsAny(in.id, "/ "):
			return bad("%s id %q", in.channel, in.id)
		case byID[in.id] != nil:
			return bad("id %q is there twice", in.id)
		case !apps[in.app]:
			return bad("%s %q: app %q does not exist", in.channel, in.id, in.app)
		case in.account == "":
			return bad("%s %q has no name for its links", in.channel, in.id)
		case in.channel == ChannelWhatsApp && in.entry == "":
			return bad("number %q has no waba", in.id)
		case len(in.tokens) == 0:
			return bad("%s %q has no token and no page", in.channel, in.id)
		}
		byID[in.id] = in
	}
	for _, in := range all {
		if in.page == "" {
			continue
		}
		p := byID[in.page]
		if p == nil || p.channel != ChannelMessenger {
			return bad("instagram %q: page %q does not exist", in.id, in.page)
		}
	}
	return c, byID, nil
}
