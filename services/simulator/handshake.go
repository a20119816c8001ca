package simulator

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Handshake is the outcome of the verification of a callback.
type Handshake struct {
	OK     bool   `json:"ok"`
	Status int    `json:"status"` // 0 if there was no answer
	Error  string `json:"error,omitempty"`
}

// Verify asks the callbacks of app to echo a challenge, as the provider does
// when a callback is set. The outcome is that of the first that answers wrongly, or of
// the last. The error is ErrNotFound for an unknown app.
func (s *Simulator) Verify(ctx context.Context, app string) (Handshake, error) {
	s.mu.Lock()
	a := s.app(app)
	if a == nil {
		s.mu.Unlock()
		return Handshake{}, notFound("app %q", app)
	}
	callbacks, token := a.callbacks(), a.VerifyToken
	challenge := s.ids.challenge()
	timeout := time.Duration(s.config.Retry.Timeout)
	s.mu.Unlock()

	outcome := Handshake{Error: "the app has no callback"}
	for _, callback := range callbacks {
		if outcome = s.verify(ctx, callback, token, challenge, timeout); !outcome.OK {
			break
		}
	}
	return outcome, nil
}

// verify asks one callback.
func (s *Simulator) verify(ctx context.Context, callback, token, challenge string, timeout time.Duration) Handshake {
	u, err := url.Parse(callback)
	if err != nil {
		return Handshake{Error: err.Error()}
	}
	query := u.Query()
	query.Set("hub.mode", "subscribe")
	query.Set("hub.challenge", challenge)
	query.Set("hub.verify_token", token)
	u.RawQuery = query.Encode()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Handshake{Error: err.Error()}
	}
	response, err := s.client.Do(request)
	if err != nil {
		return Handshake{Error: err.Error()}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4<<10))
	out := Handshake{Status: response.StatusCode}
	switch {
	case err != nil:
		out.Error = err.Error()
	case response.StatusCode != http.StatusOK:
		out.Error = fmt.Sprintf("the callback answered %d", response.StatusCode)
	case subtle.ConstantTimeCompare(body, []byte(challenge)) != 1:
		out.Error = "the callback did not echo the challenge"
	default:
		out.OK = true
	}
	return out
}
