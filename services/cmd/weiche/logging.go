package main

import (
	"log/slog"
	"os"
)

// newLogger logs to standard error what is of a level or above. The words are those
// of the settings log-level and log-format.
func newLogger(level, format string) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: withUnits}
	var from slog.Level
	if from.UnmarshalText([]byte(level)) == nil {
		options.Level = from
	}
	if format == "auto" {
		format = "json"
		if info, err := os.Stderr.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			format = "text"
		}
	}
	if format == "text" {
		return slog.New(slog.NewTextHandler(os.Stderr, options))
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, options))
}

// withUnits lets a duration say its unit in JSON as it does in text: the library writes a
// number of nanoseconds.
func withUnits(_ []string, attr slog.Attr) slog.Attr {
	if attr.Value.Kind() == slog.KindDuration {
		attr.Value = slog.StringValue(attr.Value.Duration().String())
	}
	return attr
}
