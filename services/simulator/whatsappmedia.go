package simulator

import "fmt"

// mediaSend is a medium in the body of a WhatsApp send.
type mediaSend struct {
	ID       string `json:"id"`
	Link     string `json:"link"`
	Caption  string `json:"caption"`
	Filename string `json:"filename"`
	Voice    bool   `json:"voice"`
}

const maxCaption = 1024

// medium is the medium that the send's type names, nil if it names none.
func (q *whatsAppSend) medium() (*mediaSend, MediaKind) {
	switch q.Type {
	case "image":
		return q.Image, MediaImage
	case "video":
		return q.Video, MediaVideo
	case "audio":
		return q.Audio, MediaAudio
	case "document":
		return q.Document, MediaDocument
	case "sticker":
		return q.Sticker, MediaSticker
	}
	return nil, ""
}

// linked is every medium of the send that the provider has to fetch.
func (q *whatsAppSend) linked() []*mediaSend {
	var out []*mediaSend
	add := func(m *mediaSend) {
		if m != nil && m.Link != "" {
			out = append(out, m)
		}
	}
	m, _ := q.medium()
	add(m)
	for _, m := range q.headers() {
		add(m.mediaSend)
	}
	return out
}

// kindedMedia is a medium in the header of an interactive message or template.
type kindedMedia struct {
	*mediaSend
	kind MediaKind
}

func (q *whatsAppSend) headers() []kindedMedia {
	var out []kindedMedia
	if q.Interactive != nil && q.Interactive.Header != nil {
		out = append(out, q.Interactive.Header.media()...)
	}
	if q.Template != nil {
		for _, component := range q.Template.Components {
			for _, p := range component.Parameters {
				out = append(out, p.media()...)
			}
		}
	}
	return out
}

// headerMedia is the part of a header or parameter that names a medium.
type headerMedia struct {
	Image    *mediaSend `json:"image"`
	Video    *mediaSend `json:"video"`
	Document *mediaSend `json:"document"`
}

func (h headerMedia) media() []kindedMedia {
	var out []kindedMedia
	for _, m := range []kindedMedia{{h.Image, MediaImage}, {h.Video, MediaVideo}, {h.Document, MediaDocument}} {
		if m.mediaSend != nil {
			out = append(out, m)
		}
	}
	return out
}

func (q *whatsAppSend) checkMedia() *GraphError {
	all := q.headers()
	if m, kind := q.medium(); m != nil {
		all = append(all, kindedMedia{m, kind})
	}
	for _, m := range all {
		switch {
		case m.ID == "" && m.Link == "":
			return whatsAppGraphError(100, fmt.Sprintf("One of the parameters %s['id'] and %s['link'] is required.", m.kind, m.kind))
		case m.ID != "" && m.Link != "":
			return whatsAppGraphError(100, fmt.Sprintf("Only one of the parameters %s['id'] and %s['link'] may be given.", m.kind, m.kind))
		case !within(m.Caption, 0, maxCaption):
			return whatsAppGraphError(100, fmt.Sprintf("Param %s['caption'] must be at most %d characters long.", m.kind, maxCaption))
		case m.Caption != "" && (m.kind == MediaAudio || m.kind == MediaSticker):
			return whatsAppGraphError(100, fmt.Sprintf("Unexpected key \"caption\" on param %q.", m.kind))
		case m.Filename != "" && m.kind != MediaDocument:
			return whatsAppGraphError(100, fmt.Sprintf("Unexpected key \"filename\" on param %q.", m.kind))
		}
	}
	return nil
}

// sent returns the files of a send. refusal is for ids that are none of the
// number's: the call is refused. failure is for a file that cannot be used,
// which the provider finds out after its answer. s.mu is held.
func (s *Simulator) sent(c *call, in *integration, q *whatsAppSend) (media []*medium, refusal, failure *GraphError) {
	all := q.headers()
	if m, kind := q.medium(); m != nil {
		all = append(all, kindedMedia{m, kind})
	}
	for _, given := range all {
		if given.ID != "" {
			m := s.mediumOf(in, given.ID)
			if m == nil {
				return nil, whatsAppGraphError(131009, fmt.Sprintf("Param %s['id'] is not a valid whatsapp business account media attachment ID.", given.kind)), nil
			}
			if why, _ := refused(ChannelWhatsApp, given.kind, m.MIME, m.data); why != "" {
				failure = whatsAppGraphError(131053, "Media upload failed: "+why)
			}
			media = append(media, m)
			continue
		}
		got := c.fetched[given.Link]
		if got.err != nil {
			return nil, nil, whatsAppGraphError(131053, "Downloading media from weblink failed: "+got.err.Error())
		}
		if why, _ := refused(ChannelWhatsApp, given.kind, got.file.mime, got.file.data); why != "" {
			return nil, nil, whatsAppGraphError(131053, "Media upload failed: "+why)
		}
		name := got.file.name
		if given.Filename != "" {
			name = given.Filename
		}
		media = append(media, s.keepMedium(in, given.kind, got.file.mime, name, got.file.data, uploadedMediaLife))
	}
	return media, nil, failure
}
