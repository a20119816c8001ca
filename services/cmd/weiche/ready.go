package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// health is how a server does, as GET /readyz on the admin address says it.
type health struct {
	// Ready says whether it can do its work; Problems are why not, Warnings what
	// somebody should look at all the same.
	Ready    bool     `json:"ready"`
	Problems []string `json:"problems"`
	Warnings []string `json:"warnings"`

	Log       logHealth        `json:"log"`
	Followers []followerHealth `json:"followers"`
	Broker    struct {
		Connected bool `json:"connected"`
	} `json:"broker"`
	Disk diskHealth `json:"disk"`
}

type logHealth struct {
	Position uint64 `json:"position"`
	// SlowestCommitSeconds is that of the last minute; WaitingSeconds is how long the
	// commit or the decision that is under way has taken.
	SlowestCommitSeconds float64 `json:"slowest_commit_seconds"`
	WaitingSeconds       float64 `json:"waiting_seconds"`
}

type followerHealth struct {
	Name                   string  `json:"name"`
	Position               uint64  `json:"position"`
	Behind                 uint64  `json:"behind"`
	WithoutProgressSeconds float64 `json:"without_progress_seconds"`
}

type diskHealth struct {
	Full       bool   `json:"full"`
	FreeBytes  uint64 `json:"free_bytes"`
	TotalBytes uint64 `json:"total_bytes"`
}

// health is what was seen last.
func (w *watchdog) health() health {
	told := w.told.Load()
	if told == nil {
		return health{Problems: []string{"starting"}}
	}
	h := *told
	if h.Ready && w.warnings != nil {
		h.Warnings = w.warnings()
	}
	return h
}

// retrySoon is how many seconds whoever asks a server that is not ready waits.
const retrySoon = "5"

// ServeHTTP says whether the server can do its work, and nothing else: 200 or 503.
// It is for load balancers, which reach it where everybody can.
func (w *watchdog) ServeHTTP(rw http.ResponseWriter, _ *http.Request) {
	if !w.begin(rw, "text/plain; charset=utf-8", w.health().Ready) {
		fmt.Fprintln(rw, "not ready")
		return
	}
	fmt.Fprintln(rw, "ready")
}

// details says how the server does, as JSON to who asks for that, with the same
// status.
func (w *watchdog) details(rw http.ResponseWriter, r *http.Request) {
	h := w.health()
	if strings.Contains(r.Header.Get("Accept"), "application/json") {
		// A list of none is a list.
		h.Problems, h.Warnings, h.Followers = listed(h.Problems), listed(h.Warnings), listed(h.Followers)
		w.begin(rw, "application/json", h.Ready)
		_ = json.NewEncoder(rw).Encode(h)
		return
	}
	w.begin(rw, "text/plain; charset=utf-8", h.Ready)
	_, _ = rw.Write([]byte(h.String()))
}

// listed is a list that is no null in JSON.
func listed[T any](list []T) []T { return append([]T{}, list...) }

// begin writes the status, and returns whether the server is ready.
func (w *watchdog) begin(rw http.ResponseWriter, contentType string, ready bool) bool {
	rw.Header().Set("Content-Type", contentType)
	rw.Header().Set("Cache-Control", "no-store")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	if !ready {
		rw.Header().Set("Retry-After", retrySoon)
		rw.WriteHeader(http.StatusServiceUnavailable)
	}
	return ready
}

// String is for people: first whether the server is ready, then what is wrong, then
// what there is to know.
func (h health) String() string {
	var b strings.Builder
	if h.Ready {
		fmt.Fprintln(&b, "ready")
	} else {
		fmt.Fprintln(&b, "not ready")
	}
	for _, problem := range h.Problems {
		fmt.Fprintln(&b, "problem:", problem)
	}
	for _, warning := range h.Warnings {
		fmt.Fprintln(&b, "warning:", warning)
	}
	if h.Followers != nil {
		fmt.Fprintf(&b, "log: position %d, slowest commit of the last minute %.3fs\n", h.Log.Position, h.Log.SlowestCommitSeconds)
	}
	for _, f := range h.Followers {
		fmt.Fprintf(&b, "%s: position %d, %d behind\n", f.Name, f.Position, f.Behind)
	}
	if h.Broker.Connected {
		fmt.Fprintln(&b, "broker: connected")
	}
	if h.Disk.TotalBytes > 0 {
		fmt.Fprintf(&b, "disk: %d of %d bytes free\n", h.Disk.FreeBytes, h.Disk.TotalBytes)
	}
	return b.String()
}
