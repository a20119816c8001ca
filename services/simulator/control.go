package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	maxControlBody = 4 << 20
	maxPhoneBody   = largest + largest/2 // a file in base64
)

// handler does one thing of the control API. What it returns is the JSON of
// the answer, also next to ErrTimeout.
type handler func(r *http.Request) (any, error)

func (s *Simulator) routes(trusted []string) (http.Handler, error) {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /sim/config":                         s.getConfig,
		"PUT /sim/config":                         s.putConfig,
		"PATCH /sim/config":                       s.patchConfig,
		"GET /sim/integrations":                   s.getIntegrations,
		"PUT /sim/apps/{id}/callback":             s.putCallback,
		"POST /sim/apps/{id}/verify":              s.postVerify,
		"POST /sim/apps/{id}/webhook":             s.postWebhook,
		"GET /sim/people":                         s.getPeople,
		"POST /sim/people":                        s.postPerson,
		"GET /sim/people/{name}/threads":          s.getThreads,
		"POST /sim/people/{name}/open":            s.postOpen,
		"POST /sim/people/{name}/send":            s.postSend,
		"POST /sim/people/{name}/tap":             s.postTap,
		"POST /sim/people/{name}/read":            s.postRead,
		"POST /sim/people/{name}/react":           s.postReact,
		"POST /sim/people/{name}/edit":            s.postEdit,
		"POST /sim/people/{name}/unsend":          s.postUnsend,
		"POST /sim/people/{name}/change-number":   s.postChangeNumber,
		"POST /sim/people/{name}/identity":        s.postIdentity,
		"POST /sim/people/{name}/event":           s.postEvent,
		"POST /sim/integrations/{id}/native":      s.postNative,
		"POST /sim/integrations/{id}/test":        s.postTest,
		"POST /sim/integrations/{id}/unsubscribe": s.postUnsubscribe,
		"GET /sim/subscriptions":                  s.getSubscriptions,
		"POST /sim/apps/{id}/malformed":           s.postMalformed,
		"GET /sim/media":                          s.getDownloads,
		"POST /sim/integrations/{id}/token":       s.postToken,
		"GET /sim/faults":                         s.getFaults,
		"PUT /sim/faults":                         s.putFaults,
		"POST /sim/faults":                        s.postFault,
		"DELETE /sim/faults/{id}":                 s.deleteFault,
		"GET /sim/sends":                          s.getSends,
		"GET /sim/calls":                          s.getCalls,
		"GET /sim/deliveries":                     s.getDeliveries,
		"POST /sim/deliveries/{id}/redeliver":     s.postRedeliver,
		"GET /sim/idle":                           s.getIdle,
		"GET /sim/clock":                          s.getClock,
		"POST /sim/clock":                         s.postClock,
		"POST /sim/reset":                         s.postReset,
	} {
		mux.HandleFunc(pattern, serve(h))
	}
	mux.HandleFunc("GET /sim/media/{id}", s.getMedia)
	if err := addPage(mux); err != nil {
		return nil, err
	}
	mux.HandleFunc("/sim/", serve(func(r *http.Request) (any, error) {
		return nil, notFound("%s %s", r.Method, r.URL.Path)
	}))
	guard := http.NewCrossOriginProtection()
	for _, origin := range trusted {
		if err := guard.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	root := http.NewServeMux()
	root.Handle("/sim/", guard.Handler(mux))
	root.HandleFunc("/media/", s.serveMedia)
	root.HandleFunc("GET /picture/", servePicture)
	root.HandleFunc("/", s.serveGraph)
	return s.see(root), nil
}

func serve(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		limit := int64(maxControlBody)
		if strings.HasSuffix(r.URL.Path, "/send") || strings.HasSuffix(r.URL.Path, "/native") {
			limit = maxPhoneBody
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		out, err := h(r)
		status := statusOf(err)
		if err != nil {
			// Whoever reads this has no packages.
			failure := map[string]any{"error": strings.TrimPrefix(err.Error(), "simulator: ")}
			if out != nil && errors.Is(err, ErrTimeout) {
				failure["state"] = out
			}
			out = failure
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(out) // a client that left loses only its answer
	}
}

// statusOf chooses the status of every control answer.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, ErrExists):
		return http.StatusConflict
	case errors.Is(err, ErrTimeout):
		return http.StatusGatewayTimeout
	case errors.As(err, &tooLarge):
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusBadRequest
}

// read decodes the body into v and refuses unknown fields. An empty body
// leaves v as it is.
func read(r *http.Request, v any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: body: %w", ErrInvalid, err)
	}
	return nil
}

// waiting returns a context that ends after the request's timeout parameter,
// or at once if there is none.
func waiting(r *http.Request) (context.Context, context.CancelFunc, error) {
	text := r.URL.Query().Get("timeout")
	if text == "" {
		text = "0s"
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return nil, nil, invalid("timeout %q", text)
	}
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return ctx, cancel, nil
}

// whole reads a number from the query, 0 if it is not there.
func whole(r *http.Request, name string) (int64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, invalid("%s %q is no whole number", name, text)
	}
	return n, nil
}

type done struct {
	OK bool `json:"ok"`
}
