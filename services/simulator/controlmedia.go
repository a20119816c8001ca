package simulator

import (
	"encoding/json"
	"net/http"
	"strings"
)

func (s *Simulator) getDownloads(*http.Request) (any, error) { return s.Downloads(), nil }

// getMedia answers with the bytes of a file, which no handler of JSON does.
func (s *Simulator) getMedia(w http.ResponseWriter, r *http.Request) {
	m, data, err := s.MediaBytes(r.PathValue("id"))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if err != nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(statusOf(err))
		_ = json.NewEncoder(w).Encode(map[string]string{"error": strings.TrimPrefix(err.Error(), "simulator: ")})
		return
	}
	w.Header().Set("Content-Type", m.MIME)
	w.Header().Set("Content-Disposition", "attachment")
	_, _ = w.Write(data)
}

func (s *Simulator) postToken(r *http.Request) (any, error) {
	var in struct {
		Expired bool   `json:"expired"`
		Token   string `json:"token"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Expired {
		return done{true}, s.ExpireToken(r.PathValue("id"))
	}
	return done{true}, s.RenewToken(r.PathValue("id"), in.Token)
}
