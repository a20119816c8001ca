package simulator

import (
	"net/http"
	"time"
)

// settled waits until the events of a send have been delivered, at most d.
func (s *Simulator) settled(r *http.Request, send int64, d time.Duration, stopped <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		s.mu.Lock()
		open, changed := s.outstanding[send], s.changed
		s.mu.Unlock()
		if open == 0 {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			return
		case <-stopped:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// hold waits for d, or until the client or the simulator gives up.
func hold(r *http.Request, d time.Duration, stopped <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-stopped:
	case <-r.Context().Done():
	}
}

// cut resets the connection where the server lets it, and closes it otherwise.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		_ = tcp.SetLinger(0) // without it the client sees an end instead of a reset
	}
	_ = conn.Close()
}
