package simulator

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Medium is a file that went through a thread, as evidence shows it. Its bytes
// are at GET /sim/media/{id}.
type Medium struct {
	ID     string    `json:"id"` // media id or attachment id
	Kind   MediaKind `json:"kind"`
	MIME   string    `json:"mime_type"`
	Name   string    `json:"name,omitempty"`
	Size   int       `json:"size"`
	SHA256 string    `json:"sha256"` // in hex
}

type medium struct {
	Medium
	in      *integration
	data    []byte
	sum     [32]byte
	expires time.Time // of the id
}

const (
	uploadedMediaLife = 30 * 24 * time.Hour
	receivedMediaLife = 7 * 24 * time.Hour
	mediaURLLife      = 5 * time.Minute // of WhatsApp
	scopedURLLife     = 24 * time.Hour  // of Messenger and Instagram
)

// keepMedium stores a file and gives it an id. The oldest files are forgotten
// when all of them are over Keep.MediaBytes. s.mu is held.
func (s *Simulator) keepMedium(in *integration, kind MediaKind, mime, name string, data []byte, life time.Duration) *medium {
	sum := sha256.Sum256(data)
	s.mediaSeq++
	m := &medium{
		Medium: Medium{
			ID: digits(16, s.config.Seed, "media", fmt.Sprint(s.mediaSeq)), Kind: kind, MIME: mime, Name: name,
			Size: len(data), SHA256: hex.EncodeToString(sum[:]),
		},
		in: in, data: data, sum: sum, expires: s.now().Add(life),
	}
	s.media[m.ID] = m
	s.mediaOrder = append(s.mediaOrder, m)
	s.mediaBytes += len(data)
	for s.mediaBytes > s.config.Keep.MediaBytes && len(s.mediaOrder) > 1 {
		s.forgetMedium(s.mediaOrder[0])
		s.mediaOrder[0] = nil
		s.mediaOrder = s.mediaOrder[1:]
	}
	return m
}

// forgetMedium takes a file away; a deleted one keeps its place in the order.
func (s *Simulator) forgetMedium(m *medium) {
	s.mediaBytes -= len(m.data)
	m.data = nil
	delete(s.media, m.ID)
}

// mediumOf returns the file of an id that in may use. s.mu is held.
func (s *Simulator) mediumOf(in *integration, id string) *medium {
	m := s.media[id]
	if m == nil || !s.now().Before(m.expires) {
		return nil
	}
	if m.in.id != in.id && m.in.page != in.id && m.in.id != in.page {
		return nil
	}
	return m
}

// MediaBytes returns the bytes of a file, also when its id or its address has
// expired for the business. It returns ErrNotFound if it is not kept.
func (s *Simulator) MediaBytes(id string) (Medium, []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.media[id]
	if m == nil {
		return Medium{}, nil, notFound("medium %q", id)
	}
	return m.Medium, m.data, nil
}

// mediaURL returns an address of the file's bytes that expires after life. s.mu
// is held.
func (s *Simulator) mediaURL(m *medium, life time.Duration) string {
	until := fmt.Sprint(s.now().Add(life).Unix())
	return fmt.Sprintf("%s/media/%s?ext=%s&hash=%s", s.base(), m.ID, until, s.mediaHash(m.ID, until))
}

// base is the address under which others reach the simulator. s.mu is held.
func (s *Simulator) base() string {
	return strings.TrimRight(cmp.Or(s.config.BaseURL, s.seenBase, "http://simulator.invalid"), "/")
}

func (s *Simulator) mediaHash(id, until string) string {
	sum := hash(s.config.Seed, "media address", id, until)
	return hex.EncodeToString(sum[:16])
}

// see notes under which address a request has reached the simulator.
func (s *Simulator) see(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scheme := "http://"
		if r.TLS != nil {
			scheme = "https://"
		}
		s.mu.Lock()
		s.seenBase = scheme + r.Host
		s.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// serveMedia answers the addresses of files: with a token on WhatsApp, to
// anybody who has the signed address elsewhere.
func (s *Simulator) serveMedia(w http.ResponseWriter, r *http.Request) {
	id := strings.TrimPrefix(r.URL.Path, "/media/")
	until, signature := r.URL.Query().Get("ext"), r.URL.Query().Get("hash")
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.mu.Lock()
	m := s.media[id]
	status := http.StatusOK
	at, err := strconv.ParseInt(until, 10, 64)
	signed := subtle.ConstantTimeCompare([]byte(signature), []byte(s.mediaHash(id, until))) == 1
	expired := err != nil || s.now().Unix() >= at
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		status = http.StatusMethodNotAllowed
	case m == nil:
		status = http.StatusNotFound
	case m.in.channel == ChannelWhatsApp && (s.expired(token) || !s.accepts(m.in, token)):
		status = http.StatusUnauthorized
	case m.in.channel == ChannelWhatsApp && (!signed || expired):
		status = http.StatusNotFound
	case !signed || expired:
		status = http.StatusForbidden
	}
	if m != nil && status == http.StatusOK {
		if f := s.fireOne(m.in, "media", only(FaultMediaError)); f != nil {
			status = cmp.Or(f.Status, http.StatusInternalServerError)
		}
	}
	var data []byte
	mime := "text/plain"
	if status == http.StatusOK {
		data, mime = m.data, m.MIME
	}
	s.downloads.count(status)
	s.touch()
	s.mu.Unlock()
	w.Header().Set("Content-Type", mime)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Disposition", "attachment") // the bytes are anybody's
	if status != http.StatusOK {
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	_, _ = w.Write(data) // a client that left loses only its answer
}

// Downloads counts the requests for media since the last Reset.
type Downloads struct {
	Served       int `json:"served"`
	Unauthorized int `json:"unauthorized"` // without the number's token
	Expired      int `json:"expired"`      // 403 and 404
	Failed       int `json:"failed"`       // by a fault
}

func (d *Downloads) count(status int) {
	switch status {
	case http.StatusOK:
		d.Served++
	case http.StatusUnauthorized:
		d.Unauthorized++
	case http.StatusForbidden, http.StatusNotFound:
		d.Expired++
	default:
		d.Failed++
	}
}

// Downloads reports how often media were fetched, and how often in vain.
func (s *Simulator) Downloads() Downloads {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.downloads
}
