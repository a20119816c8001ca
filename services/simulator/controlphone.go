package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
)

func (s *Simulator) getPeople(*http.Request) (any, error) {
	return map[string]any{"people": s.People()}, nil
}

func (s *Simulator) postPerson(r *http.Request) (any, error) {
	var p Person
	if err := read(r, &p); err != nil {
		return nil, err
	}
	return s.AddPerson(p)
}

func (s *Simulator) getThreads(r *http.Request) (any, error) {
	ctx, cancel, err := waiting(r)
	if err != nil {
		return nil, err
	}
	defer cancel()
	least, err := whole(r, "min")
	if err != nil {
		return nil, err
	}
	after, err := whole(r, "after")
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	from := Sender(q.Get("from"))
	if from != "" && from != FromPerson && from != FromBusiness {
		return nil, invalid("from %q is neither person nor business", from)
	}
	query := ThreadQuery{
		Integration: q.Get("integration"), From: from,
		Min: int(least), Text: q.Get("text"), After: after,
	}
	out, err := s.Threads(ctx, r.PathValue("name"), query)
	if errors.Is(err, ErrTimeout) && query.follows() {
		return out, nil
	}
	return out, err
}

func (s *Simulator) postOpen(r *http.Request) (any, error) {
	var in Visit
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.Open(r.PathValue("name"), in)
}

func (s *Simulator) postSend(r *http.Request) (any, error) {
	var in Typed
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.Send(r.PathValue("name"), in)
}

func (s *Simulator) postTap(r *http.Request) (any, error) {
	var in Press
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.Tap(r.PathValue("name"), in)
}

// onMessage is the body of actions on a thread or one of its messages.
type onMessage struct {
	Integration string `json:"integration"`
	Message     string `json:"message"`
	Emoji       string `json:"emoji"`
	Text        string `json:"text"`
}

func (s *Simulator) postRead(r *http.Request) (any, error) {
	var in onMessage
	if err := read(r, &in); err != nil {
		return nil, err
	}
	n, err := s.Read(r.PathValue("name"), in.Integration)
	return map[string]int{"read": n}, err
}

func (s *Simulator) postReact(r *http.Request) (any, error) {
	var in onMessage
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return done{true}, s.React(r.PathValue("name"), in.Integration, in.Message, in.Emoji)
}

func (s *Simulator) postEdit(r *http.Request) (any, error) {
	var in onMessage
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return done{true}, s.Edit(r.PathValue("name"), in.Integration, in.Message, in.Text)
}

func (s *Simulator) postUnsend(r *http.Request) (any, error) {
	var in onMessage
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return done{true}, s.Unsend(r.PathValue("name"), in.Integration, in.Message)
}

func (s *Simulator) postChangeNumber(r *http.Request) (any, error) {
	var in struct {
		Phone string `json:"phone"`
		BSUID string `json:"bsuid"`
	}
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.ChangeNumber(r.PathValue("name"), in.Phone, in.BSUID)
}

func (s *Simulator) postIdentity(r *http.Request) (any, error) {
	var in IdentityChange
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.ChangeIdentity(r.PathValue("name"), in)
}

func (s *Simulator) postEvent(r *http.Request) (any, error) {
	var in Happening
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return done{true}, s.Happen(r.PathValue("name"), in)
}

func (s *Simulator) postNative(r *http.Request) (any, error) {
	var in Native
	if err := read(r, &in); err != nil {
		return nil, err
	}
	return s.DoNative(r.PathValue("id"), in)
}

// strict decodes one JSON value and refuses unknown fields.
func strict(raw []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	return decoder.Decode(v)
}
