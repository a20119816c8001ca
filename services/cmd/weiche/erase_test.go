package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	adminv1 "weiche/proto/gen/weiche/admin/v1"
	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	widgetv1 "weiche/proto/gen/weiche/widget/v1"
	workspacev1 "weiche/proto/gen/weiche/workspace/v1"
	"weiche/services/channel"
	"weiche/services/keyring"
	"weiche/services/router"
	"weiche/services/simulator"
)

// shop is a running weiche with one account, seen from outside.
type shop struct {
	*load
	data  string
	flags []string
	p     *process
	url   string
	graph *httptest.Server
}

func newShop(t *testing.T) *shop {
	s := &shop{load: newLoad(t), data: filepath.Join(t.TempDir(), "data")}
	s.graph = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var ask struct {
			Send string `json:"biz_opaque_callback_data"`
		}
		_ = json.NewDecoder(r.Body).Decode(&ask)
		_ = json.NewEncoder(w).Encode(map[string]any{"messages": []any{map[string]string{"id": "wamid.out.canary." + ask.Send}}})
	}))
	t.Cleanup(s.graph.Close)
	s.flags = []string{"--graph-url", s.graph.URL}
	s.start(t)
	token, err := os.ReadFile(tokenFile(s.data))
	if err != nil {
		t.Fatal(err)
	}
	s.admin = strings.TrimSpace(string(token))
	s.connect(t, loadNumbers[0])
	return s
}

// connect sets the account up with the WhatsApp numbers of these ids.
func (s *shop) connect(t *testing.T, numbers ...string) {
	t.Helper()
	app := func(channel string) *ingressv1.AppSetup {
		return &ingressv1.AppSetup{Id: channel, Channel: channel, ProviderAppId: "1", AppSecrets: []string{loadSecret}, VerifyToken: "verify"}
	}
	setup := &ingressv1.ApplySetup{
		Name: "Shop", Apps: []*ingressv1.AppSetup{app("whatsapp"), app("instagram")},
		Agents: []*ingressv1.AgentSetup{{Id: "kim", Name: "Kim"}},
		Integrations: []*ingressv1.IntegrationSetup{
			{Id: "insta", Channel: "instagram", AppId: "instagram", ProviderAccountId: "300001", Address: "shop", AccessToken: "token"},
		},
		Widgets: []*ingressv1.WidgetSetup{{
			Id: "widget", Site: "shop.example", Languages: []string{"en"}, Offers: []string{"number"},
			Confirmation: eventv1.Confirmation_CONFIRMATION_IMMEDIATE,
		}},
	}
	for at, number := range numbers {
		id := "number"
		if at > 0 {
			id += "-" + number
		}
		setup.Integrations = append(setup.Integrations, &ingressv1.IntegrationSetup{
			Id: id, Channel: "whatsapp", AppId: "whatsapp", ProviderAccountId: number, Address: fmt.Sprint(15550100001 + at), AccessToken: "token",
		})
	}
	tokens, err := applySetup(t.Context(), s.url, s.admin, "shop", setup)
	if err != nil {
		t.Fatal(err)
	}
	s.agent = tokens[0].GetToken()
}

func (s *shop) start(t *testing.T) {
	t.Helper()
	s.p, s.url = serve(t, s.data, s.flags...)
	s.isUp(s.url)
}

func (s *shop) stop(t *testing.T) {
	t.Helper()
	s.isDown()
	s.p.stop(t)
}

// post delivers a webhook.
func (s *shop) post(t *testing.T, channel string, body []byte) {
	t.Helper()
	status, said := s.request(t.Context(), s.url+"/webhooks/"+channel+"/"+channel, http.Header{
		"Content-Type": {"application/json"}, "X-Hub-Signature-256": {simulator.Sign(loadSecret, body)},
	}, body)
	if status != http.StatusOK {
		t.Fatalf("webhook: %d %s", status, said)
	}
}

// whatsapp delivers an item of a person.
func (s *shop) whatsapp(t *testing.T, phone, name string, item map[string]any) {
	t.Helper()
	item["from"], item["timestamp"] = phone, fmt.Sprint(time.Now().Unix())
	s.post(t, "whatsapp", webhook(entry(loadNumbers[0], map[string]any{
		"contacts": []any{map[string]any{"wa_id": phone, "profile": map[string]any{"name": name}}}, "messages": []any{item},
	})))
}

func text(id, body string) map[string]any {
	return map[string]any{"id": id, "type": "text", "text": map[string]any{"body": body}}
}

// instagram delivers a message of a person.
func (s *shop) instagram(t *testing.T, person string, message map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"object": "instagram", "entry": []any{map[string]any{
		"id": "300001", "time": time.Now().UnixMilli(), "messaging": []any{map[string]any{
			"sender": map[string]any{"id": person}, "recipient": map[string]any{"id": "300001"},
			"timestamp": time.Now().UnixMilli(), "message": message,
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	s.post(t, "instagram", body)
}

func (s *shop) must(t *testing.T, procedure, token string, ask, answer proto.Message) {
	t.Helper()
	if status, said := s.call(t.Context(), procedure, token, ask, answer); status != http.StatusOK {
		t.Fatalf("%s: %d %s", procedure, status, said)
	}
}

// events returns the log as the administrator sees it.
func (s *shop) events(t *testing.T) (bodies []proto.Message) {
	t.Helper()
	page := &adminv1.ListEventsResponse{}
	s.must(t, "weiche.admin.v1.AdminService/ListEvents", s.admin, &adminv1.ListEventsRequest{Limit: 1000}, page)
	for _, logged := range page.GetEvents() {
		body, err := logged.GetEvent().UnmarshalNew()
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// eventOf waits for an event of a type that fits.
func eventOf[E proto.Message](t *testing.T, s *shop, fits func(E) bool) (found E) {
	t.Helper()
	eventually(t, fmt.Sprintf("a %T", found), func() bool {
		for _, body := range s.events(t) {
			if e, ok := body.(E); ok && fits(e) {
				found = e
				return true
			}
		}
		return false
	}, s.p.stderr.String)
	return found
}

// people are the two who write: ana, who is erased, and bob, who is not.
var people = []string{"ana", "bob"}

// canaries are what they say and are called, to be searched for.
func canaries(person string) []string {
	digits := map[string]string{"ana": "15550107771", "bob": "15550107772"}[person]
	return []string{
		"canary-widget-" + person, "canary-text-" + person, "canary-name-" + person, "canary-place-" + person,
		"canary-street-" + person, "canary-reply-" + person, "wamid.canary." + person, digits,
	}
}

// play has a person begin in the widget, go on in WhatsApp and get an answer.
// It returns the customer.
func (s *shop) play(t *testing.T, person string) string {
	t.Helper()
	says := canaries(person)
	session := &widgetv1.OpenSessionResponse{}
	s.must(t, "weiche.widget.v1.WidgetService/OpenSession", "", &widgetv1.OpenSessionRequest{WidgetId: "widget"}, session)
	sent := &widgetv1.SendMessageResponse{}
	s.must(t, "weiche.widget.v1.WidgetService/SendMessage", session.GetSessionToken(), &widgetv1.SendMessageRequest{Text: says[0], ClientToken: "1"}, sent)
	link := &widgetv1.RequestLinkResponse{}
	s.must(t, "weiche.widget.v1.WidgetService/RequestLink", session.GetSessionToken(), &widgetv1.RequestLinkRequest{IntegrationId: "number", ClientToken: "2"}, link)
	s.whatsapp(t, says[7], says[2], text(says[6]+".0", says[1]+" "+link.GetLink().GetCode()))
	s.whatsapp(t, says[7], says[2], map[string]any{"id": says[6] + ".1", "type": "location", "location": map[string]any{
		"latitude": 1.5, "longitude": 2.5, "name": says[3], "address": says[4],
	}})
	reply := &workspacev1.SendReplyResponse{}
	s.must(t, "weiche.workspace.v1.WorkspaceService/SendReply", s.agent, &workspacev1.SendReplyRequest{
		ConversationId: sent.GetConversationId(), Text: says[5], ClientToken: "reply to " + person,
	}, reply)
	eventOf(t, s, func(e *eventv1.MessageSent) bool { return e.GetMessageId() == reply.GetMessageId() })
	return eventOf(t, s, func(e *eventv1.ConversationStarted) bool { return e.GetConversationId() == sent.GetConversationId() }).GetCustomerId()
}

// sealedBy are the keys of a customer's content and what the keyring stores for them.
type sealedBy struct {
	keys map[string]bool
	// bytes are the keys, wrapped and raw.
	bytes [][]byte
	// before are the keys of those who were erased before.
	before map[string]bool
}

// keysOf captures the keys of those who belong to one customer, by the log and an
// export of the keyring.
func keysOf(t *testing.T, data, customer string) sealedBy {
	t.Helper()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	decision, err := router.NewEngine(router.EngineConfig{Store: f.store, Keys: f.keys}).Erasure(t.Context(), "shop", customer)
	if err != nil {
		t.Fatal(err)
	}
	customers := map[string]bool{}
	for _, event := range decision.Events {
		if e, ok := event.Body.(*eventv1.CustomerErased); ok {
			customers[e.GetCustomerId()] = true
		}
	}
	var export bytes.Buffer
	if err := f.keys.Export(&export); err != nil {
		t.Fatal(err)
	}
	by := sealedBy{keys: map[string]bool{}}
	for rec, err := range f.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if rec.Type != "weiche.event.v1.CustomerCreated" || !customers[rec.Stream.ID] {
			continue
		}
		by.keys[rec.KeyID] = true
		_, entry, found := bytes.Cut(export.Bytes(), []byte("key/"+rec.KeyID))
		size, n := binary.Uvarint(entry)
		if !found || n <= 0 {
			t.Fatalf("the export lacks the key of %s", rec.Stream.ID)
		}
		wrapped := entry[n : n+int(size)]
		by.bytes = append(by.bytes, wrapped, unwrapped(t, data, "key/"+rec.KeyID, wrapped))
	}
	if len(by.keys) == 0 {
		t.Fatalf("%s has no key", customer)
	}
	return by
}

// unwrapped opens an entry of the keyring, as whoever has the master key can.
func unwrapped(t *testing.T, data, name string, wrapped []byte) []byte {
	t.Helper()
	master, err := os.ReadFile(filepath.Join(data, "keyring", "master.key"))
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(master)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := aead.Open(nil, nil, wrapped, []byte(name))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// inFiles returns the files of a folder, and below it, that hold some bytes.
func inFiles(t *testing.T, folder string, what []byte) (found []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, what) {
			found = append(found, path)
		}
		if errors.Is(err, os.ErrNotExist) {
			return nil // it went meanwhile
		}
		return err
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return found
}

// left returns what is left of a customer in a data folder, as somebody finds it who
// has the folder and the master key. It opens log and keyring as they are.
func left(t *testing.T, data string, by sealedBy) (findings []string) {
	t.Helper()
	for n, key := range by.bytes {
		for _, file := range inFiles(t, data, key) {
			findings = append(findings, fmt.Sprintf("bytes %d of the keys are in %s", n, file))
		}
	}
	keys, err := keyring.Open(filepath.Join(data, "keyring"), keyring.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	store, err := eventstore.Open(filepath.Join(data, "log"), eventstore.Options{
		Index: router.Index, Redacts: router.Redacts, ReadOnly: true, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	sealed, others := 0, 0
	for rec, err := range store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.Sealed) == 0 {
			continue
		}
		_, err := keys.Unseal(rec.KeyID, keyring.AAD(rec.Stream.Account, rec.Stream.Category, rec.Stream.ID, rec.ID), rec.Sealed)
		switch {
		case !by.keys[rec.KeyID] && err == nil:
			others++
		case by.before[rec.KeyID] && errors.Is(err, keyring.ErrKeyGone):
		case !by.keys[rec.KeyID]:
			t.Errorf("event %d of somebody else cannot be opened: %v", rec.Position, err)
		case err == nil:
			findings = append(findings, fmt.Sprintf("event %d, a %s, can be opened", rec.Position, rec.Type))
		case !errors.Is(err, keyring.ErrKeyGone):
			t.Errorf("event %d: %v", rec.Position, err)
		}
		if by.keys[rec.KeyID] {
			sealed++
		}
	}
	if sealed == 0 || others == 0 {
		t.Fatalf("%d events were sealed by the customer's keys, %d by others", sealed, others)
	}
	return findings
}

// verified checks that the log verifies, and that views made anew are the same.
func verified(t *testing.T, data string) {
	t.Helper()
	weiche(t, "verify", "--data", data).expect(t, exitOK)
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if err := checkLog(t.Context(), &server{folder: f}, &bytes.Buffer{}); err != nil {
		t.Errorf("I17: %v", err)
	}
}

// TestI32Erasure has two people write what can be searched for, by the real program
// over HTTP, and erases one of them. Then it looks for what is left in every file.
func TestI32Erasure(t *testing.T) {
	s := newShop(t)
	customers := map[string]string{}
	for _, person := range people {
		customers[person] = s.play(t, person)
	}
	s.stop(t)
	for _, person := range people {
		for _, said := range canaries(person) {
			if files := inFiles(t, s.data, []byte(said)); len(files) > 0 {
				t.Errorf("%q stands in clear in %v", said, files)
			}
		}
	}
	ana := keysOf(t, s.data, customers["ana"])
	if len(ana.keys) != 2 {
		t.Fatalf("%d keys, and one for the page and one for the phone are due", len(ana.keys))
	}
	if found := left(t, s.data, ana); len(found) < len(ana.bytes)/2 {
		t.Fatalf("before the erasure nothing is found: %q", found)
	}

	// The control: everything but the keys goes, as after a kill at this point.
	control := copied(t, s.data)
	notDestroyed(t, control, customers["ana"])
	found := left(t, control, ana)
	for _, kind := range []string{"bytes 0", "can be opened"} {
		if !slices.ContainsFunc(found, func(finding string) bool { return strings.Contains(finding, kind) }) {
			t.Errorf("keys that were not destroyed are not found (%s): %q", kind, found)
		}
	}
	// The next start completes it, whoever starts.
	weiche(t, "events", "--data", control).expect(t, exitOK)
	if found := left(t, control, ana); len(found) > 0 {
		t.Errorf("after a kill and a start: %q", found)
	}

	// A dry run and a question first, by the running server.
	s.start(t)
	dry := weiche(t, "erase", customers["ana"], "--data", s.data, "--dry-run")
	dry.expect(t, exitOK)
	if want := fmt.Sprintf("customer %s: 1 conversations, 2 identities, 2 keys", customers["ana"]); !strings.Contains(dry.stdout, want) {
		t.Errorf("the dry run says %q", dry.stdout)
	}
	weiche(t, "erase", customers["ana"], "--data", s.data).expect(t, exitUsage, "--yes")
	weiche(t, "erase", "nobody", "--data", s.data, "--yes").expect(t, exitNotFound)
	erased := weiche(t, "erase", customers["ana"], "--data", s.data, "--yes")
	erased.expect(t, exitOK)
	if !strings.Contains(erased.stdout, "erased, up to position") {
		t.Errorf("erase says %q", erased.stdout)
	}
	s.stop(t)
	if found := left(t, s.data, ana); len(found) > 0 {
		t.Errorf("I32: of the erased customer there is left: %q", found)
	}
	verified(t, s.data)
	if found := left(t, s.data, ana); len(found) > 0 {
		t.Errorf("I32: after a rebuild: %q", found)
	}

	// Again, without a server: nothing is left to do.
	again := weiche(t, "erase", customers["ana"], "--data", s.data, "--yes")
	again.expect(t, exitOK)
	if !strings.Contains(again.stdout, "was erased before") {
		t.Errorf("erase says %q", again.stdout)
	}
}

// notDestroyed erases a customer and leaves the keys.
func notDestroyed(t *testing.T, data, customer string) {
	t.Helper()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	engine := router.NewEngine(router.EngineConfig{Store: f.store, Keys: f.keys})
	answer, err := router.Direct{Engine: engine}.Publish(t.Context(), channel.Source{Kind: channel.KindAgent, Account: "shop", ID: "operator"},
		&ingressv1.Batch{Items: []*ingressv1.Item{{Kind: &ingressv1.Item_Agent{Agent: &ingressv1.AgentCommand{
			Command: &ingressv1.AgentCommand_EraseCustomer{EraseCustomer: &ingressv1.EraseCustomer{CustomerId: customer}},
		}}}}})
	if err != nil || answer.GetItems()[0].GetStatus() != ingressv1.ItemStatus_ITEM_STATUS_COMMITTED {
		t.Fatalf("erase: %v, %v", answer, err)
	}
}

// TestI32Unsend takes a message back over a real webhook. Its ciphertext leaves the
// files of the log while the program runs.
func TestI32Unsend(t *testing.T) {
	s := newShop(t)
	const person = "40001"
	s.instagram(t, person, map[string]any{"mid": "m.canary", "text": "canary-unsent"})
	s.instagram(t, person, map[string]any{"mid": "m.stays", "text": "canary-stays"})
	s.stop(t)
	secret, stays := ciphertextOf(t, s.data, "canary-unsent"), ciphertextOf(t, s.data, "canary-stays")
	log, views := filepath.Join(s.data, "log"), filepath.Join(s.data, "views")
	if len(inFiles(t, log, secret)) == 0 || len(inFiles(t, views, secret)) == 0 {
		t.Fatal("the search does not find what is there")
	}
	s.start(t)
	s.instagram(t, person, map[string]any{"mid": "m.canary", "is_deleted": true})
	unsent := eventOf(t, s, func(e *eventv1.MessageUnsent) bool { return true })
	if len(unsent.GetContentEventIds()) != 1 {
		t.Errorf("the unsend names %q", unsent.GetContentEventIds())
	}
	eventually(t, "the ciphertext to leave the log", func() bool { return len(inFiles(t, log, secret)) == 0 }, func() string {
		return fmt.Sprint(inFiles(t, log, secret), "\n", &s.p.stderr)
	})
	eventually(t, "the ciphertext to leave the views", func() bool { return len(inFiles(t, views, secret)) == 0 }, func() string {
		return fmt.Sprint(inFiles(t, views, secret), "\n", &s.p.stderr)
	})
	s.stop(t)
	if files := inFiles(t, s.data, secret); len(files) > 0 {
		t.Errorf("what was taken back is in %v", files)
	}
	if len(inFiles(t, log, stays)) == 0 {
		t.Error("the other message is gone too")
	}
	verified(t, s.data)
}

// ciphertextOf returns the sealed part of the message that says something.
func ciphertextOf(t *testing.T, data, says string) []byte {
	t.Helper()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for rec, err := range f.store.ReadAll(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		event, err := router.DecodeOpened(f.keys, rec)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := event.Body.(*eventv1.MessageReceived); ok && words(e.GetSealed().GetContent()) == says {
			return bytes.Clone(rec.Sealed)
		}
	}
	t.Fatalf("nobody says %q", says)
	return nil
}

// TestI32KilledErasures kills the real program, by SIGKILL, as soon as the ledger has
// an erasure or a moment later. The next start carries it out.
func TestI32KilledErasures(t *testing.T) {
	s := newShop(t)
	kills := 6
	for n := range kills {
		s.whatsapp(t, fmt.Sprint(15_550_107_000+n), "Somebody", text(fmt.Sprint("wamid.", n), "hello"))
	}
	var customers []string
	for _, body := range s.events(t) {
		if e, ok := body.(*eventv1.CustomerCreated); ok {
			customers = append(customers, e.GetCustomerId())
		}
	}
	s.stop(t)
	underWay, before := 0, map[string]bool{}
	for n, customer := range customers {
		by := keysOf(t, s.data, customer)
		by.before = maps.Clone(before)
		maps.Copy(before, by.keys)
		p := launch(t, "(x)", "erase", customer, "--yes", "--data", s.data)
		eventually(t, "the ledger", func() bool {
			return len(inFiles(t, filepath.Join(s.data, "keyring", "store"), []byte(customer))) > 0
		}, p.stderr.String)
		<-time.After(time.Duration(n) * time.Millisecond) // each is killed at another place
		p.kill()
		if pending(t, s.data) {
			underWay++
		}
		weiche(t, "events", "--data", s.data).expect(t, exitOK)
		if pending(t, s.data) {
			t.Errorf("kill %d: the erasure is not done after a start", n)
		}
		if n == len(customers)-1 {
			weiche(t, "verify", "--data", s.data).expect(t, exitOK)
			break // nobody else is left whose content could be opened
		}
		if found := left(t, s.data, by); len(found) > 0 {
			t.Errorf("kill %d: there is left %q", n, found)
		}
	}
	if len(customers) != kills || underWay == 0 {
		t.Errorf("of %d erasures no kill hit one under way", len(customers))
	}
	t.Logf("%d of %d kills hit an erasure under way", underWay, kills)
}

// pending reports whether the ledger of a folder has an erasure that is not done.
func pending(t *testing.T, data string) bool {
	t.Helper()
	keys, err := keyring.Open(filepath.Join(data, "keyring"), keyring.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	return keys.ErasuresPending()
}
