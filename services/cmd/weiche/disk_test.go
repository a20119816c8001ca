package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"weiche/eventstore/disktest"
)

// ready asks whether a server is ready, and what is wrong.
func ready(t *testing.T, url string) (bool, string) {
	t.Helper()
	response, err := http.Get(url + "/readyz")
	if err != nil {
		return false, err.Error()
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode == http.StatusOK, string(said)
}

// TestI27I28DiskFull fills the disk of a running server. Webhooks are answered 503
// before anything breaks, and with 200 again once there is room; the process is the
// same, and nothing that it answered is lost.
func TestI27I28DiskFull(t *testing.T) {
	disk, _ := disktest.Small(t, 512)
	data, filler := filepath.Join(disk, "data"), filepath.Join(disk, "filler")
	p, url := serve(t, data)
	l := newLoad(t)
	setUpLoad(t, l, data, url)
	isReady := func(want bool) func() bool {
		return func() bool { is, _ := ready(t, adminOf(t, data)); return is == want }
	}
	tell := func() string { _, said := ready(t, adminOf(t, data)); return said + p.Stderr.String() }
	eventually(t, "the server to be ready", isReady(true), tell)

	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	for range 4 {
		running.Go(func() { l.webhooks(ctx) })
	}
	answered := func(status, more int) func() bool {
		l.mu.Lock()
		from := l.statuses[status]
		l.mu.Unlock()
		return func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.statuses[status] >= from+more
		}
	}
	l.isUp(url)
	eventually(t, "webhooks to be taken", answered(http.StatusOK, 50), tell)
	for range 2 {
		fillDisk(t, filler, 24<<20)
		eventually(t, "webhooks to be refused", answered(http.StatusServiceUnavailable, 20), tell)
		eventually(t, "the server not to be ready", isReady(false), tell)
		if _, said := ready(t, adminOf(t, data)); !strings.Contains(said, "disk: too little room") {
			t.Errorf("not ready, and the reason is %q", said)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the server to be ready again", isReady(true), tell)
		eventually(t, "webhooks to be taken again", answered(http.StatusOK, 50), tell)
	}
	l.mu.Lock()
	l.quiet = true
	l.mu.Unlock()
	eventually(t, "all webhooks to be taken", func() bool { underWay, waiting := l.idle(); return underWay+waiting == 0 }, tell)
	cancel()
	running.Wait()
	p.Stop(t)

	// Whoever starts it again on a disk without room is told so.
	fillDisk(t, filler, 1<<20)
	for _, args := range [][]string{{"serve", "--data", data, "--http", "127.0.0.1:0"}, {"verify", "--data", data}} {
		weiche(t, args...).Expect(t, exitFailed, "too little room on the disk")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	weiche(t, "verify", "--data", data).Expect(t, exitOK)

	logged := weiche(t, "events", "--json", "--data", data)
	logged.Expect(t, exitOK)
	for id := range l.answered {
		if !strings.Contains(logged.Stdout, id) {
			t.Errorf("item %s was answered and is lost", id)
		}
	}
	t.Logf("answers: %v", l.statuses)
}

// fillDisk leaves some bytes of a disk.
func fillDisk(t *testing.T, path string, leave uint64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for {
		usage, err := vfs.Default.GetDiskUsage(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		if usage.AvailBytes < leave+uint64(len(block)) {
			return
		}
		if _, err := f.Write(block); err != nil {
			t.Fatal(err)
		}
	}
}
