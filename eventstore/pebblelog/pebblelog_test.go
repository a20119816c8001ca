package pebblelog_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weiche/eventstore/pebblelog"
)

// A thousand complaints in a second are ten lines, and those of later say how many were
// not told.
func TestComplaintsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		l := pebblelog.New(slog.New(slog.NewTextHandler(&said, nil)), nil)
		for range 1000 {
			l.Errorf("background error: %v", errors.New("no such file"))
			time.Sleep(time.Millisecond)
		}
		if lines := strings.Count(said.String(), "background error: no such file"); lines != 10 {
			t.Errorf("%d lines of 1000 complaints", lines)
		}
		said.Reset()
		time.Sleep(10 * time.Second)
		l.Errorf("again")
		l.Errorf("and again")
		if lines := strings.SplitAfter(said.String(), "\n"); len(lines) != 3 ||
			!strings.Contains(lines[0], "untold=990") || strings.Contains(lines[1], "untold") {
			t.Errorf("later it says\n%s", &said)
		}
	})
}

func TestFatalfDoesNotReturn(t *testing.T) {
	var ended error
	defer func() {
		if recover() == nil || ended == nil || ended.Error() != "pebble: write: no room" {
			t.Errorf("ended with %v", ended)
		}
	}()
	pebblelog.New(slog.New(slog.DiscardHandler), func(err error) { ended = err }).Fatalf("write: %s", "no room")
}
