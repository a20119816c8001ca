package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"weiche/services/simulator"
)

var picture = append([]byte("\xff\xd8\xff\xe0"), bytes.Repeat([]byte("x"), 100)...)

// get fetches the address of a file.
func (w *world) get(address, token string) (int, string, []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, address, nil)
	must(w.t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	must(w.t, err)
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	must(w.t, err)
	return response.StatusCode, response.Header.Get("Content-Type"), data
}

// upload posts a multipart form with one file.
func (w *world) upload(path, token, field, mime string, data []byte, values ...string) (int, map[string]any) {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for i := 0; i < len(values); i += 2 {
		must(w.t, form.WriteField(values[i], values[i+1]))
	}
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="a.bin"`, field))
	header.Set("Content-Type", mime)
	part, err := form.CreatePart(header)
	must(w.t, err)
	_, err = part.Write(data)
	must(w.t, err)
	must(w.t, form.Close())
	request, err := http.NewRequestWithContext(w.ctx, http.MethodPost, w.url+path, &body)
	must(w.t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	must(w.t, err)
	defer response.Body.Close()
	var out map[string]any
	must(w.t, json.NewDecoder(response.Body).Decode(&out))
	return response.StatusCode, out
}

func (w *world) uploadPicture() string {
	w.t.Helper()
	status, out := w.upload("/v26.0/"+number+"/media", "wa-token", "file", "image/jpeg", picture, "messaging_product", "whatsapp", "type", "image/jpeg")
	if status != http.StatusOK {
		w.t.Fatal(out)
	}
	return out["id"].(string)
}

// A picture on WhatsApp has an id that leads to an address, and the address
// wants the number's token and lives for five minutes.
func TestWhatsAppInboundMedia(t *testing.T) {
	w := start(t)
	_, err := w.Send("Ana", simulator.Typed{Integration: number, Text: "look", Media: &simulator.Attached{
		Kind: simulator.MediaImage, MIME: "image/jpeg", Data: picture,
	}})
	must(t, err)
	message := list(w.events()[0]["messages"])[0].(map[string]any)
	image := message["image"].(map[string]any)
	sum := sha256.Sum256(picture)
	if message["type"] != "image" || image["caption"] != "look" || image["mime_type"] != "image/jpeg" ||
		image["sha256"] != base64.StdEncoding.EncodeToString(sum[:]) {
		t.Fatalf("webhook %v", message)
	}
	id := image["id"].(string)
	status, object := w.graph("GET", "/v26.0/"+id+"?phone_number_id="+number, "wa-token", "")
	if status != http.StatusOK || object["sha256"] != hex.EncodeToString(sum[:]) || object["file_size"] != float64(len(picture)) ||
		object["messaging_product"] != "whatsapp" || object["id"] != id {
		t.Fatalf("object %d %v", status, object)
	}
	for _, address := range []string{object["url"].(string), image["url"].(string)} {
		if status, mime, data := w.get(address, "wa-token"); status != http.StatusOK || mime != "image/jpeg" || !bytes.Equal(data, picture) {
			t.Errorf("%s: %d %s", address, status, mime)
		}
	}
	address := object["url"].(string)
	if status, _, _ := w.get(address, ""); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if status, _, _ := w.get(address, "page-token"); status != http.StatusUnauthorized {
		t.Errorf("with the token of another: %d", status)
	}
	if status, _, _ := w.get(address+"0", "wa-token"); status != http.StatusNotFound {
		t.Errorf("forged: %d", status)
	}
	if status, _ := w.graph("GET", "/v26.0/"+id+"?phone_number_id=1", "wa-token", ""); status == http.StatusOK {
		t.Error("the id belongs to any number")
	}
	must(t, second(w.Advance(5*time.Minute+time.Second)))
	if status, _, _ := w.get(address, "wa-token"); status != http.StatusNotFound {
		t.Errorf("after five minutes: %d", status)
	}
	_, object = w.graph("GET", "/v26.0/"+id, "wa-token", "")
	if status, _, _ := w.get(object["url"].(string), "wa-token"); status != http.StatusOK {
		t.Errorf("a new address: %d", status)
	}
	must(t, second(w.Advance(7*24*time.Hour)))
	if status, body := w.graph("GET", "/v26.0/"+id, "wa-token", ""); status == http.StatusOK {
		t.Errorf("after seven days: %v", body)
	}
	if got := w.Downloads(); got.Served != 3 || got.Unauthorized != 2 || got.Expired != 2 {
		t.Errorf("downloads %+v", got)
	}
}

// What a business uploads on WhatsApp is sent by its id and reaches the phone,
// lives for 30 days and can be deleted.
func TestWhatsAppOutboundMedia(t *testing.T) {
	w := start(t)
	w.says(number, "hi")
	w.events()
	id := w.uploadPicture()
	send := func(kind, content string) map[string]any {
		t.Helper()
		status, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token",
			`{"messaging_product":"whatsapp","to":"+`+phone+`","type":"`+kind+`","`+kind+`":`+content+`}`)
		body["status"] = status
		return body
	}
	if body := send("image", `{"id":"`+id+`","caption":"this one"}`); body["status"] != http.StatusOK {
		t.Fatal(body)
	}
	threads, err := w.Threads(w.ctx, "Ana", simulator.ThreadQuery{Integration: number})
	must(t, err)
	shown := threads.Threads[0].Messages[1]
	if shown.Type != "image" || shown.Text != "this one" || len(shown.Media) != 1 || shown.Media[0].Size != len(picture) {
		t.Fatalf("the phone shows %+v", shown)
	}
	if _, data, err := w.MediaBytes(shown.Media[0].ID); err != nil || !bytes.Equal(data, picture) {
		t.Errorf("the phone's bytes: %v", err)
	}
	if status, _, data := w.get(w.url+"/sim/media/"+id, ""); status != http.StatusOK || !bytes.Equal(data, picture) {
		t.Errorf("control API: %d", status)
	}
	if got := w.events(); len(got) != 2 {
		t.Errorf("statuses %v", got)
	}
	for content, code := range map[string]float64{
		`{"id":"4711"}`: 131009, `{}`: 100, `{"id":"` + id + `","link":"http://127.0.0.1/"}`: 100,
		`{"id":"` + id + `","caption":"` + strings.Repeat("c", 1025) + `"}`: 100,
	} {
		if body := send("image", content); body["error"].(map[string]any)["code"] != code {
			t.Errorf("%s: %v", content, body)
		}
	}
	if body := send("video", `{"id":"`+id+`"}`); body["status"] != http.StatusOK {
		t.Fatal(body)
	}
	if st := status(t, w.events()[0]); st["status"] != "failed" || list(st["errors"])[0].(map[string]any)["code"] != float64(131053) {
		t.Errorf("a picture as a video: %v", st)
	}
	if status, _ := w.graph("DELETE", "/v26.0/"+id, "wa-token", ""); status != http.StatusOK {
		t.Error("not deleted")
	}
	if body := send("image", `{"id":"`+id+`"}`); body["status"] == http.StatusOK {
		t.Error("a deleted picture was sent")
	}
}

// Each channel takes its own types up to its own sizes.
func TestUploadLimits(t *testing.T) {
	w := start(t)
	of := func(begin string, size int) []byte { return append([]byte(begin), make([]byte, size-len(begin))...) }
	for _, c := range []struct {
		name, mime string
		data       []byte
		ok         bool
	}{
		{"jpeg", "image/jpeg", of("\xff\xd8\xff", 5<<20), true},
		{"large jpeg", "image/jpeg", of("\xff\xd8\xff", 5<<20+1), false},
		{"jpeg that is none", "image/jpeg", []byte("hello"), false},
		{"large sticker", "image/webp", of("RIFF", 101<<10), false},
		{"animated sticker", "image/webp", of("RIFF....WEBPVP8X....ANIM", 101<<10), true},
		{"audio", "audio/ogg; codecs=opus", of("OggS", 100), true},
		{"large audio", "audio/mpeg", of("ID3", 16<<20+1), false},
		{"document", "application/pdf", of("%PDF-", 20<<20), true},
		{"program", "application/x-msdownload", of("MZ", 100), false},
		{"empty", "application/pdf", nil, false},
	} {
		status, out := w.upload("/v26.0/"+number+"/media", "wa-token", "file", c.mime, c.data, "messaging_product", "whatsapp", "type", c.mime)
		e, _ := out["error"].(map[string]any)
		if (status == http.StatusOK) != c.ok || (!c.ok && e["code"] != float64(131053)) {
			t.Errorf("%s: %d %v", c.name, status, out)
		}
	}
	for _, c := range []struct {
		name, kind, mime string
		size             int
		platform         string
		subcode          float64
	}{
		{"image", "image", "image/jpeg", 9 << 20, "messenger", 0},
		{"instagram image", "image", "image/jpeg", 9 << 20, "instagram", 2018109},
		{"large file", "file", "application/zip", 25<<20 + 1, "messenger", 2018109},
		{"instagram file", "file", "application/zip", 100, "instagram", 2018047},
	} {
		status, out := w.upload("/v26.0/"+page+"/message_attachments", "page-token", "filedata", c.mime, of("\xff\xd8\xff", c.size),
			"platform", c.platform, "message", `{"attachment":{"type":"`+c.kind+`","payload":{"is_reusable":true}}}`)
		e, _ := out["error"].(map[string]any)
		if (status == http.StatusOK) != (c.subcode == 0) || (e != nil && e["error_subcode"] != c.subcode) {
			t.Errorf("%s: %d %v", c.name, status, out)
		}
	}
}

// The provider fetches what a business names by an address: WhatsApp tells of a
// failure in a status, the others in the answer.
func TestLinks(t *testing.T) {
	w := start(t)
	hits := 0
	files := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		hits++
		if r.URL.Path != "/a.jpg" {
			http.NotFound(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "image/jpeg")
		_, _ = rw.Write(picture)
	}))
	t.Cleanup(files.Close)
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		w.says(channel, "hi")
	}
	w.events()
	whatsApp := func(link string) map[string]any {
		t.Helper()
		status, body := w.graph("POST", "/v26.0/"+number+"/messages", "wa-token",
			`{"messaging_product":"whatsapp","to":"+`+phone+`","type":"image","image":{"link":"`+link+`"}}`)
		if status != http.StatusOK {
			t.Fatal(body)
		}
		return lastStatus(t, w.events())
	}
	if st := whatsApp(files.URL + "/a.jpg"); st["status"] != "delivered" {
		t.Errorf("status %v", st)
	}
	whatsApp(files.URL + "/a.jpg")
	if hits != 1 {
		t.Errorf("a link was fetched %d times within ten minutes", hits)
	}
	for _, link := range []string{files.URL + "/b.jpg", "http://192.0.2.1/a.jpg", "ftp://127.0.0.1/"} {
		st := whatsApp(link)
		if st["status"] != "failed" || list(st["errors"])[0].(map[string]any)["code"] != float64(131053) {
			t.Errorf("%s: %v", link, st)
		}
	}
	for _, c := range []struct{ id, token string }{{psid, "page-token"}, {igsid, "ig-token"}} {
		send := func(attachment string) (int, map[string]any) {
			return w.graph("POST", "/v26.0/me/messages", c.token, `{"recipient":{"id":"`+c.id+`"},"message":{"attachment":`+attachment+`}}`)
		}
		status, body := send(`{"type":"image","payload":{"url":"` + files.URL + `/a.jpg","is_reusable":true}}`)
		if status != http.StatusOK || body["attachment_id"] == nil {
			t.Fatal(body)
		}
		echo := w.events()[0]["message"].(map[string]any)
		payload := list(echo["attachments"])[0].(map[string]any)["payload"].(map[string]any)
		if status, _, data := w.get(payload["url"].(string), ""); status != http.StatusOK || !bytes.Equal(data, picture) {
			t.Errorf("echo's address: %d", status)
		}
		if status, body := send(fmt.Sprintf(`{"type":"image","payload":{"attachment_id":%v}}`, body["attachment_id"])); status != http.StatusOK {
			t.Errorf("by id: %v", body)
		}
		w.events()
		for attachment, subcode := range map[string]float64{
			`{"type":"image","payload":{"url":"` + files.URL + `/b.jpg"}}`: 2018008,
			`{"type":"image","payload":{"attachment_id":"4711"}}`:          2018074,
			`{"type":"image","payload":{}}`:                                0,
		} {
			_, body := send(attachment)
			e, _ := body["error"].(map[string]any)
			if got, _ := e["error_subcode"].(float64); e == nil || e["code"] != float64(100) || got != subcode {
				t.Errorf("%s: %v", attachment, body)
			}
		}
	}
}

// lastStatus returns the last status of the events of a send.
func lastStatus(t *testing.T, events []map[string]any) map[string]any {
	t.Helper()
	return status(t, events[len(events)-1])
}

// Files from a phone on Messenger and Instagram are at signed addresses that
// need no token and expire.
func TestScopedInboundMedia(t *testing.T) {
	w := start(t)
	for _, channel := range []string{"messenger", "instagram"} {
		_, err := w.Send("Ana", simulator.Typed{Integration: channel, Media: &simulator.Attached{Kind: simulator.MediaImage, MIME: "image/jpeg", Data: picture}})
		must(t, err)
		message := w.events()[0]["message"].(map[string]any)
		attachment := list(message["attachments"])[0].(map[string]any)
		address := attachment["payload"].(map[string]any)["url"].(string)
		if status, _, data := w.get(address, ""); attachment["type"] != "image" || status != http.StatusOK || !bytes.Equal(data, picture) {
			t.Errorf("%s: %v %d", channel, attachment, status)
		}
		must(t, second(w.Advance(25*time.Hour)))
		if status, _, _ := w.get(address, ""); status != http.StatusForbidden {
			t.Errorf("%s after a day: %d", channel, status)
		}
	}
}
