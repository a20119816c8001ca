package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"weiche/services/api"
)

// values is a JSON object as a caller reads it.
type values map[string]any

// get follows a path through objects and arrays: lines.0.content.
func (v values) get(path string) any {
	var at any = map[string]any(v)
	for step := range strings.SplitSeq(path, ".") {
		switch here := at.(type) {
		case map[string]any:
			at = here[step]
		case []any:
			n := 0
			if _, err := fmt.Sscan(step, &n); err != nil || n >= len(here) {
				return nil
			}
			at = here[n]
		default:
			return nil
		}
	}
	return at
}

func (v values) text(path string) string {
	text, _ := v.get(path).(string)
	return text
}

func (v values) length(path string) int {
	list, _ := v.get(path).([]any)
	return len(list)
}

// reason is the reason in the error's ErrorInfo.
func (v values) reason() string { return v.text("details.0.debug.reason") }

const (
	widgetService     = "/weiche.widget.v1.WidgetService/"
	workspaceService  = "/weiche.workspace.v1.WorkspaceService/"
	accessService     = "/weiche.workspace.v1.AccessService/"
	streamService     = "/weiche.stream.v1.StreamService/"
	adminService      = "/weiche.admin.v1.AdminService/"
	operationsService = "/weiche.admin.v1.OperationsService/"
)

// answer is what came back.
type answer struct {
	status int
	header http.Header
	values
}

// call posts JSON like curl.
func (s *stage) call(t testing.TB, method, token, body string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.server.URL+method, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for at := 0; at < len(header); at += 2 {
		req.Header.Set(header[at], header[at+1])
	}
	return s.do(t, req)
}

func (s *stage) do(t testing.TB, req *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := answer{status: resp.StatusCode, header: resp.Header}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		if err := json.Unmarshal(data, &out.values); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
	}
	return out
}

// must is call that has to succeed.
func (s *stage) must(t testing.TB, method, token, body string, header ...string) answer {
	t.Helper()
	got := s.call(t, method, token, body, header...)
	if got.status != http.StatusOK {
		t.Fatalf("%s: %d %v", method, got.status, got.values)
	}
	return got
}

// want is call that has to fail in one way.
func (s *stage) want(t testing.TB, code, reason, method, token, body string, header ...string) answer {
	t.Helper()
	got := s.call(t, method, token, body, header...)
	if got.text("code") != code || got.reason() != "REASON_"+reason {
		t.Errorf("%s %s: %d %v, want %s %s", method, body, got.status, got.values, code, reason)
	}
	return got
}

func (s *stage) setup(t testing.TB, account, setup string) answer {
	t.Helper()
	return s.must(t, adminService+"ApplySetup", s.admin(),
		fmt.Sprintf(`{"accountId":%q,"setup":%s}`, account, setup))
}

func (s *stage) admin() string    { return api.AdminToken(s.keys).Reveal() }
func (s *stage) eva() string      { return api.AgentToken(s.keys, "acme", "eva").Reveal() }
func (s *stage) otherEva() string { return api.AgentToken(s.keys, "other", "eva").Reveal() }

// visitor opens a session.
func (s *stage) visitor(t testing.TB, widgetID string) string {
	t.Helper()
	return s.must(t, widgetService+"OpenSession", "", fmt.Sprintf(`{"widgetId":%q}`, widgetID)).text("sessionToken")
}
