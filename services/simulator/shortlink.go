package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// shortLink is a wa.me/message link of a number, with the text that it types.
type shortLink struct {
	in   *integration
	code string
	text string
}

const maxPrefilled = 140

// shortLinks answers {phone_number_id}/message_qrdls and, below it, a code.
// s.mu is held.
func (s *Simulator) shortLinks(c *call, in *integration, code string) reply {
	i := slices.IndexFunc(s.shorts, func(l *shortLink) bool { return l.in.id == in.id && l.code == code })
	if code != "" && i < 0 {
		return refuse(unsupported(c.method, code))
	}
	switch c.method {
	case http.MethodGet:
		data := []any{}
		for _, l := range s.shorts {
			if l.in.id == in.id && (code == "" || l.code == code) {
				data = append(data, l.show())
			}
		}
		return reply{status: http.StatusOK, body: map[string]any{"data": data}}
	case http.MethodPost:
		text := c.param("prefilled_message")
		if !within(text, 1, maxPrefilled) {
			return refuse(whatsAppGraphError(100, "Param prefilled_message must have 1 to 140 characters."))
		}
		code = cmp.Or(code, c.param("code")) // both forms of an update are in use
		if i = slices.IndexFunc(s.shorts, func(l *shortLink) bool { return l.in.id == in.id && l.code == code }); i < 0 {
			sum := s.ids.next("short link")
			s.shorts = append(s.shorts, &shortLink{in: in, code: strings.ToUpper(digits(14, int64(sum[0]), string(sum[:])))})
			i = len(s.shorts) - 1
		}
		s.shorts[i].text = text
		return reply{status: http.StatusOK, body: s.shorts[i].show()}
	case http.MethodDelete:
		if code != "" {
			s.shorts = slices.Delete(s.shorts, i, i+1)
			return success()
		}
	}
	return refuse(unsupported(c.method, in.id))
}

// show is the link as the API answers it. The picture of a QR code that a
// business may ask for is not there.
func (l *shortLink) show() map[string]string {
	return map[string]string{"code": l.code, "prefilled_message": l.text, "deep_link_url": linkBase[ChannelWhatsApp] + "message/" + l.code}
}

// expand turns a wa.me/message link into the one that it stands for. s.mu is
// held.
func (s *Simulator) expand(l deepLink) (deepLink, error) {
	code, short := strings.CutPrefix(l.account, "message/")
	if !short {
		return l, nil
	}
	for _, known := range s.shorts {
		if known.code == code {
			l.account, l.text = known.in.account, known.text
			return l, nil
		}
	}
	return l, notFound("https://wa.me/message/%s leads to nobody", code)
}
