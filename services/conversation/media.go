package conversation

import (
	"maps"
	"slices"
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The times of a file that is fetched.
const (
	// A file is asked for again after a random part of firstFetch, doubled each
	// time, at most lastFetch, for as long as fetchFor: providers keep most files
	// for days, and hand out addresses that end within hours.
	firstFetch = 2 * time.Minute
	lastFetch  = 2 * time.Hour
	fetchFor   = 24 * time.Hour
)

// The reasons of files that were not fetched and never will be.
const (
	mediaUnreachable = "unreachable"
	mediaUnsent      = "unsent"
)

// ReportMedia says what became of a file that was to be fetched. One of the last
// two is set, or neither where it may be tried again.
type ReportMedia struct {
	Header
	MediaID, ConversationID string
	// Instance is who reports. One that is called like an integration has the files
	// of that integration alone.
	Instance string
	Stored   *eventv1.StoredMedia
	Failed   *eventv1.SendError
}

// File is a file of a message: fetched, to be fetched, or not to be had.
type File struct {
	ID, MessageID string
	Part          uint32
	State         FileState
	// RequestedAt is when it was asked for first, Due when it is asked for again.
	RequestedAt, Due time.Time
	Attempt          uint32
	// IntegrationID and Channel are where it came over, ContentEvent the event
	// that describes it.
	IntegrationID, Channel, ContentEvent string
	// BlobID is where it lies, and ThumbnailID where a small picture of it does.
	BlobID, ThumbnailID string
}

// FileState is how far a file is.
type FileState int

// The states of a file.
const (
	FileFetching FileState = iota + 1
	FileStored
	FileFailed
)

// BlobOf returns the key in the blob store of a customer's file, and ThumbnailOf
// that of a small picture of it. The key begins with the customer, so that what is
// theirs can be found, and nobody else can name it as their own.
func BlobOf(customerID, mediaID string) string { return customerID + "." + mediaID }

// ThumbnailOf returns the key of a small picture of a file.
func ThumbnailOf(blobID string) string { return blobID + "-t" }

// uploads is what the keys of files begin with that a visitor has uploaded and that
// belong to no customer yet.
const uploads = "uploads"

// requestMedia asks for the files of a message that a customer or the business has
// sent over a channel, or uploaded in the widget. In the place of a file that the
// message has already, nothing is asked for.
func (d *decider) requestMedia(conv *conversationDraft, messageID, integrationID, channel, contentEvent string, content *eventv1.Content) {
	for part, p := range content.GetParts() {
		media := p.GetMedia()
		if media == nil || media.GetEphemeral() ||
			media.GetProviderMediaId() == "" && media.GetProviderUrl() == "" && media.GetBlobId() == "" ||
			conv.hasFile(messageID, uint32(part)) {
			continue
		}
		d.request(conv, &File{
			ID: d.ids.next(), MessageID: messageID, Part: uint32(part), IntegrationID: integrationID,
			Channel: channel, ContentEvent: contentEvent,
		})
	}
}

// hasFile says whether a file was asked for before that stands in this part of a
// message.
func (c *conversationDraft) hasFile(messageID string, part uint32) bool {
	for _, f := range c.base.Files {
		if f.MessageID == messageID && f.Part == part {
			return true
		}
	}
	return false
}

// request asks for a file, for the first time or again.
func (d *decider) request(conv *conversationDraft, f *File) {
	requested := &eventv1.MediaRequested{
		MediaId: f.ID, ConversationId: conv.id, CustomerId: conv.customer, MessageId: f.MessageID, Part: f.Part,
		IntegrationId: f.IntegrationID, Channel: f.Channel, ContentEventId: f.ContentEvent,
		Attempt: f.Attempt + 1, EndedDue: stamp(f.Due),
	}
	full := min(firstFetch<<min(f.Attempt, 16), lastFetch)
	requested.Due = stamp(d.head.Now.Add(full/2 + partOf(full/2, f.ID, requested.Attempt)))
	d.emit(conv.stream(), requested)
}

// media takes a fetcher's report. A file that nobody waits for any more is refused:
// it is not to be kept.
func (d *decider) media(c *ReportMedia) error {
	conv := d.conversation(c.ConversationID)
	if conv == nil || conv.base.Erased {
		return refuse(notFound, "there is no such conversation")
	}
	f := conv.base.Files[c.MediaID]
	switch {
	case f == nil || d.isOther(c.Instance, f.IntegrationID):
		return refuse(notFound, "there is no such file")
	case f.State == FileStored && c.Stored.GetBlobId() == f.BlobID:
		return nil
	case f.State != FileFetching:
		return refuse(notFound, "nobody waits for this file")
	case c.Stored != nil:
		blob := BlobOf(conv.customer, f.ID)
		if small := c.Stored.GetThumbnailId(); c.Stored.GetBlobId() != blob || small != "" && small != ThumbnailOf(blob) {
			return refuse(invalid, "the file lies where it does not belong")
		}
		d.emit(conv.stream(), &eventv1.MediaStored{
			MediaId: f.ID, ConversationId: conv.id, MessageId: f.MessageID, Part: f.Part,
			Stored: c.Stored, EndedDue: stamp(f.Due),
		})
	case c.Failed != nil:
		d.failFile(conv, f, c.Failed)
	}
	return nil
}

func (d *decider) failFile(conv *conversationDraft, f *File, why *eventv1.SendError) {
	d.emit(conv.stream(), &eventv1.MediaFailed{
		MediaId: f.ID, ConversationId: conv.id, MessageId: f.MessageID, Part: f.Part,
		Error: why, EndedDue: stamp(f.Due),
	})
}

// fireMedia asks for a file again, or gives it up.
func (d *decider) fireMedia(t Timer) {
	conv := d.conversation(t.Owner)
	if conv == nil {
		return
	}
	f := conv.base.Files[t.ID]
	if f == nil || f.State != FileFetching || !f.Due.Equal(t.Due) {
		return
	}
	if d.head.Now.Sub(f.RequestedAt) >= fetchFor {
		d.failFile(conv, f, &eventv1.SendError{Reason: mediaUnreachable})
		return
	}
	d.request(conv, f)
}

// endFiles gives up the files that a conversation waits for, of one message or of
// all where that is empty, and returns where they and the others of it lie.
func (d *decider) endFiles(conv *conversationDraft, messageID, reason string) (blobs []string) {
	for _, id := range slices.Sorted(maps.Keys(conv.base.Files)) {
		f := conv.base.Files[id]
		if messageID != "" && f.MessageID != messageID {
			continue
		}
		if f.State == FileFetching {
			d.failFile(conv, f, &eventv1.SendError{Reason: reason})
		}
		if f.State != FileFailed {
			// One that is being fetched may be there already.
			blob := BlobOf(conv.customer, f.ID)
			blobs = append(blobs, blob, ThumbnailOf(blob))
		}
	}
	return blobs
}

// blobsIn returns the files in the blob store that a content shows.
func blobsIn(content *eventv1.Content) (blobs []string) {
	for _, part := range content.GetParts() {
		media := part.GetMedia()
		for _, id := range []string{media.GetBlobId(), media.GetThumbnailId()} {
			if id != "" {
				blobs = append(blobs, id)
			}
		}
	}
	return blobs
}

// ownBlobs returns a refusal where a content shows a file that is not the customer's
// of the conversation. A file of somebody else looks like one that is not there.
func (c *conversationDraft) ownBlobs(content *eventv1.Content) error {
	for _, id := range blobsIn(content) {
		if !strings.HasPrefix(id, c.customer+".") {
			return refuse(notFound, "there is no such file")
		}
	}
	return nil
}

// uploaded returns a refusal where what a customer sent names files of ours: only a
// visitor of a widget may, and only what was uploaded.
func (d *decider) uploaded(integrationID string, content *eventv1.Content) error {
	for _, id := range blobsIn(content) {
		if d.account().Widgets[integrationID] == nil || !strings.HasPrefix(id, uploads+".") {
			return refuse(notFound, "there is no such file")
		}
	}
	return nil
}

// evolveFile folds what happens to a file.
func (c *Conversation) evolveFile(e Event) {
	switch b := e.Body.(type) {
	case *eventv1.MediaRequested:
		f := c.Files[b.GetMediaId()]
		if f == nil {
			f = &File{
				ID: b.GetMediaId(), MessageID: b.GetMessageId(), Part: b.GetPart(), State: FileFetching,
				RequestedAt: e.At, IntegrationID: b.GetIntegrationId(), Channel: b.GetChannel(),
				ContentEvent: b.GetContentEventId(),
			}
			if c.Files == nil {
				c.Files = map[string]*File{}
			}
			c.Files[f.ID] = f
		}
		f.Attempt, f.Due = b.GetAttempt(), moment(b.GetDue())
	case *eventv1.MediaStored:
		if f := c.Files[b.GetMediaId()]; f != nil {
			f.State, f.BlobID, f.ThumbnailID = FileStored, b.GetStored().GetBlobId(), b.GetStored().GetThumbnailId()
		}
	case *eventv1.MediaFailed:
		if f := c.Files[b.GetMediaId()]; f != nil {
			f.State = FileFailed
		}
	}
}
