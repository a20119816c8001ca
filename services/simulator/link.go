package simulator

import (
	"net/url"
	"regexp"
	"strings"
)

var linkBase = map[Channel]string{
	ChannelWhatsApp:  "https://wa.me/",
	ChannelMessenger: "https://m.me/",
	ChannelInstagram: "https://ig.me/m/",
}

// deepLink is a link that opens a thread.
type deepLink struct {
	channel Channel
	account string
	text    string
	ref     string
	warning string
}

var (
	refForm    = regexp.MustCompile(`^[A-Za-z0-9_=-]*$`)
	numberForm = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)
)

const maxRef = 2083

// parseLink reads a wa.me, m.me or ig.me link.
func parseLink(raw string) (deepLink, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "https" {
		return deepLink{}, invalid("link %q is no https address", raw)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return deepLink{}, invalid("link %q: %v", raw, err)
	}
	path := strings.Trim(u.Path, "/")
	var l deepLink
	switch u.Host {
	case "wa.me":
		l = deepLink{channel: ChannelWhatsApp, account: path, text: query.Get("text")}
		if _, short := strings.CutPrefix(path, "message/"); short {
			return l, nil
		}
		if !numberForm.MatchString(path) {
			return deepLink{}, invalid("link %q: wa.me wants the digits of an international number, without + or 00", raw)
		}
	case "m.me":
		l = deepLink{channel: ChannelMessenger, account: path, ref: query.Get("ref")}
	case "ig.me":
		l = deepLink{channel: ChannelInstagram, account: strings.TrimPrefix(path, "m/"), ref: query.Get("ref")}
	default:
		return deepLink{}, invalid("link %q is none of wa.me, m.me, ig.me", raw)
	}
	if l.account == "" || strings.Contains(l.account, "/") {
		return deepLink{}, invalid("link %q names nobody", raw)
	}
	if len(l.ref) > maxRef || !refForm.MatchString(l.ref) {
		l.ref, l.warning = "", "the ref is over 2083 characters or has others than A-Z a-z 0-9 _ = - and was dropped"
	}
	return l, nil
}

// leadsTo returns the integration that l opens. s.mu is held.
func (s *Simulator) leadsTo(l deepLink) (*integration, error) {
	for _, in := range s.integrations {
		if in.channel != l.channel {
			continue
		}
		if strings.EqualFold(in.account, l.account) || (in.channel == ChannelMessenger && in.id == l.account) {
			return in, nil
		}
	}
	return nil, notFound("%s%s leads to nobody", linkBase[l.channel], l.account)
}
