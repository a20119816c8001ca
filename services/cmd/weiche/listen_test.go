package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	adminv1 "weiche/proto/gen/weiche/admin/v1"
)

// dial opens a connection and asks for nothing.
func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestSIGTERM ends a server at which connections wait that have asked for nothing, or
// for nothing more, and one that has asked half: that one is answered, and none of
// them is waited for.
func TestSIGTERM(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, url := serve(t, data)
	for range 3 {
		dial(t, url)
		dial(t, adminOf(t, data))
	}
	if got := status(t, url+"/livez"); got != http.StatusOK { // leaves an idle connection
		t.Fatalf("/livez: %d", got)
	}
	half := dial(t, url)
	asks := `{"accountId":"nobody","setup":{}}`
	token := fileText(t, tokenFile(data))
	// What the server answers to Expect shows that it has begun to read what comes.
	fmt.Fprintf(half, "POST /weiche.admin.v1.AdminService/ApplySetup HTTP/1.1\r\nHost: weiche\r\nContent-Type: application/json\r\n"+
		"Authorization: Bearer %s\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n%s", token, len(asks), asks[:10])
	answers := bufio.NewReader(half)
	if answer, err := http.ReadResponse(answers, nil); err != nil || answer.StatusCode != http.StatusContinue {
		t.Fatalf("a call that has begun was answered %v, %v", answer, err)
	}

	began := time.Now()
	p.Ask(t)
	eventually(t, "the server to take no more", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	}, p.Stderr.String)
	if _, err := io.WriteString(half, asks[10:]); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("a call in flight was not answered: %v", err)
	}
	if answer.StatusCode != http.StatusOK {
		t.Errorf("a call in flight was answered %s", answer.Status)
	}
	p.Gone(t)
	// http.Server alone would wait 5 s for connections that ask for nothing.
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("it took %s to end\n%s", took, &p.Stderr)
	}
}

func status(t *testing.T, url string) int {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode
}

// TestAdminAddress shows what is where, and that commands find operators' things
// where a server runs.
func TestAdminAddress(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	p, url := serve(t, data)
	admin := adminOf(t, data)
	eventually(t, "the server to be ready", func() bool { return status(t, url+"/readyz") == http.StatusOK }, p.Stderr.String)
	for _, at := range []struct {
		url  string
		want int
	}{
		{url + "/livez", 200},
		{admin + "/livez", 200},
		{url + "/readyz", 200},
		{admin + "/readyz", 200},
		{url + "/metrics", 404},
		{admin + "/webhooks/whatsapp/app", 404},
	} {
		if got := status(t, at.url); got != at.want {
			t.Errorf("%s: %d, want %d", at.url, got, at.want)
		}
	}
	if says := body(t, url+"/readyz", ""); says != "ready\n" {
		t.Errorf("everybody is told %q", says)
	}
	for _, want := range []string{"ready\n", "log: position ", "views: position ", "relay: position ", "broker: connected", "disk: "} {
		if says := body(t, admin+"/readyz", ""); !strings.Contains(says, want) {
			t.Errorf("nothing of %q in\n%s", want, says)
		}
	}
	if says := body(t, admin+"/readyz", "application/json"); !strings.HasPrefix(says, `{"ready":true,"problems":[],"warnings":[],`) || !strings.Contains(says, `"free_bytes":`) {
		t.Errorf("as JSON: %s", says)
	}

	token := fileText(t, tokenFile(data))
	for at, found := range map[string]bool{url: false, admin: true} {
		err := call(t.Context(), at, "weiche.admin.v1.OperationsService/ListQuarantine", token,
			&adminv1.ListQuarantineRequest{}, &adminv1.ListQuarantineResponse{})
		if (err == nil) != found {
			t.Errorf("operators at %s: %v", at, err)
		}
		err = call(t.Context(), at, "weiche.admin.v1.AdminService/ListEvents", token, &adminv1.ListEventsRequest{}, &adminv1.ListEventsResponse{})
		if (err == nil) == found {
			t.Errorf("administrators at %s: %v", at, err)
		}
	}
	at := strings.TrimPrefix(admin, "http://")
	if r := weiche(t, "ready", "--admin", at); r.Code != exitOK || !strings.HasPrefix(r.Stdout, "ready\n") {
		t.Errorf("weiche ready: %+v", r)
	}
	weiche(t, "quarantine", "list", "--data", data).Expect(t, exitOK)
	weiche(t, "setup", setupIn(t, goodSetup), "--data", data).Expect(t, exitOK)
	p.Stop(t)
	weiche(t, "ready", "--admin", at).Expect(t, exitFailed, "the server is not ready")
}

// body asks for a text.
func body(t *testing.T, url, accept string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(said)
}

// fileText is what stands in a file, without the end of its line.
func fileText(t *testing.T, name string) string {
	t.Helper()
	said, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(said))
}
