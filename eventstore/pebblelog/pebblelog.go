// Package pebblelog hands on what Pebble says of itself. Pebble tries what has failed in
// the background again at once and without end, and complains each time: on a disk that
// is gone, that alone would fill the next one.
package pebblelog

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

const (
	// most is how many complaints are told in a time of each.
	most = 10
	each = 10 * time.Second
)

var _ pebble.Logger = (*Logger)(nil)

// Logger is a pebble.Logger. Its methods may be called concurrently.
type Logger struct {
	logger *slog.Logger
	fatal  func(error)

	mu     sync.Mutex
	since  time.Time // when the first of those that were told was
	told   int
	untold int // since the last that was told
}

// New returns a Logger for what is said to logger. When a write to a log or a manifest
// has failed, fatal is called, which must not return: Pebble relies on that.
func New(logger *slog.Logger, fatal func(error)) *Logger {
	return &Logger{logger: logger, fatal: fatal}
}

// Infof says something at level Debug.
func (l *Logger) Infof(format string, args ...any) {
	l.logger.Debug("pebble: " + fmt.Sprintf(format, args...))
}

// Errorf complains. Of many complaints in a short time the first few are told, and
// later how many were not.
func (l *Logger) Errorf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.since) >= each {
		l.since, l.told = now, 0
	}
	if l.told == most {
		l.untold++
		return
	}
	l.told++
	var more []any
	if l.untold > 0 {
		more = []any{"untold", l.untold}
	}
	l.untold = 0
	l.logger.Error("pebble: "+fmt.Sprintf(format, args...), more...)
}

// Fatalf ends the process.
func (l *Logger) Fatalf(format string, args ...any) {
	l.fatal(fmt.Errorf("pebble: "+format, args...))
	panic("pebblelog: fatal returned")
}
