package blob

import (
	"strings"

	"github.com/gabriel-vasile/mimetype"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// sniffed is how many bytes of a file tell its type.
const sniffed = 3072

// typeOf returns the MIME type that the first bytes of a file show, without
// parameters.
func typeOf(start []byte) string {
	kind, _, _ := strings.Cut(mimetype.Detect(start).String(), ";")
	return strings.TrimSpace(kind)
}

// inline are the types that a browser may show: pictures that were decoded, sounds
// and films. Everything else is saved.
var inline = map[string]eventv1.MediaKind{
	"image/jpeg": eventv1.MediaKind_MEDIA_KIND_IMAGE, "image/png": eventv1.MediaKind_MEDIA_KIND_IMAGE,
	"image/gif": eventv1.MediaKind_MEDIA_KIND_IMAGE, "image/webp": eventv1.MediaKind_MEDIA_KIND_IMAGE,

	"audio/mpeg": eventv1.MediaKind_MEDIA_KIND_AUDIO, "audio/ogg": eventv1.MediaKind_MEDIA_KIND_AUDIO,
	"audio/mp4": eventv1.MediaKind_MEDIA_KIND_AUDIO, "audio/x-m4a": eventv1.MediaKind_MEDIA_KIND_AUDIO,
	"audio/aac": eventv1.MediaKind_MEDIA_KIND_AUDIO, "audio/amr": eventv1.MediaKind_MEDIA_KIND_AUDIO,
	"audio/wav": eventv1.MediaKind_MEDIA_KIND_AUDIO, "audio/flac": eventv1.MediaKind_MEDIA_KIND_AUDIO,
	"application/ogg": eventv1.MediaKind_MEDIA_KIND_AUDIO,

	"video/mp4": eventv1.MediaKind_MEDIA_KIND_VIDEO, "video/webm": eventv1.MediaKind_MEDIA_KIND_VIDEO,
	"video/3gpp": eventv1.MediaKind_MEDIA_KIND_VIDEO, "video/ogg": eventv1.MediaKind_MEDIA_KIND_VIDEO,
	"video/quicktime": eventv1.MediaKind_MEDIA_KIND_VIDEO,
}

// KindOf returns what a file of a type is shown as.
func KindOf(mimeType string) eventv1.MediaKind {
	if kind, ok := inline[mimeType]; ok {
		return kind
	}
	return eventv1.MediaKind_MEDIA_KIND_DOCUMENT
}

// Inline says whether a browser may show a file: a picture only where it was
// decoded, and so has a width.
func Inline(file *eventv1.StoredMedia) bool {
	kind, ok := inline[file.GetMimeType()]
	return ok && (kind != eventv1.MediaKind_MEDIA_KIND_IMAGE || file.GetWidth() > 0)
}

// active are types that run somewhere: they are kept where a channel brings them,
// as what they are, and not taken as uploads.
var active = []string{
	"text/html", "image/svg+xml", "text/xml", "application/xml", "application/xhtml+xml", "text/javascript",
	"application/javascript", "application/x-javascript", "application/x-msdownload", "application/vnd.microsoft.portable-executable",
	"application/x-executable", "application/x-elf", "application/x-sharedlib", "application/x-object", "application/x-mach-binary",
	"application/x-sh", "text/x-shellscript", "text/x-python", "text/x-perl", "text/x-php", "text/x-lua", "text/x-tcl",
	"application/jar", "application/java-archive", "application/x-java-applet", "application/x-ms-shortcut", "application/x-ms-installer",
	"application/vnd.android.package-archive", "application/x-shockwave-flash", "application/wasm", "application/x-chrome-extension",
}

// isActive says whether a type, or what it is built on, runs somewhere.
func isActive(start []byte) bool {
	for kind := mimetype.Detect(start); kind != nil; kind = kind.Parent() {
		for _, one := range active {
			if kind.Is(one) {
				return true
			}
		}
	}
	return false
}
