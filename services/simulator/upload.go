package simulator

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
)

// file is what a multipart request brings along.
type file struct {
	name string
	mime string
	data []byte
}

// uploadWhatsApp answers POST {phone_number_id}/media. s.mu is held.
func (s *Simulator) uploadWhatsApp(c *call, in *integration) reply {
	if c.method != http.MethodPost {
		return refuse(unsupported(c.method, in.id))
	}
	f, ok := c.files["file"]
	switch {
	case c.param("messaging_product") != "whatsapp":
		return refuse(whatsAppGraphError(100, "The parameter messaging_product is required."))
	case !ok:
		return refuse(whatsAppGraphError(100, "The parameter file is required."))
	}
	mime := cmp.Or(c.param("type"), f.mime)
	kind := mediaKindOf(plainType(mime))
	if why, _ := refused(ChannelWhatsApp, kind, mime, f.data); why != "" {
		return refuse(whatsAppGraphError(131053, "Media upload failed: "+why))
	}
	if f := s.fireOne(in, "upload", only(FaultUploadError)); f != nil {
		r := refuse(knownError(in.channel, cmp.Or(f.Code, 131053), f.Subcode, f.Status))
		r.fault = f.Kind
		return r
	}
	m := s.keepMedium(in, kind, mime, f.name, f.data, uploadedMediaLife)
	return reply{status: http.StatusOK, body: map[string]string{"id": m.ID}}
}

// uploadAttachment answers POST {page|instagram|me}/message_attachments with an
// attachment id. A page uploads for its Instagram accounts with
// platform=instagram. s.mu is held.
func (s *Simulator) uploadAttachment(c *call, in *integration) reply {
	if c.method != http.MethodPost || in.channel == ChannelWhatsApp {
		return refuse(unsupported(c.method, in.id))
	}
	var message struct {
		Attachment *attachment `json:"attachment"`
	}
	if json.Unmarshal(c.params["message"], &message) != nil || message.Attachment == nil {
		return refuse(graphError(100, 0, "(#100) The parameter message[attachment] is required."))
	}
	channel := in.channel
	if c.param("platform") == "instagram" {
		channel = ChannelInstagram
	}
	m, e := s.attached(c, in, channel, message.Attachment)
	switch {
	case e != nil:
		return refuse(e)
	case m == nil:
		return refuse(graphError(100, 0, "(#100) An attachment needs a url or filedata."))
	}
	if f := s.fireOne(in, "upload", only(FaultUploadError)); f != nil {
		r := refuse(knownError(in.channel, cmp.Or(f.Code, 100), cmp.Or(f.Subcode, 2018047), f.Status))
		r.fault = f.Kind
		return r
	}
	return reply{status: http.StatusOK, body: map[string]string{"attachment_id": m.ID}}
}

// attached returns the file of an attachment: one that was uploaded before, one
// that was fetched for this call, or one that the call brings along; nil if
// there is none. s.mu is held.
func (s *Simulator) attached(c *call, in *integration, channel Channel, a *attachment) (*medium, *GraphError) {
	kind := MediaKind(a.Type)
	if a.Type == "file" {
		kind = MediaDocument
	}
	f, given := c.files["filedata"]
	switch {
	case a.Payload.AttachmentID != "":
		m := s.mediumOf(in, string(a.Payload.AttachmentID))
		if m == nil {
			return nil, knownError(channel, 100, 2018074, 0)
		}
		return m, nil
	case a.Payload.URL != "":
		got := c.fetched[a.Payload.URL]
		if got.err != nil {
			if got.tooLarge {
				return nil, knownError(channel, 100, 2018109, 0)
			}
			e := knownError(channel, 100, 2018008, 0)
			e.Message += ": " + got.err.Error()
			return nil, e
		}
		f = got.file
	case !given:
		return nil, nil
	}
	if why, tooLarge := refused(channel, kind, f.mime, f.data); tooLarge {
		return nil, knownError(channel, 100, 2018109, 0)
	} else if why != "" {
		e := knownError(channel, 100, 2018047, 0)
		e.Message += ": " + why
		return nil, e
	}
	return s.keepMedium(in, kind, f.mime, f.name, f.data, uploadedMediaLife), nil
}

// mediaObject answers GET and DELETE of a WhatsApp media id. s.mu is held.
func (s *Simulator) mediaObject(c *call, m *medium) reply {
	if id := c.param("phone_number_id"); id != "" && id != m.in.id {
		return refuse(unsupported(c.method, m.ID))
	}
	if c.method == http.MethodDelete {
		s.forgetMedium(m)
		return success()
	}
	if f := s.fireOne(m.in, "media", only(FaultMediaError)); f != nil {
		r := refuse(knownError(m.in.channel, cmp.Or(f.Code, 131052), f.Subcode, f.Status))
		r.fault = f.Kind
		return r
	}
	return reply{status: http.StatusOK, body: map[string]any{
		"messaging_product": "whatsapp", "id": m.ID, "mime_type": m.MIME, "sha256": m.SHA256,
		"file_size": m.Size, "url": s.mediaURL(m, mediaURLLife),
	}}
}

// wireHash is the hash as webhooks have it, in base64; GET of the id has it in
// hex.
func (m *medium) wireHash() string { return base64.StdEncoding.EncodeToString(m.sum[:]) }

// describe is what the phone shows where there is nothing else to show.
func (m *medium) describe() string {
	if m.Name != "" {
		return fmt.Sprintf("[%s %s]", m.Kind, m.Name)
	}
	return fmt.Sprintf("[%s]", m.Kind)
}
