package simulator

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// MediaKind is what a file is to a channel.
type MediaKind string

// The kinds of media. A voice message is a kind of its own on the phone, and an
// audio file with a mark on the wire.
const (
	MediaImage    MediaKind = "image"
	MediaVideo    MediaKind = "video"
	MediaAudio    MediaKind = "audio"
	MediaVoice    MediaKind = "voice"
	MediaDocument MediaKind = "document" // "file" on Messenger and Instagram
	MediaSticker  MediaKind = "sticker"
)

const (
	kilobyte = 1 << 10
	megabyte = 1 << 20
)

// mediaLimit is what a business may send as one kind of medium.
type mediaLimit struct {
	size  int
	types []string // all if empty
}

var mediaLimits = map[Channel]map[MediaKind]mediaLimit{
	ChannelWhatsApp: {
		MediaImage:   {5 * megabyte, []string{"image/jpeg", "image/png"}},
		MediaVideo:   {16 * megabyte, []string{"video/mp4", "video/3gpp"}},
		MediaAudio:   {16 * megabyte, []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}},
		MediaSticker: {500 * kilobyte, []string{"image/webp"}},
		MediaDocument: {100 * megabyte, []string{
			"text/plain", "text/csv", "application/pdf", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
			"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		}},
	},
	ChannelMessenger: {
		MediaImage: {size: 25 * megabyte}, MediaVideo: {size: 25 * megabyte},
		MediaAudio: {size: 25 * megabyte}, MediaDocument: {size: 25 * megabyte},
	},
	ChannelInstagram: {
		MediaImage:    {8 * megabyte, []string{"image/png", "image/jpeg", "image/gif"}},
		MediaVideo:    {25 * megabyte, []string{"video/mp4", "video/ogg", "video/x-msvideo", "video/avi", "video/quicktime", "video/webm"}},
		MediaAudio:    {25 * megabyte, []string{"audio/aac", "audio/mp4", "audio/x-m4a", "audio/m4a", "audio/wav", "audio/x-wav", "audio/wave", "video/mp4"}},
		MediaDocument: {25 * megabyte, []string{"application/pdf"}},
	},
}

// largest is the largest file that any channel takes.
const largest = 100 * megabyte

// mediaKindOf is the kind that a type is uploaded as, a document if no other.
func mediaKindOf(mime string) MediaKind {
	for _, kind := range []MediaKind{MediaImage, MediaVideo, MediaAudio, MediaSticker} {
		if slices.Contains(mediaLimits[ChannelWhatsApp][kind].types, mime) {
			return kind
		}
	}
	return MediaDocument
}

// plainType is a media type without its parameters.
func plainType(mime string) string {
	plain, _, _ := strings.Cut(mime, ";")
	return strings.ToLower(strings.TrimSpace(plain))
}

// refused returns why a channel does not take a file as that kind, empty if it
// does. tooLarge tells a size from a type.
func refused(channel Channel, kind MediaKind, mime string, data []byte) (why string, tooLarge bool) {
	limit, ok := mediaLimits[channel][kind]
	if !ok {
		return fmt.Sprintf("media of kind %q cannot be sent", kind), false
	}
	mime = plainType(mime)
	if len(limit.types) > 0 && !slices.Contains(limit.types, mime) {
		return fmt.Sprintf("unsupported %s mime type %s, please use one of %s", kind, mime, strings.Join(limit.types, ", ")), false
	}
	size := limit.size
	if kind == MediaSticker && !bytes.Contains(data[:min(len(data), 64)], []byte("ANIM")) {
		size = 100 * kilobyte
	}
	switch {
	case len(data) == 0:
		return "the file is empty", false
	case len(data) > size:
		return fmt.Sprintf("the file has %d bytes, over the limit of %d for %s", len(data), size, kind), true
	case !looksLike(mime, data):
		return fmt.Sprintf("the file is not %s, as its type says", mime), false
	}
	return "", false
}

// looksLike checks the beginning of what the provider decodes. Other types pass.
func looksLike(mime string, data []byte) bool {
	begins := map[string]string{
		"image/jpeg": "\xff\xd8\xff", "image/png": "\x89PNG\r\n\x1a\n", "image/gif": "GIF8", "image/webp": "RIFF",
		"audio/ogg": "OggS", "application/pdf": "%PDF-",
	}[mime]
	return bytes.HasPrefix(data, []byte(begins))
}

// sample returns a small file of a kind, for phones that are not told one.
func sample(kind MediaKind) (mime string, data []byte) {
	switch kind {
	case MediaImage:
		return "image/png", []byte(tinyPNG)
	case MediaVideo:
		return "video/mp4", []byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom\x00\x00\x00\x08mdat")
	case MediaAudio:
		return "audio/mpeg", []byte("ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb\x90\x00")
	case MediaVoice:
		return "audio/ogg; codecs=opus", []byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00")
	case MediaSticker:
		return "image/webp", []byte(tinyWebP)
	}
	return "application/pdf", []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
}
