package capability

import (
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The channels that the table knows.
const (
	widget    = "widget"
	whatsapp  = "whatsapp"
	messenger = "messenger"
	instagram = "instagram"
)

const (
	day = 24 * time.Hour
	kB  = 1 << 10
	mB  = 1 << 20

	image    = eventv1.MediaKind_MEDIA_KIND_IMAGE
	video    = eventv1.MediaKind_MEDIA_KIND_VIDEO
	audio    = eventv1.MediaKind_MEDIA_KIND_AUDIO
	voice    = eventv1.MediaKind_MEDIA_KIND_VOICE
	sticker  = eventv1.MediaKind_MEDIA_KIND_STICKER
	document = eventv1.MediaKind_MEDIA_KIND_DOCUMENT
)

// Of returns what a channel can show. One that is not known shows plain text of
// 4,096 characters, and nothing that it would need an address of a file for.
func Of(channel string) Channel {
	if c, ok := table[channel]; ok {
		return c
	}
	return Channel{Text: Limit{Max: 4096}, Question: Limit{Max: 4096}}
}

// table is what the channels' documentation says, as of autumn 2026. Where it
// contradicts itself the smaller number stands here.
var table = map[string]Channel{
	// Our own: what an agent can write is shown as it was written.
	widget: {
		Text: Limit{Max: 64 * kB, Bytes: true}, Question: Limit{Max: 64 * kB, Bytes: true}, Caption: Limit{Max: 64 * kB, Bytes: true},
		Buttons: 13, Title: 80, Payload: 1000,
		Media: map[eventv1.MediaKind]Media{
			image:    {Size: 100 * mB, Caption: true},
			video:    {Size: 100 * mB, Caption: true},
			audio:    {Size: 100 * mB, Caption: true},
			voice:    {Size: 100 * mB, Caption: true},
			sticker:  {Size: 100 * mB, Caption: true},
			document: {Size: 100 * mB, Caption: true},
		},
		Links: true, Parts: true, Location: true, Contacts: true, Reaction: true, Quote: true, Typing: true, Seen: true,
	},
	whatsapp: {
		Text: Limit{Max: 4096}, Question: Limit{Max: 1024}, Caption: Limit{Max: 1024},
		Window:  day,
		Buttons: 3, Title: 20, Payload: 256,
		// The title of a row has 24 characters, and 72 may stand below it.
		List: 10, Row: 72, RowPayload: 200,
		Media: map[eventv1.MediaKind]Media{
			image:    {Types: []string{"image/jpeg", "image/png"}, Size: 5 * mB, Caption: true},
			video:    {Types: []string{"video/mp4", "video/3gpp"}, Size: 16 * mB, Caption: true},
			audio:    {Types: []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/ogg"}, Size: 16 * mB},
			voice:    {Types: []string{"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/x-m4a", "audio/ogg"}, Size: 16 * mB},
			sticker:  {Types: []string{"image/webp"}, Size: 100 * kB, Moving: 500 * kB},
			document: {Types: whatsappDocuments, Size: 100 * mB, Caption: true},
		},
		Links: true, Images: 1,
		Location: true, Contacts: true, Template: true, Reaction: true, Quote: true, Typing: true, Seen: true,
	},
	messenger: {
		// "Less than 2,000 characters".
		Text: Limit{Max: 1999}, Question: Limit{Max: 1999},
		Window: day, HumanWindow: 7 * day,
		Buttons: 13, Title: 20, Payload: 1000,
		Media: map[eventv1.MediaKind]Media{
			image:    {Size: 25 * mB},
			video:    {Size: 25 * mB},
			audio:    {Size: 25 * mB},
			voice:    {Size: 25 * mB},
			sticker:  {Size: 25 * mB},
			document: {Size: 25 * mB},
		},
		Links: true, Images: 1,
		Reaction: true, Quote: true, Typing: true, Seen: true, Profile: true,
	},
	instagram: {
		Text: Limit{Max: 1000, Bytes: true}, Question: Limit{Max: 1000, Bytes: true},
		Window: day, HumanWindow: 7 * day,
		Buttons: 13, Title: 20, Payload: 1000,
		Media: map[eventv1.MediaKind]Media{
			image:    {Types: []string{"image/png", "image/jpeg", "image/gif"}, Size: 8 * mB},
			sticker:  {Types: []string{"image/png", "image/jpeg", "image/gif"}, Size: 8 * mB},
			audio:    {Types: []string{"audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav"}, Size: 25 * mB},
			voice:    {Types: []string{"audio/aac", "audio/mp4", "audio/x-m4a", "audio/wav", "audio/x-wav"}, Size: 25 * mB},
			video:    {Types: []string{"video/mp4", "video/ogg", "video/x-msvideo", "video/quicktime", "video/webm"}, Size: 25 * mB},
			document: {Types: []string{"application/pdf"}, Size: 25 * mB},
		},
		Links: true, Images: 10,
		Reaction: true, Quote: true, Typing: true, Seen: true, Profile: true,
	},
}

// whatsappDocuments are the documents that may be uploaded.
var whatsappDocuments = []string{
	"text/plain", "text/csv", "application/pdf",
	"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
	"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	"application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
