package projections

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// damagedFolder is a closed folder with tables of more than one level, and its log.
type damagedFolder struct {
	log   *memoryLog
	files map[string][]byte
	want  map[string]string
}

func newDamagedFolder(t *testing.T) *damagedFolder {
	t.Helper()
	r, fs := rand.New(rand.NewPCG(5, 5)), vfs.NewMem()
	d := &damagedFolder{log: newLog("one"), files: map[string][]byte{}}
	for life := range 3 {
		v, err := Open("views", Options{FS: fs})
		if err != nil {
			t.Fatal(err)
		}
		// Enough that no opening reads all of it.
		for n := range 1500 {
			conversation := fmt.Sprintf("c%d", r.IntN(20))
			d.log.add("conversation", conversation, &eventv1.MessageReceived{
				MessageId: fmt.Sprintf("m%d-%d", life, n), ConversationId: conversation, CustomerId: "ana",
				IdentityId: "p-widget", IntegrationId: "i-widget", Channel: "widget",
				Sealed: &eventv1.MessageReceived_Sealed{Content: text("hello")},
			})
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- v.Run(ctx, d.log) }()
		if err := v.WaitFor(t.Context(), d.log.Durable()); err != nil {
			t.Fatal(err)
		}
		d.want = digests(t, v)
		cancel()
		<-done
		if life == 1 {
			if err := v.db.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := v.db.Compact(t.Context(), []byte{0}, []byte{0xff}, false); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := fs.List("views")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		f, err := fs.Open(fs.PathJoin("views", name))
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		d.files[name] = content
	}
	return d
}

// warnings collects what is logged.
type warnings struct {
	sync.Mutex
	bytes.Buffer
}

func (w *warnings) Write(b []byte) (int, error) {
	w.Lock()
	defer w.Unlock()
	return w.Buffer.Write(b)
}

func (w *warnings) has(what string) bool {
	w.Lock()
	defer w.Unlock()
	return strings.Contains(w.String(), what)
}

// try opens the folder with one file changed, nil for none of that name, and
// reads all of it. It says whether the damage was "found at opening", "found
// later", or "without effect"; anything else is an error.
func (d *damagedFolder) try(t *testing.T, name string, content []byte) string {
	t.Helper()
	fs := vfs.NewMem()
	if err := fs.MkdirAll("views", 0o755); err != nil {
		t.Fatal(err)
	}
	for n, b := range d.files {
		if n == name {
			if b = content; content == nil {
				continue
			}
		}
		f, err := fs.Create(fs.PathJoin("views", n), vfs.WriteCategoryUnspecified)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.Write(slices.Clone(b))
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
	}
	var told warnings
	options := Options{
		FS: fs, Logger: slog.New(slog.NewTextHandler(&told, nil)),
		Fatal: func(err error) { t.Errorf("%s: the process ends: %v", name, err) },
	}
	v, err := Open("views", options)
	if err != nil {
		t.Fatalf("%s: Open: %v", name, err)
	}
	outcome := "without effect"
	if told.has("thrown away") {
		outcome = "found at opening"
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	inner, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- v.Run(inner, d.log) }()
	got := map[string]string{}
	for range 3 {
		if err := v.WaitFor(ctx, d.log.Durable()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		err = nil
		for _, p := range All() {
			sum, e := v.Digest(ctx, p.Name)
			if err = errors.Join(err, e); e == nil {
				got[p.Name] = string(sum[:])
			}
		}
		if err == nil {
			break
		}
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNotReady) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err != nil {
		t.Fatalf("%s: it does not end: %v", name, err)
	}
	if outcome == "without effect" && told.has("thrown away") {
		outcome = "found later"
	}
	if diff := cmp.Diff(d.want, digests(t, v)); diff != "" {
		t.Errorf("%s (%s): the rows differ (-want +got):\n%s", name, outcome, diff)
	}
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("%s: Run: %v", name, err)
	}
	if err := v.Close(); err != nil {
		t.Errorf("%s: Close: %v", name, err)
	}
	// Damage of what no row is on any more may be found at the end, and is left
	// to the next start.
	if _, err := fs.Stat("views/" + damageName); outcome != "without effect" && !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s: a note of damage is left: %v", name, err)
	}
	return outcome
}

// One bit, anywhere in any file of a closed folder, and each file cut or gone:
// the views are thrown away and built anew, or show the log as before.
func TestDamagedFolderIsBuiltAnew(t *testing.T) {
	d := newDamagedFolder(t)
	flips := 6
	if os.Getenv("WEICHE_SOAK") != "" {
		flips = 400
	}
	r := rand.New(rand.NewPCG(1, 2))
	counted := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		content := d.files[name]
		kind, _, _ := strings.Cut(name, "-")
		if strings.HasSuffix(name, ".sst") {
			kind = "table"
		}
		for range min(flips, len(content)*8) {
			bit := r.IntN(len(content) * 8)
			flipped := slices.Clone(content)
			flipped[bit/8] ^= 1 << (bit % 8)
			counted[kind+" flipped, "+d.try(t, name, flipped)]++
		}
		if len(content) > 0 {
			counted[kind+" cut, "+d.try(t, name, content[:r.IntN(len(content))])]++
		}
		counted[kind+" gone, "+d.try(t, name, nil)]++
	}
	for _, outcome := range slices.Sorted(maps.Keys(counted)) {
		t.Logf("%4d %s", counted[outcome], outcome)
	}
	for _, outcome := range []string{"table flipped, found later", "table cut, found at opening", "MANIFEST flipped, found at opening"} {
		if counted[outcome] == 0 {
			t.Errorf("no %s: the test shows too little", outcome)
		}
	}
}

// What only a reader comes upon is mended at the next start, where nobody follows
// the log.
func TestDamageThatAReaderFindsIsMendedAtTheNextStart(t *testing.T) {
	fs, log := vfs.NewMem(), newLog("one")
	dialogue(t, log)
	var told warnings
	options := Options{FS: fs, Opener: log.keys.open, Logger: slog.New(slog.NewTextHandler(&told, nil))}
	v, err := Open("views", options)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	want := digests(t, v)
	// A row that Pebble gives as it got it, and that is no message.
	if err := v.db.Set(append(rowsOfLive(v, RouteName), rowKey("acme", "c1", kindRoute)...), []byte{0xff}, pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Route(t.Context(), "acme", "c1"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("Route: %v, want ErrCorrupt", err)
	}
	if _, err := v.Timeline(t.Context(), "acme", "c1", Page{}); !errors.Is(err, ErrNotReady) {
		t.Errorf("Timeline after that: %v, want ErrNotReady", err)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if v, err = Open("views", options); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	if !told.has("thrown away") || !told.has("route of conversation c1 of account acme") {
		t.Errorf("the log says\n%s", told.String())
	}
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, digests(t, v)); diff != "" {
		t.Errorf("rows differ:\n%s", diff)
	}
}

// refusingFS refuses to list or to open what is in the folder, with an error of
// the system's.
type refusingFS struct {
	vfs.FS
	err     error
	refused int
}

func (fs *refusingFS) Open(name string, opts ...vfs.OpenOption) (vfs.File, error) {
	if strings.HasSuffix(name, ".sst") || strings.Contains(name, "MANIFEST-") {
		fs.refused++
		return nil, &os.PathError{Op: "open", Path: name, Err: fs.err}
	}
	return fs.FS.Open(name, opts...)
}

func (fs *refusingFS) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if fs.err == syscall.ENOSPC {
		fs.refused++
		return nil, &os.PathError{Op: "create", Path: name, Err: fs.err}
	}
	return fs.FS.Create(name, c)
}

// What the system refuses is no damage: nothing is thrown away.
func TestWhatIsNoDamageIsAnError(t *testing.T) {
	mem, log := vfs.NewMem(), newLog("one")
	dialogue(t, log)
	v, err := Open("views", Options{FS: mem})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	want := digests(t, v)
	if _, err := Open("views", Options{FS: mem}); err == nil {
		t.Error("a folder in use was opened")
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	for _, number := range []syscall.Errno{syscall.EACCES, syscall.EMFILE, syscall.EIO, syscall.ENOSPC} {
		fs := &refusingFS{FS: mem, err: number}
		var told warnings
		_, err := Open("views", Options{FS: fs, Logger: slog.New(slog.NewTextHandler(&told, nil))})
		if !errors.Is(err, number) || fs.refused == 0 {
			t.Errorf("Open: %v after %d refusals, want %v", err, fs.refused, number)
		}
		if told.has("thrown away") {
			t.Errorf("%v: the views were thrown away", number)
		}
	}
	v = open(t, mem, log)
	if diff := cmp.Diff(want, readyDigests(t, v, log)); diff != "" {
		t.Errorf("the rows changed:\n%s", diff)
	}
}
