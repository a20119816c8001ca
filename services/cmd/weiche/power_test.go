package main

import (
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"weiche/eventstore/disktest"
)

// TestI01I29Power cuts the power of the disk under a working server: what it had not
// synced by then is lost. The process is gone, too, and the disk comes back as a
// journal makes it. Everything that was answered is there, and it serves again.
func TestI01I29Power(t *testing.T) {
	cuts := 1
	if os.Getenv("WEICHE_SOAK") != "" {
		cuts = 50
	}
	disk := disktest.New(t, 512)
	data := filepath.Join(disk.Dir, "data")
	l := newLoad(t)
	graph := newProvider(t)
	graph.report = l.reported
	flags := []string{"--graph-url", graph.URL}
	p, url := serve(t, data, flags...)
	setUpLoad(t, l, data, url)
	stop := work(t, l, 4, nil)
	defer stop()
	for range cuts {
		l.isUp(url)
		await(t, l, 100)
		disk.Cut(t)
		l.isDown()
		p.Kill()
		disk.Restore(t)
		p, url = serve(t, data, flags...)
	}
	l.isUp(url)
	await(t, l, 20)
	l.isDown()
	stop()
	p.Stop(t)
	weiche(t, "verify", "--data", data).Expect(t, exitOK)

	l.mu.Lock()
	answered := maps.Clone(l.answered)
	l.mu.Unlock()
	f, err := openFolder(t.Context(), data, false, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	e := &evidence{}
	e.read(t, f)
	if err := f.close(); err != nil {
		t.Error(err)
	}
	lost := 0
	for id := range answered {
		if e.logged[id] != 1 {
			lost++
		}
	}
	if lost > 0 || len(answered) == 0 {
		t.Errorf("I01: of %d items that were answered %d are not there once", len(answered), lost)
	}
	for _, damage := range e.damages {
		t.Error(damage)
	}
	t.Logf("%d power cuts, %d items answered, none lost", cuts, len(answered))
}
