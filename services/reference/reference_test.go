package reference_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
	errorv1 "weiche/proto/gen/weiche/error/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/reference"
)

// files are those that have public services.
var files = []protoreflect.FileDescriptor{
	widgetv1.File_weiche_widget_v1_widget_proto, workspacev1.File_weiche_workspace_v1_workspace_proto,
	workspacev1.File_weiche_workspace_v1_access_proto, streamv1.File_weiche_stream_v1_stream_proto,
	adminv1.File_weiche_admin_v1_admin_proto,
}

// calls are the paths of the public services, with what they take.
func calls() map[string]protoreflect.MessageDescriptor {
	all := map[string]protoreflect.MessageDescriptor{}
	for _, file := range files {
		for s := range file.Services().Len() {
			service := file.Services().Get(s)
			for m := range service.Methods().Len() {
				method := service.Methods().Get(m)
				all["/"+string(service.FullName())+"/"+string(method.Name())] = method.Input()
			}
		}
	}
	return all
}

// served answers a request.
func served(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	reference.Register(mux)
	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
	if answer.Code != http.StatusOK {
		t.Fatalf("%s: %d %s", path, answer.Code, answer.Body)
	}
	return answer
}

// TestOpenAPI describes every public call and route, and no other service, and leads
// nowhere.
func TestOpenAPI(t *testing.T) {
	text := served(t, "/openapi.yaml").Body.String()
	var document struct {
		OpenAPI    string
		Paths      map[string]map[string]any
		Security   []map[string]any
		Components struct {
			Schemas         map[string]struct{ Enum []string }
			SecuritySchemes map[string]any `yaml:"securitySchemes"`
		}
	}
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" || len(document.Security) != 2 || len(document.Components.SecuritySchemes) != 2 {
		t.Errorf("OpenAPI %q, security %v, schemes %v", document.OpenAPI, document.Security, document.Components.SecuritySchemes)
	}
	want := []string{"/media/{token}", "/v1/stream", "/v1/uploads", "/v1/widget/uploads"}
	for path := range calls() {
		want = append(want, path)
	}
	var got []string
	for path, verbs := range document.Paths {
		got = append(got, path)
		if len(verbs) != 1 {
			t.Errorf("%s: %d verbs", path, len(verbs))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(text, "weiche.admin.v1.OperationsService/") || strings.Contains(text, "weiche.query.") {
		t.Error("there is more than what is public")
	}
	for _, ref := range regexp.MustCompile(`\$ref: ["']?#/components/schemas/([\w.-]+)`).FindAllStringSubmatch(text, -1) {
		if _, ok := document.Components.Schemas[ref[1]]; !ok {
			t.Errorf("%s leads nowhere", ref[1])
		}
	}
	// A comma that is not in quotes divides a description and leaves a key with nothing.
	for _, stray := range regexp.MustCompile(`\{[^{}\n]*: [A-Z][^'"{}\n:]*, [a-z ]+\.\}`).FindAllString(text, -1) {
		t.Errorf("a description is cut: %s", stray)
	}
	var reasons []string
	values := errorv1.Reason(0).Descriptor().Values()
	for at := range values.Len() {
		reasons = append(reasons, string(values.Get(at).Name()))
	}
	if diff := cmp.Diff(reasons, document.Components.Schemas["weiche.error.v1.Reason"].Enum); diff != "" {
		t.Error(diff)
	}
}

// TestPage shows every call with an example, leads only to what is there, and needs
// nothing but its style.
func TestPage(t *testing.T) {
	answer := served(t, "/docs")
	page := answer.Body.String()
	if policy := answer.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "script") || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
	for _, no := range []string{"<script", " style=", "<style", "onclick", "javascript:", "http://", "ZgotmplZ"} {
		if strings.Contains(page, no) {
			t.Errorf("the page has %q", no)
		}
	}
	for _, id := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if strings.Count(page, ` id="`+id[1]+`"`) != 1 {
			t.Errorf("#%s leads to %d places", id[1], strings.Count(page, ` id="`+id[1]+`"`))
		}
	}
	for path, takes := range calls() {
		if takes.Fields().Len() > 0 && !strings.Contains(page, "<caption>"+string(takes.FullName())+"</caption>") {
			t.Errorf("the page does not show what %s takes", path)
		}
		if !strings.Contains(page, "POST "+path+"<") || !strings.Contains(page, "$WEICHE"+path) {
			t.Errorf("the page does not show %s, or no example of it", path)
		}
	}
	for _, reason := range errorv1.Reason_name {
		if !strings.Contains(page, ">"+reason+"<") {
			t.Errorf("the page does not show %s", reason)
		}
	}
	served(t, "/docs/page.css")
	if len(page) > 2<<20 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

// TestExamples gives each example to what it is an example of.
func TestExamples(t *testing.T) {
	page := served(t, "/docs").Body.String()
	if streams := strings.Count(page, "<code>buf curl"); streams != 1 {
		t.Errorf("%d examples are not for curl", streams)
	}
	example := regexp.MustCompile(`(?s)\$WEICHE(/weiche[^&"]*)&#34;.*?-d (?:&#39;|')(.*?)(?:&#39;|')</code>`)
	found := example.FindAllStringSubmatch(page, -1)
	for _, f := range found {
		takes := calls()[f[1]]
		if takes == nil {
			t.Errorf("there is no %s", f[1])
			continue
		}
		text := strings.NewReplacer("&#34;", `"`, "&#43;", "+").Replace(f[2])
		types := dynamicpb.NewTypes(protoregistry.GlobalFiles)
		if err := (protojson.UnmarshalOptions{Resolver: types}).Unmarshal([]byte(text), dynamicpb.NewMessage(takes)); err != nil {
			t.Errorf("%s: %s: %v", f[1], text, err)
		}
	}
	said := `{&#34;text&#34;: &#34;Hello&#34;, &#34;clientToken&#34;: &#34;example-1&#34;}`
	if !strings.Contains(page, said) {
		t.Error("no example says anything")
	}
	if len(found) != len(calls()) {
		t.Errorf("%d examples for %d calls", len(found), len(calls()))
	}
}
