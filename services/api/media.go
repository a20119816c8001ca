package api

import (
	"context"
	"errors"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	errorv1 "weiche/proto/gen/weiche/error/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	viewv1 "weiche/proto/gen/weiche/view/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	"weiche/services/blob"
)

// maxAttachments is how many files a message of a visitor may have.
const maxAttachments = 10

// files returns the files of a line, with the addresses that its reader may see them
// at: those that were fetched, and those that an agent has uploaded. They are given
// to who may see the conversation, and to nobody else.
func (s *server) files(account, conversation string, audience blob.Audience, item *viewv1.TimelineItem) []*viewv1.MediaFile {
	files := slices.Clone(item.GetMedia())
	for part, p := range item.GetContent().GetParts() {
		media := p.GetMedia()
		known := slices.ContainsFunc(files, func(f *viewv1.MediaFile) bool { return f.GetPart() == uint32(part) })
		if known || media.GetBlobId() == "" || strings.HasPrefix(media.GetBlobId(), blob.Uploads+".") {
			continue
		}
		files = append(files, &viewv1.MediaFile{
			Part: uint32(part), State: viewv1.MediaState_MEDIA_STATE_READY, Stored: &eventv1.StoredMedia{
				BlobId: media.GetBlobId(), MimeType: media.GetMimeType(), Size: media.GetSize(),
				ThumbnailId: media.GetThumbnailId(), Width: media.GetWidth(), Height: media.GetHeight(),
			},
		})
	}
	if item.GetErased() || item.GetUnsent() || s.Media == nil {
		return nil
	}
	link := func(id string, inline bool) string {
		if id == "" {
			return ""
		}
		return blob.Path + s.Media.Token(blob.Link{
			Account: account, ID: id, Conversation: conversation, Audience: audience, Inline: inline,
			Expires: s.Now().Add(blob.LinkFor),
		})
	}
	for _, file := range files {
		if file.GetState() == viewv1.MediaState_MEDIA_STATE_READY {
			file.Url = link(file.GetStored().GetBlobId(), blob.Inline(file.GetStored()))
			file.ThumbnailUrl = link(file.GetStored().GetThumbnailId(), true)
		}
	}
	return files
}

// filesOf is the same as the widget shows it.
func (s *server) filesOf(account, conversation string, item *viewv1.TimelineItem) []*widgetv1.MediaFile {
	var files []*widgetv1.MediaFile
	for _, file := range s.files(account, conversation, blob.ForVisitor, item) {
		files = append(files, &widgetv1.MediaFile{
			Part: file.GetPart(), State: word(file.GetState(), "MEDIA_STATE_"), Reason: file.GetError().GetReason(),
			Url: file.GetUrl(), ThumbnailUrl: file.GetThumbnailUrl(), MimeType: file.GetStored().GetMimeType(),
			Size: file.GetStored().GetSize(), Width: file.GetStored().GetWidth(), Height: file.GetStored().GetHeight(),
		})
	}
	return files
}

// serveMedia serves a file by a link. A link that has expired, or was not made here,
// one of a conversation that was erased, and one of a file that is gone look the
// same.
func (s *server) serveMedia(w http.ResponseWriter, r *http.Request) {
	if !s.addresses.allow(s.caller(r)) {
		writeFailure(w, errRateLimited)
		return
	}
	link, ok := s.Media.ParseToken(r.PathValue("token"))
	if !ok || !s.stillShown(r.Context(), link) {
		writeFailure(w, errNotFound)
		return
	}
	file, err := s.Media.Read(r.Context(), link.Account, link.ID)
	if errors.Is(err, blob.ErrNotFound) {
		err = errNotFound
	}
	if err != nil {
		s.logMedia(link, err)
		writeFailure(w, err)
		return
	}
	defer file.Close()
	disposition, kind := "attachment", "application/octet-stream"
	if link.Inline && blob.KindOf(file.MIMEType) != eventv1.MediaKind_MEDIA_KIND_DOCUMENT {
		disposition, kind = "inline", file.MIMEType
	}
	if file.Name != "" {
		disposition = mime.FormatMediaType(disposition, map[string]string{"filename": file.Name})
	}
	if link.Audience == blob.ForProvider {
		kind = file.MIMEType // providers go by it, and run nothing
	}
	header := w.Header()
	header.Set("Content-Type", kind)
	header.Set("Content-Disposition", disposition)
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "cross-origin")
	left := int(link.Expires.Sub(s.Now()).Seconds())
	header.Set("Cache-Control", "private, max-age="+strconv.Itoa(max(0, left)))
	header.Set("ETag", strconv.Quote(link.ID))
	http.ServeContent(w, r, "", time.Time{}, file)
}

// stillShown says whether the conversation of a link is there.
func (s *server) stillShown(ctx context.Context, link blob.Link) bool {
	if link.Audience == blob.ForProvider {
		return true // the file is there as long as its customer is
	}
	route, err := s.Views.Route(ctx, link.Account, link.Conversation)
	return err == nil && route.GetRule() != eventv1.RouteRule_ROUTE_RULE_ERASED
}

func (s *server) logMedia(link blob.Link, err error) {
	if _, ours := failureOf(err); ours {
		s.Logger.Error("a file cannot be served", "account", link.Account, "file", link.ID, "error", err)
	}
}

// describe puts into a content what its files are, whatever was said of them.
func (s *server) describe(ctx context.Context, account string, content *eventv1.Content) error {
	for _, part := range content.GetParts() {
		media := part.GetMedia()
		if media == nil {
			continue
		}
		file, err := s.described(ctx, account, media.GetBlobId())
		if err != nil {
			return err
		}
		if media.GetKind() == eventv1.MediaKind_MEDIA_KIND_UNSPECIFIED {
			media.Kind = file.GetKind()
		}
		if media.GetFileName() == "" {
			media.FileName = file.GetFileName()
		}
		media.MimeType, media.Size = file.GetMimeType(), file.GetSize()
		media.ThumbnailId, media.Width, media.Height = file.GetThumbnailId(), file.GetWidth(), file.GetHeight()
	}
	return nil
}

func (s *server) described(ctx context.Context, account, id string) (*eventv1.Media, error) {
	if s.Media == nil {
		return nil, errNotFound
	}
	file, err := s.Media.Describe(ctx, account, id)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, fail(errorv1.Reason_REASON_NOT_FOUND, "there is no such file")
	}
	return file, err
}

// posted makes the content of what a visitor says. A file counts for who has uploaded
// it alone.
func (s *server) posted(ctx context.Context, v *visit, req *widgetv1.SendMessageRequest) (*eventv1.Content, error) {
	if button := req.GetPressed(); button != nil {
		return s.pressed(ctx, v, button)
	}
	content := &eventv1.Content{}
	if req.GetText() != "" {
		content = plainText(req.GetText())
	}
	if len(req.GetAttachments()) > maxAttachments {
		return nil, invalid("a message has at most 10 attachments")
	}
	for _, attached := range req.GetAttachments() {
		if !s.isUploadOf(v, attached.GetBlobId()) {
			return nil, fail(errorv1.Reason_REASON_NOT_FOUND, "there is no such file")
		}
		file, err := s.described(ctx, v.widget.Account, attached.GetBlobId())
		if err != nil {
			return nil, err
		}
		// It becomes another file, which has a small picture of its own.
		file.ThumbnailId = ""
		content.Parts = append(content.Parts, &eventv1.Part{Kind: &eventv1.Part_Media{Media: file}})
	}
	return content, nil
}
