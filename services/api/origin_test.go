package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

const (
	shopPage = "https://shop.example"
	blogPage = "https://blog.example"
	evilPage = "https://evil.example"
)

func TestOrigins(t *testing.T) {
	s := newStage(t, nil)
	ana := s.visitor(t, "shop")
	own := s.server.URL
	for _, row := range []struct {
		what, origin, token, widget string
		status                      int
		echoed                      bool
	}{
		{"a program", "", ana, "", http.StatusOK, false},
		{"the widget's page", shopPage, ana, "", http.StatusOK, true},
		{"our own page", own, ana, "", http.StatusOK, false},
		{"another widget's page", blogPage, ana, "", http.StatusForbidden, false},
		{"a strange page", evilPage, ana, "", http.StatusForbidden, false},
		{"a page that looks like it", "https://shop.example.evil.example", ana, "", http.StatusForbidden, false},
		{"another scheme", "http://shop.example", ana, "", http.StatusForbidden, false},
		{"another port", "https://shop.example:8443", ana, "", http.StatusForbidden, false},
		{"a sandboxed page", "null", ana, "", http.StatusForbidden, false},
		{"the widget's page without a token", shopPage, "", "", http.StatusUnauthorized, true},
		{"a strange page without a token", evilPage, "", "", http.StatusForbidden, false},
		{"a program that opens", "", "", "shop", http.StatusOK, false},
		{"the widget's page that opens", shopPage, "", "shop", http.StatusOK, true},
		{"another widget's page that opens", blogPage, "", "shop", http.StatusForbidden, false},
		{"a strange page that opens", evilPage, "", "shop", http.StatusForbidden, false},
		{"a page with a token that opens another widget", shopPage, ana, "blog", http.StatusForbidden, false},
	} {
		procedure, body := "GetTimeline", `{}`
		if row.widget != "" {
			procedure, body = "OpenSession", fmt.Sprintf(`{"widgetId":%q}`, row.widget)
		}
		var header []string
		if row.origin != "" {
			header = []string{"Origin", row.origin}
		}
		got := s.call(t, widgetService+procedure, row.token, body, header...)
		if got.status != row.status {
			t.Errorf("%s: %d %v", row.what, got.status, got.values)
		}
		want := ""
		if row.echoed {
			want = row.origin
		}
		if echo := got.header.Get("Access-Control-Allow-Origin"); echo != want {
			t.Errorf("%s: the origin %q is allowed", row.what, echo)
		}
		if got.header.Get("Access-Control-Allow-Credentials") != "" || got.header.Get("Vary") == "" {
			t.Errorf("%s: %v", row.what, got.header)
		}
	}
	for origin, allowed := range map[string]bool{shopPage: true, blogPage: true, evilPage: false, "": false} {
		req, err := http.NewRequest(http.MethodOptions, s.server.URL+widgetService+"OpenSession", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		got := s.do(t, req)
		if (got.header.Get("Access-Control-Allow-Origin") == origin && origin != "") != allowed {
			t.Errorf("preflight of %q: %d %v", origin, got.status, got.header)
		}
		if allowed && (got.header.Get("Access-Control-Max-Age") != "7200" ||
			!strings.Contains(got.header.Get("Access-Control-Allow-Headers"), "Authorization")) {
			t.Errorf("preflight of %q: %v", origin, got.header)
		}
	}
}

func TestOtherSitesCannotCallTheWorkspace(t *testing.T) {
	s := newStage(t, nil)
	for _, service := range []struct{ procedure, token string }{
		{workspaceService + "GetRoute", s.eva()}, {adminService + "ListEvents", s.admin()},
	} {
		for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", evilPage}, {"Origin", shopPage}} {
			got := s.call(t, service.procedure, service.token, `{}`, header[0], header[1])
			if got.status != http.StatusForbidden || got.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s with %v: %d", service.procedure, header, got.status)
			}
			if got.reason() != "REASON_FORBIDDEN" {
				t.Errorf("%s with %v gives no reason: %v", service.procedure, header, got.values)
			}
		}
		got := s.call(t, service.procedure, service.token, `{}`, "Sec-Fetch-Site", "same-origin")
		if got.status == http.StatusForbidden {
			t.Errorf("%s refuses its own page", service.procedure)
		}
	}
}
