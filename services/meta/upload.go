package meta

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/capability"
	"weiche/services/channel"
)

const (
	// customerLink is how long a customer can open a file that the channel does
	// not show, and providerLink how long a provider can fetch one that it does.
	customerLink = 7 * 24 * time.Hour
	providerLink = time.Hour
	// uploadLife is how long an upload is used again. It lives 30 days.
	uploadLife = 29 * 24 * time.Hour
	// maxUploads is how many uploads are remembered.
	maxUploads = 4096
	// messageTime is what an upload leaves of the time that its message has.
	messageTime = 10 * time.Second
	// maxLinkName is how much of a file's name stands above its link, in bytes.
	maxLinkName = capability.LinkRoom - channel.LinkLength - 2
)

// Uploads hands files to a provider before the messages that show them. It is
// safe for concurrent use.
type Uploads struct {
	files channel.Files
	now   func() time.Time
	mu    sync.Mutex
	done  map[uploadKey]upload
	// order are the keys of done, the oldest first.
	order []uploadKey
}

type uploadKey struct{ account, blob string }

type upload struct {
	id    string
	until time.Time
}

// NewUploads returns Uploads of files; where files is nil every file is missing.
func NewUploads(files channel.Files) *Uploads {
	return &Uploads{files: files, now: time.Now, done: map[uploadKey]upload{}}
}

// Upload is how one provider takes a file.
type Upload struct {
	// Channel decides which rows of the table of errors are read.
	Channel string
	// Sender and Edge are the path.
	Sender, Edge string
	// Token authorises it.
	Token channel.Secret
	// Account is whose the file is here.
	Account string
	// Media is the file.
	Media *eventv1.Media
	// Attempt is the number of the attempt at the message, from 1.
	Attempt uint32
	// Form returns the form for a file of a type, without the file itself.
	Form func(mimeType string) Form
	// ID is the member of the answer that names the upload.
	ID string
}

// ID returns the provider's id of a file, which it uploads where it was not
// lately. The error is a [*channel.SendError], never Unknown: whatever became of
// the upload, no message was sent.
func (u *Uploads) ID(ctx context.Context, g *Graph, up Upload) (string, error) {
	if err := authorised(up.Sender, up.Token); err != nil {
		return "", err
	}
	key := uploadKey{up.Sender, up.Media.GetBlobId()}
	if id, ok := u.remembered(key); ok {
		return id, nil
	}
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-messageTime))
		defer cancel()
	}
	file, err := u.open(ctx, up.Account, up.Media)
	if err != nil {
		return "", err
	}
	defer file.Close()
	mimeType := file.MIMEType
	if mimeType == "" {
		mimeType = up.Media.GetMimeType()
	}
	form := up.Form(mimeType)
	form.FileName, form.File, form.Size = FileName(up.Media, file.Name), file, file.Size
	answer, err := g.Ask(ctx, Request{
		Channel: up.Channel, Method: http.MethodPost, Account: up.Sender, Edge: up.Edge, Token: up.Token, Form: &form, Attempt: up.Attempt,
	})
	if err != nil {
		return "", err
	}
	id := answer.Text(up.ID)
	if id == "" {
		return "", failed(channel.NotSent, "no_upload_id", nil)
	}
	u.remember(key, id)
	return id, nil
}

// Link returns an address that the provider can fetch a file from.
func (u *Uploads) Link(account string, m *eventv1.Media) (string, bool) {
	if u.files == nil || m.GetBlobId() == "" {
		return "", false
	}
	return u.files.Link(account, m.GetBlobId(), providerLink)
}

// LinkText returns the text that stands for a file which the channel does not
// show: what stands below it, or its name, and its address.
func (u *Uploads) LinkText(account string, m *eventv1.Media) (string, error) {
	if u.files == nil || m.GetBlobId() == "" {
		return "", Refuse("media_missing")
	}
	link, ok := u.files.Link(account, m.GetBlobId(), customerLink)
	switch {
	case !ok:
		return "", Refuse("no_public_url")
	case m.GetCaption() != "":
		return m.GetCaption() + "\n" + link, nil
	}
	if name := capability.Split(m.GetFileName(), capability.Limit{Max: maxLinkName, Bytes: true}); len(name) > 0 {
		return name[0] + "\n" + link, nil
	}
	return link, nil
}

func (u *Uploads) open(ctx context.Context, account string, m *eventv1.Media) (channel.File, error) {
	if u.files == nil || m.GetBlobId() == "" {
		return channel.File{}, Refuse("media_missing")
	}
	file, err := u.files.Open(ctx, account, m.GetBlobId())
	switch {
	case errors.Is(err, channel.ErrNoFile):
		return channel.File{}, Refuse("media_missing")
	case err != nil:
		return channel.File{}, failed(channel.NotSent, "media_unavailable", err)
	}
	return file, nil
}

func (u *Uploads) remembered(key uploadKey) (string, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	up, ok := u.done[key]
	return up.id, ok && u.now().Before(up.until)
}

func (u *Uploads) remember(key uploadKey, id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.forget(key)
	if len(u.order) >= maxUploads {
		u.forget(u.order[0])
	}
	u.done[key] = upload{id: id, until: u.now().Add(uploadLife)}
	u.order = append(u.order, key)
}

// Refused forgets the uploads of files that a message was refused with: they may
// be why.
func (u *Uploads) Refused(sender string, err error, parts []*eventv1.Part) {
	var e *channel.SendError
	if !errors.As(err, &e) || e.Outcome != channel.Refused && e.Detail.GetReason() != mediaFailed {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, p := range parts {
		if m := p.GetMedia(); m != nil {
			u.forget(uploadKey{sender, m.GetBlobId()})
		}
	}
}

func (u *Uploads) forget(key uploadKey) {
	if _, ok := u.done[key]; ok {
		delete(u.done, key)
		u.order = slices.DeleteFunc(u.order, func(k uploadKey) bool { return k == key })
	}
}

// FileName returns the name that a file is sent with: its own, or one that is
// made of its kind.
func FileName(m *eventv1.Media, stored string) string {
	switch {
	case m.GetFileName() != "":
		return m.GetFileName()
	case stored != "":
		return stored
	}
	switch capability.Kind(m) {
	case eventv1.MediaKind_MEDIA_KIND_IMAGE:
		return "image"
	case eventv1.MediaKind_MEDIA_KIND_VIDEO:
		return "video"
	case eventv1.MediaKind_MEDIA_KIND_AUDIO, eventv1.MediaKind_MEDIA_KIND_VOICE:
		return "audio"
	case eventv1.MediaKind_MEDIA_KIND_STICKER:
		return "sticker"
	}
	return "file"
}
