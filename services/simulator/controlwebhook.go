package simulator

import "net/http"

func (s *Simulator) postTest(r *http.Request) (any, error) {
	var in struct {
		Field string `json:"field"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return done{true}, s.Test(r.PathValue("id"), in.Field)
}

func (s *Simulator) postMalformed(r *http.Request) (any, error) {
	var in struct {
		Kind string `json:"kind"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return done{true}, s.PostMalformed(r.PathValue("id"), in.Kind)
}

func (s *Simulator) postUnsubscribe(r *http.Request) (any, error) {
	return done{true}, s.Unsubscribe(r.PathValue("id"))
}

func (s *Simulator) getSubscriptions(*http.Request) (any, error) {
	return map[string]any{"subscriptions": s.Subscriptions()}, nil
}
