package meta

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	"weiche/services/channel"
)

// What the Graph API tells of somebody is a profile; that it will not tell is none, and
// no error. Everything else may be asked again.
func TestProfile(t *testing.T) {
	refusal := func(code, subcode int) string {
		out, _ := json.Marshal(map[string]any{"error": map[string]any{"message": "no", "code": code, "error_subcode": subcode}})
		return string(out)
	}
	for _, c := range []struct {
		name   string
		kind   string
		status int
		answer string
		want   *eventv1.Profile
		again  bool
	}{
		{name: "a name", kind: "psid", status: 200, answer: `{"first_name":"Ana","last_name":"Lima","id":"5001"}`, want: &eventv1.Profile{Name: "Ana Lima"}},
		{name: "half a name", kind: "psid", status: 200, answer: `{"first_name":"Ana","id":"5001"}`, want: &eventv1.Profile{Name: "Ana"}},
		{name: "a user name", kind: "psid", status: 200, answer: `{"name":null,"username":"ana.k","id":"5001"}`, want: &eventv1.Profile{Username: "ana.k"}},
		{name: "nothing", kind: "psid", status: 200, answer: `{"id":"5001"}`},
		{name: "empty", kind: "psid", status: 200, answer: `{}`},
		{name: "nobody to ask for", kind: "user_ref"},
		{name: "kept to themselves", kind: "psid", status: 400, answer: refusal(100, 2018218)},
		{name: "not there", kind: "psid", status: 400, answer: refusal(100, 33)},
		{name: "no consent", kind: "psid", status: 403, answer: refusal(230, 0)},
		{name: "an app that may not ask", kind: "psid", status: 403, answer: refusal(10, 0)},
		{name: "too often", kind: "psid", status: 400, answer: refusal(613, 0), again: true},
		{name: "a token that is over", kind: "psid", status: 401, answer: refusal(190, 463), again: true},
		{name: "unwell", kind: "psid", status: 500, answer: `<html>`, again: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := ""
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked = r.Method + " " + r.URL.String() + " " + r.Header.Get("Authorization")
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.answer))
			}))
			defer server.Close()
			graph, err := NewGraph(GraphConfig{URL: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			defer graph.Close()
			got, err := Person{
				Channel: "messenger", Graph: graph, Alias: "psid", Fields: []string{"first_name", "last_name"}, Token: "token",
			}.Profile(t.Context(), []*eventv1.Alias{{Kind: c.kind, Value: "5001"}})
			var failed *channel.SendError
			if again := errors.As(err, &failed); again != c.again || err != nil && !again {
				t.Errorf("the profile ended in %v, to be tried again: want %v", err, c.again)
			}
			if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
				t.Error(diff)
			}
			want := "GET /v26.0/5001?fields=first_name%2Clast_name Bearer token"
			if c.status == 0 {
				want = ""
			}
			if asked != want {
				t.Errorf("asked %q, want %q", asked, want)
			}
		})
	}
}
