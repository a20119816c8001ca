package main

import (
	"net/http"

	"weiche/services/api"
)

// newAdminHandler makes what is served on the admin address: to operators, and to
// what watches over the process.
func (s *server) newAdminHandler(config api.Config) http.Handler {
	operated := s.folder.operations(config.Publisher, s.directory, s.media, s.config.logger)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", alive)
	mux.HandleFunc("GET /readyz", s.watchdog.details)
	mux.Handle("GET /metrics", s.metrics.Handler())
	mux.Handle("/", api.NewOperations(config, operated))
	return mux
}

// alive answers while the process does.
func alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}
