package blob

import (
	"context"
	"time"

	"weiche/services/channel"
)

// Open implements channel.Files.
func (s *Store) Open(ctx context.Context, account, id string) (channel.File, error) {
	r, err := s.Read(ctx, account, id)
	if err != nil {
		return channel.File{}, err
	}
	return channel.File{ReadCloser: r, MIMEType: r.MIMEType, Name: r.Name, Size: r.Size}, nil
}

// Link implements channel.Files: a link for a provider, or for a customer whose
// channel cannot show the file. It needs no other right, so it is as secret as what
// it is sent in.
func (s *Store) Link(account, id string, ttl time.Duration) (string, bool) {
	if s.PublicURL == "" {
		return "", false
	}
	link := s.PublicURL + Path + s.Token(Link{
		Account: account, ID: id, Audience: ForProvider, Inline: true, Expires: s.Now().Add(ttl),
	})
	return link, len(link) <= channel.LinkLength
}
