package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"weiche/services/simulator"
)

// numbers are what looks like a number of a phone or an id of a person at a provider.
var numbers = regexp.MustCompile(`\b\d{9,}\b`)

// secrets returns everything that was said, every name, number and token of the
// demo and of what went wrong.
func (l *lived) secrets(t *testing.T) []string {
	t.Helper()
	secrets := []string{
		demoPerson, l.visitor, l.agent, fileText(t, tokenFile(l.server.config.Data)),
		livedUnheard, livedCaption, "Example Street", livedBadToken, strings.TrimPrefix(livedSignature, "sha256="), "secret-plan",
		"demo-verify", "Blue Shop", "15550100001",
	}
	for _, scene := range demoStory {
		for _, line := range scene.lines {
			secrets = append(secrets, line.text)
		}
	}
	for _, channel := range []string{"whatsapp", "messenger", "instagram"} {
		secrets = append(secrets, "demo-secret-"+channel, "demo-token-"+channel)
	}
	var people struct{ People []simulator.Person }
	if err := l.simulate(t.Context(), "GET", "/sim/people", nil, &people); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(people)
	if err != nil {
		t.Fatal(err)
	}
	found := numbers.FindAllString(string(text), -1)
	if len(found) < 3 {
		t.Fatalf("no numbers in %s", text)
	}
	return append(secrets, found...)
}

// foundIn returns which of the secrets stand in a text, in any writing.
func foundIn(text string, secrets []string) []string {
	return slices.DeleteFunc(slices.Clone(secrets), func(secret string) bool { return !holds(text, secret) })
}

// holds says whether a secret stands in a text. A name has to stand there as a word:
// ids have all letters.
func holds(text, secret string) bool {
	if secret == demoPerson {
		return regexp.MustCompile(`\b` + demoPerson + `\b`).MatchString(text)
	}
	return strings.Contains(strings.ToLower(text), strings.ToLower(secret))
}

// TestLogsArePrivate plays the demo, and lets go wrong what can, with a server that
// logs all it can, and looks for everything that was said, for every name, number and
// token in what it logged.
func TestLogsArePrivate(t *testing.T) {
	l := live(t)
	secrets := l.secrets(t)
	logged := l.logs.String()
	for _, secret := range foundIn(logged, secrets) {
		for line := range strings.Lines(logged) {
			if holds(line, secret) {
				t.Errorf("%q in %s", secret, line)
			}
		}
	}
	for _, want := range []string{`"msg":"call"`, `"code":"unauthenticated"`, `"procedure":"/weiche.widget.v1.WidgetService/SendMessage"`, `"msg":"request"`, "egress"} {
		if !strings.Contains(logged, want) {
			t.Errorf("nothing of %s was logged, so this shows little", want)
		}
	}

	// What a line has that gives something away is found, each of them.
	for _, secret := range secrets {
		slog.New(slog.NewJSONHandler(&l.logs, nil)).Info("told", "what", fmt.Sprintf("to %s!", secret))
	}
	if found := foundIn(l.logs.String()[len(logged):], secrets); !slices.Equal(found, secrets) {
		t.Errorf("of %q only %q would be found", secrets, found)
	}
}

// TestLogLevels says what is logged from which level on.
func TestLogLevels(t *testing.T) {
	for level, want := range map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	} {
		for _, format := range []string{"auto", "text", "json"} {
			logger := newLogger(level, format)
			if !logger.Enabled(context.Background(), want) || logger.Enabled(context.Background(), want-1) {
				t.Errorf("log-level %s, log-format %s logs from another level", level, format)
			}
		}
	}
}

// TestDurationsHaveUnits shows that a duration is logged in the same words in JSON as in
// text.
func TestDurationsHaveUnits(t *testing.T) {
	options := &slog.HandlerOptions{ReplaceAttr: withUnits}
	var asJSON, asText bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&asJSON, options), slog.NewTextHandler(&asText, options)} {
		slog.New(handler).Info("call", "took", 1500*time.Microsecond)
	}
	if !strings.Contains(asJSON.String(), `"took":"1.5ms"`) || !strings.Contains(asText.String(), "took=1.5ms") {
		t.Errorf("%s%s", asJSON.String(), asText.String())
	}
}
