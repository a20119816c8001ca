package blob_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"weiche/services/blob"
	"weiche/services/channel"
)

// Files of every length around the ends of chunks are what was written, from any
// place, and read in any way.
func TestReadWhatWasWritten(t *testing.T) {
	h := newHouse(t)
	const chunk = 64 << 10
	for _, size := range []int{1, 100, chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 3*chunk + 7} {
		content := random(size)
		content[0] = 0 // which no text has
		stored := h.put(t, "ana.1", content)
		if stored.GetSize() != int64(size) || stored.GetMimeType() != "application/octet-stream" {
			t.Errorf("%d bytes are stored as %v", size, stored)
		}
		r, err := h.Read(t.Context(), "shop", "ana.1")
		if err != nil {
			t.Fatal(err)
		}
		if r.Size != int64(size) || r.Name != "a name.bin" {
			t.Errorf("%d bytes are read as %d of %q", size, r.Size, r.Name)
		}
		if err := iotest.TestReader(r, content); err != nil {
			t.Errorf("%d bytes: %v", size, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

// A file that was changed anywhere, cut off, or put in the place of another does not
// open as anything.
func TestDamageIsFound(t *testing.T) {
	h := newHouse(t)
	h.put(t, "ana.1", random(150_000))
	h.put(t, "ana.2", random(150_000))
	one, two := filepath.Join(h.dir, "blobs/shop/ana/1"), filepath.Join(h.dir, "blobs/shop/ana/2")
	whole, err := os.ReadFile(one)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(two)
	if err != nil {
		t.Fatal(err)
	}
	damaged := map[string][]byte{"another's": other, "empty": {}}
	for at := 0; at < len(whole); at += 997 {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 1
		damaged["flipped at "+string(rune('0'+at%10))+time.Duration(at).String()] = flipped
	}
	header := len(whole) - 150_000 - 3*28
	for _, end := range []int{len(whole) - 1, header, header + 64<<10 + 28, header + 2*(64<<10+28), 10} {
		damaged["cut at "+time.Duration(end).String()] = whole[:end]
	}
	found := 0
	for what, content := range damaged {
		if err := os.WriteFile(one, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.Check(t.Context(), "shop", "ana.1"); err == nil {
			t.Errorf("%s: it is read", what)
		}
		found++
	}
	if found < 100 {
		t.Errorf("only %d damages were tried", found)
	}
	if err := os.WriteFile(one, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.Check(t.Context(), "shop", "ana.1"); err != nil {
		t.Errorf("as it was: %v", err)
	}
}

// No byte of a file is readable in the folder, its name neither. After the erasure
// nothing is left, of nobody else anything is missing; and what is written in the
// middle of it is not there either.
func TestI32NothingIsLeftOfWhoWasErased(t *testing.T) {
	h := newHouse(t)
	canary := []byte("the canary sings, and nobody but its customer hears it")
	content := bytes.Repeat(canary, 4000)
	if _, err := h.Put(t.Context(), "shop", "ana.1", "canary.txt", bytes.NewReader(content), limits); err != nil {
		t.Fatal(err)
	}
	h.put(t, "ben.1", content)
	for path, file := range h.files(t) {
		if bytes.Contains(file, canary[:10]) || bytes.Contains(file, []byte("canary.txt")) {
			t.Errorf("%s has the plain text", path)
		}
	}
	// Somebody is writing while she is erased.
	began, erased := make(chan struct{}), make(chan struct{})
	late := make(chan error)
	go func() {
		_, err := h.Put(t.Context(), "shop", "ana.2", "", io.MultiReader(bytes.NewReader(content), &gate{began, erased}), limits)
		late <- err
	}()
	<-began
	if err := h.keys.Destroy(h.of["ana"]); err != nil {
		t.Fatal(err)
	}
	if err := h.RemoveCustomer(t.Context(), "shop", "ana"); err != nil {
		t.Fatal(err)
	}
	close(erased)
	if err := <-late; !errors.Is(err, blob.ErrGone) {
		t.Errorf("the late file: %v, want ErrGone", err)
	}
	left := 0
	for path := range h.files(t) {
		if strings.Contains(path, "blobs/shop/ana") {
			t.Errorf("%s is left", path)
		}
		left++
	}
	if left == 0 || !bytes.Equal(h.get(t, "ben.1"), content) {
		t.Error("the file of another is gone")
	}
	for _, id := range []string{"ana.1", "ana.2"} {
		if _, err := h.Read(t.Context(), "shop", id); !errors.Is(err, channel.ErrNoFile) {
			t.Errorf("%s: %v, want ErrNoFile", id, err)
		}
	}
}

// What is too large, of a wrong digest or cut off is not there, whatever was there
// before stays out of it.
func TestWhatFailsIsNotThere(t *testing.T) {
	h := newHouse(t)
	broken := errors.New("cut off")
	for what, try := range map[string]struct {
		from   io.Reader
		limits blob.Limits
		want   error
	}{
		"too large":  {bytes.NewReader(random(200_000)), blob.Limits{Bytes: 199_999}, blob.ErrTooLarge},
		"endless":    {endless{}, blob.Limits{Bytes: 1 << 20}, blob.ErrTooLarge},
		"digest":     {bytes.NewReader(random(10)), blob.Limits{Bytes: 10, SHA256: make([]byte, 32)}, blob.ErrDigest},
		"empty":      {bytes.NewReader(nil), limits, blob.ErrEmpty},
		"cut off":    {io.MultiReader(bytes.NewReader(random(100_000)), iotest.ErrReader(broken)), limits, broken},
		"at once":    {iotest.ErrReader(broken), limits, broken},
		"a page":     {strings.NewReader("<!DOCTYPE html><p>hi"), blob.Limits{Bytes: 100, Passive: true}, blob.ErrType},
		"a drawing":  {strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg"/>`), blob.Limits{Bytes: 100, Passive: true}, blob.ErrType},
		"a program":  {strings.NewReader("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00"), blob.Limits{Bytes: 100, Passive: true}, blob.ErrType},
		"a script":   {strings.NewReader("#!/bin/sh\nrm x"), blob.Limits{Bytes: 100, Passive: true}, blob.ErrType},
		"a document": {strings.NewReader("<?xml version=\"1.0\"?><a/>"), blob.Limits{Bytes: 100, Passive: true}, blob.ErrType},
	} {
		if _, err := h.Put(t.Context(), "shop", "ana.1", "", try.from, try.limits); !errors.Is(err, try.want) {
			t.Errorf("%s: %v, want %v", what, err, try.want)
		}
		if _, err := h.Read(t.Context(), "shop", "ana.1"); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("%s: it is there: %v", what, err)
		}
	}
	// As a channel brings them they are kept, and never shown.
	for _, page := range []string{"<!DOCTYPE html><p>hi", "%PDF-1.7\n", "PK\x03\x04zip"} {
		if stored := h.put(t, "ana.1", []byte(page)); blob.Inline(stored) {
			t.Errorf("%q is shown as %s", page, stored.GetMimeType())
		}
	}
}

// Nothing lies outside of its account and customer, whatever its id is.
func TestIDs(t *testing.T) {
	h := newHouse(t)
	h.put(t, "ana.1", []byte("hi"))
	for _, id := range []string{"", "ana", "ana.", ".1", "ana.1.1", "ana./1", "../ana.1", "ana.../1", "ana.1\x00", "nobody.1", strings.Repeat("a", 200) + ".1"} {
		if _, err := h.Put(t.Context(), "shop", id, "", strings.NewReader("x"), limits); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Put %q: %v", id, err)
		}
		if _, err := h.Read(t.Context(), "shop", id); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Read %q: %v", id, err)
		}
	}
	for _, account := range []string{"other", "", "..", "shop/ana"} {
		if _, err := h.Read(t.Context(), account, "ana.1"); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("account %q: %v", account, err)
		}
	}
	if err := h.RemoveCustomer(t.Context(), "shop", blob.Uploads); err == nil {
		t.Error("the uploads of all can be removed as a customer")
	}
}

// A day after they were written, files go that no message shows.
func TestSweep(t *testing.T) {
	h := newHouse(t)
	h.put(t, "ana.shown", []byte("hi"))
	h.put(t, "ana.unused", picture(t, 10, 10))
	h.put(t, "uploads.unused", []byte("hi"))
	shown := func(account, id string) (bool, error) { return account == "shop" && id == "ana.shown", nil }
	if n, err := h.Sweep(t.Context(), time.Now().Add(-time.Hour), shown); n != 0 || err != nil {
		t.Errorf("too early %d files are removed: %v", n, err)
	}
	if n, err := h.Sweep(t.Context(), time.Now().Add(time.Hour), shown); n != 2 || err != nil {
		t.Errorf("%d files are removed, want 2: %v", n, err)
	}
	if files := h.files(t); len(files) != 1 {
		t.Errorf("there are %d files, want one", len(files))
	}
	if n, err := h.Sweep(t.Context(), time.Now().Add(time.Hour), shown); n != 0 || err != nil {
		t.Errorf("again %d files are removed: %v", n, err)
	}
}

func TestLinks(t *testing.T) {
	h := newHouse(t)
	link := blob.Link{Account: "shop", ID: "ana.1", Conversation: "c", Audience: blob.ForVisitor, Inline: true, Expires: h.now.Add(10 * time.Minute)}
	token := h.Token(link)
	got, ok := h.ParseToken(token)
	if !ok || got.ID != "ana.1" || got.Account != "shop" || !got.Inline || got.Audience != blob.ForVisitor || got.Conversation != "c" {
		t.Errorf("the link is read as %+v, %v", got, ok)
	}
	for at := range token {
		changed := []byte(token)
		changed[at] ^= 1
		if _, ok := h.ParseToken(string(changed)); ok {
			t.Fatalf("changed at %d it is good", at)
		}
	}
	for _, none := range []string{"", ".", token + ".", token + "A", strings.Split(token, ".")[0]} {
		if _, ok := h.ParseToken(none); ok {
			t.Errorf("%q is good", none)
		}
	}
	if _, ok := newHouse(t).ParseToken(token); ok {
		t.Error("it is good elsewhere")
	}
	h.now = h.now.Add(10 * time.Minute)
	if _, ok := h.ParseToken(token); ok {
		t.Error("it is good after its time")
	}
}

// A link for a provider leads to the public address; without one there is none.
func TestFiles(t *testing.T) {
	h := newHouse(t)
	h.put(t, "ana.1", []byte("hello"))
	var files channel.Files = h.Store
	file, err := files.Open(t.Context(), "shop", "ana.1")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if content, err := io.ReadAll(file); string(content) != "hello" || err != nil || file.Size != 5 || file.MIMEType != "text/plain" {
		t.Errorf("%q of %+v: %v", content, file, err)
	}
	customer, media := strings.Repeat("0", 26), strings.Repeat("1", 26)
	link, ok := files.Link("shop", customer+"."+media, time.Hour)
	token, found := strings.CutPrefix(link, "https://weiche.example/media/")
	if got, good := h.ParseToken(token); !ok || !found || !good || got.Audience != blob.ForProvider || len(link) > channel.LinkLength {
		t.Errorf("link %q, %v", link, ok)
	}
	h.PublicURL = ""
	if _, ok := files.Link("shop", "ana.1", time.Hour); ok {
		t.Error("there is a link to nowhere")
	}
}

func TestNames(t *testing.T) {
	h := newHouse(t)
	for given, want := range map[string]string{
		"../../etc/passwd": "passwd", `C:\x\report.pdf`: "report.pdf", "a\r\nb\x00.txt": "ab.txt", "photo\u202egpj.exe": "photogpj.exe",
		strings.Repeat("ä", 300): strings.Repeat("ä", 100), " . ": "", `a"b;c.txt`: "abc.txt", "\xff\xfe": "",
	} {
		if _, err := h.Put(t.Context(), "shop", "ana.1", given, strings.NewReader("x"), limits); err != nil {
			t.Fatal(err)
		}
		r, err := h.Read(t.Context(), "shop", "ana.1")
		if err != nil {
			t.Fatal(err)
		}
		if r.Name != want {
			t.Errorf("%q is kept as %q, want %q", given, r.Name, want)
		}
		r.Close()
	}
}

// While the disk is nearly full no file is written, and those that are there are read.
func TestAFullDiskTakesNoFiles(t *testing.T) {
	h := newHouse(t)
	h.put(t, "ana.1", []byte("before"))
	full := true
	h.Full = func() bool { return full }
	if _, err := h.Put(t.Context(), "shop", "ana.2", "", strings.NewReader("meanwhile"), limits); !errors.Is(err, blob.ErrFull) {
		t.Errorf("Put = %v", err)
	}
	if got := h.get(t, "ana.1"); string(got) != "before" {
		t.Errorf("it holds %q", got)
	}
	full = false
	h.put(t, "ana.2", []byte("after"))
}
