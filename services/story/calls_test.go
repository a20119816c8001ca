package story_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	widgetv1 "weiche/proto/gen/weiche/widget/v1"
)

// simulate calls the simulator.
func (s *inProcesses) simulate(method, path string, body, answer any) {
	s.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	status, said := s.post(method, s.phones+path, "", text)
	if status != http.StatusOK {
		s.t.Fatalf("%s %s: %d %s", method, path, status, said)
	}
	if answer == nil {
		return
	}
	if err := json.Unmarshal(said, answer); err != nil {
		s.t.Fatal(err)
	}
}

// refusal is why weiche did not do what it was asked for.
type refusal struct{ Code, Message string }

// call calls an RPC of weiche; the answer is nil where it was done.
func (s *inProcesses) call(procedure, token string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	return s.callAt(s.api, procedure, token, ask, answer)
}

// callAt calls an RPC at one of weiche's addresses.
func (s *inProcesses) callAt(url, procedure, token string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	text, err := protojson.Marshal(ask)
	if err != nil {
		s.t.Fatal(err)
	}
	status, said := s.post(http.MethodPost, url+"/"+procedure, token, text)
	if status == http.StatusOK {
		if err := protojson.Unmarshal(said, answer); err != nil {
			s.t.Fatal(err)
		}
		return nil
	}
	why := &refusal{}
	if err := json.Unmarshal(said, why); err != nil || why.Code == "" {
		s.t.Fatalf("%s: %d %s", procedure, status, said)
	}
	return why
}

func (s *inProcesses) post(method, url, token string, body []byte) (int, []byte) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatalf("%v\n%s", err, s.running.said())
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, said
}

func (s *inProcesses) widget(person, method string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	s.session(person)
	return s.call("weiche.widget.v1.WidgetService/"+method, s.sessions[person], ask, answer)
}

// session opens the widget for somebody who has not opened it yet.
func (s *inProcesses) session(person string) {
	s.t.Helper()
	if s.sessions[person] != "" {
		return
	}
	opened := &widgetv1.OpenSessionResponse{}
	if why := s.call("weiche.widget.v1.WidgetService/OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: "widget"}, opened); why != nil {
		s.t.Fatalf("open a session: %v", why)
	}
	s.sessions[person] = opened.GetSessionToken()
}

func (s *inProcesses) workspace(method string, ask, answer proto.Message) *refusal {
	s.t.Helper()
	return s.call("weiche.workspace.v1.WorkspaceService/"+method, s.agent, ask, answer)
}
