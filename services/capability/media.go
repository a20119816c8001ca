package capability

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// LinkRoom is how much of a text, by its own measure, a link to a file takes with
// the line before it, at most.
const LinkRoom = 500

// Kind returns what a file is shown as: what is stated, or else what its MIME
// type says.
func Kind(m *eventv1.Media) eventv1.MediaKind {
	if m.GetKind() != eventv1.MediaKind_MEDIA_KIND_UNSPECIFIED {
		return m.GetKind()
	}
	switch class, _, _ := strings.Cut(Type(m), "/"); class {
	case "image":
		return image
	case "video":
		return video
	case "audio":
		return audio
	}
	return document
}

// Type returns a file's MIME type in lower case and without parameters.
func Type(m *eventv1.Media) string {
	base, _, _ := strings.Cut(m.GetMimeType(), ";")
	return strings.ToLower(strings.TrimSpace(base))
}

// Takes reports whether a channel can show a file.
func (c Channel) Takes(m *eventv1.Media) bool {
	media, known := c.Media[Kind(m)]
	size := media.Size
	if m.GetAnimated() && media.Moving > 0 {
		size = media.Moving
	}
	return known && m.GetSize() <= size && (media.Types == nil || slices.Contains(media.Types, Type(m)))
}

// media adds a file, or a link to it, and the text below it apart where it cannot
// stand there.
func (f *fitting) media(m *eventv1.Media, was *eventv1.Part) bool {
	link := m.GetAsLink() || !f.Takes(m)
	if link && !f.Links {
		return false
	}
	below := Limit{}
	switch {
	case link:
		below = Limit{Max: max(f.Text.Max-LinkRoom, 0), Bytes: f.Text.Bytes}
	case f.Media[Kind(m)].Caption:
		below = f.Caption
	}
	caption := m.GetCaption()
	apart := !below.Holds(caption)
	if link == m.GetAsLink() && !apart {
		f.add(was)
		return true
	}
	changed := proto.CloneOf(m)
	if link && !m.GetAsLink() {
		f.changed(eventv1.FitChange_FIT_CHANGE_MEDIA_AS_LINK)
		changed.AsLink = true
	}
	if apart {
		changed.Caption = ""
	}
	f.add(&eventv1.Part{Kind: &eventv1.Part_Media{Media: changed}})
	if apart && f.text(caption, nil) {
		f.changed(eventv1.FitChange_FIT_CHANGE_CAPTION_APART)
	}
	return true
}
