package simulator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

func (s *Simulator) getConfig(*http.Request) (any, error) { return s.Config(), nil }

func (s *Simulator) getIntegrations(*http.Request) (any, error) {
	return map[string]any{"integrations": s.Integrations()}, nil
}

func (s *Simulator) putConfig(r *http.Request) (any, error) {
	var c Config
	if err := read(r, &c); err != nil {
		return nil, err
	}
	if err := s.SetConfig(c); err != nil {
		return nil, err
	}
	return s.Config(), nil
}

// patchConfig changes the fields that the body has. A list is replaced, an
// object merged.
func (s *Simulator) patchConfig(r *http.Request) (any, error) {
	body := map[string]json.RawMessage{}
	if err := read(r, &body); err != nil {
		return nil, err
	}
	err := s.UpdateConfig(func(c *Config) error {
		for name := range body {
			switch name { // a decoder would merge into the elements that are there
			case "apps":
				c.Apps = nil
			case "numbers":
				c.Numbers = nil
			case "pages":
				c.Pages = nil
			case "instagrams":
				c.Instagrams = nil
			case "people":
				c.People = nil
			case "templates":
				c.Templates = nil
			case "faults":
				c.Faults = nil
			case "versions":
				c.Versions = nil
			case "retry":
				var retry map[string]json.RawMessage
				if json.Unmarshal(body[name], &retry) == nil && retry["schedule"] != nil {
					c.Retry.Schedule = nil
				}
			}
		}
		raw, err := json.Marshal(body)
		if err != nil {
			return err
		}
		return unmarshal(raw, c)
	})
	if err != nil {
		return nil, err
	}
	return s.Config(), nil
}

func (s *Simulator) putCallback(r *http.Request) (any, error) {
	var in struct {
		URL         string  `json:"url"`
		VerifyToken string  `json:"verify_token"`
		Channel     Channel `json:"channel"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if in.Channel == "" {
		return done{true}, s.SetCallback(r.PathValue("id"), in.URL, in.VerifyToken)
	}
	if in.VerifyToken != "" {
		return nil, invalid("a channel's callback is verified with the token of its app")
	}
	return done{true}, s.SetChannelCallback(r.PathValue("id"), in.Channel, in.URL)
}

func (s *Simulator) postVerify(r *http.Request) (any, error) {
	return s.Verify(r.Context(), r.PathValue("id"))
}

func (s *Simulator) postWebhook(r *http.Request) (any, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return done{true}, s.Post(r.PathValue("id"), body)
}

func (s *Simulator) getFaults(*http.Request) (any, error) { return s.Faults(), nil }

func (s *Simulator) putFaults(r *http.Request) (any, error) {
	var in struct {
		Faults []Fault `json:"faults"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	if err := s.SetFaults(in.Faults...); err != nil {
		return nil, err
	}
	return s.Faults(), nil
}

func (s *Simulator) postFault(r *http.Request) (any, error) {
	var in Fault
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.AddFault(in)
}

func (s *Simulator) deleteFault(r *http.Request) (any, error) {
	return done{true}, s.RemoveFault(r.PathValue("id"))
}

func (s *Simulator) getSends(r *http.Request) (any, error) {
	limit, err := whole(r, "limit")
	q := r.URL.Query()
	return s.Sends(SendQuery{
		Integration: q.Get("integration"), Recipient: q.Get("recipient"), Key: q.Get("key"),
		Duplicates: q.Get("duplicates") != "" && q.Get("duplicates") != "0", Limit: int(limit),
	}), err
}

func (s *Simulator) getCalls(r *http.Request) (any, error) {
	limit, err := whole(r, "limit")
	return s.Calls(int(limit)), err
}

func (s *Simulator) getDeliveries(r *http.Request) (any, error) {
	limit, err := whole(r, "limit")
	q := r.URL.Query()
	return s.Deliveries(DeliveryQuery{
		App: q.Get("app"), Integration: q.Get("integration"), Event: q.Get("event"),
		State: DeliveryState(q.Get("state")), Limit: int(limit),
	}), err
}

func (s *Simulator) postRedeliver(r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, notFound("delivery %q", r.PathValue("id"))
	}
	return done{true}, s.Redeliver(id)
}

func (s *Simulator) getIdle(r *http.Request) (any, error) {
	ctx, cancel, err := waiting(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	err = s.Idle(ctx)
	return s.Deliveries(DeliveryQuery{State: "none"}).Totals, err
}

func (s *Simulator) getClock(*http.Request) (any, error) {
	return map[string]time.Time{"now": s.Now()}, nil
}

func (s *Simulator) postClock(r *http.Request) (any, error) {
	var in struct {
		Advance Duration `json:"advance"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	now, err := s.Advance(time.Duration(in.Advance))
	return map[string]time.Time{"now": now}, err
}

func (s *Simulator) postReset(*http.Request) (any, error) { return done{true}, s.Reset() }

// unmarshal is json.Unmarshal that refuses unknown fields.
func unmarshal(raw []byte, v any) error {
	if err := strict(raw, v); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return nil
}
