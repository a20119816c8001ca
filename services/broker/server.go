package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// embedded is a server in this process that listens nowhere.
type embedded struct {
	server *server.Server
	remove string // a temporary folder
}

func startEmbedded(config Config) (*embedded, error) {
	e := &embedded{}
	dir := config.Dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "weiche-broker-"); err != nil {
			return nil, fmt.Errorf("broker: %w", err)
		}
		e.remove = dir
	}
	limits := config.Limits
	s, err := server.NewServer(&server.Options{
		ServerName:             "weiche",
		DontListen:             true,
		NoSigs:                 true,
		NoSystemAccount:        true, // nobody could connect to it
		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               dir,
		JetStreamMaxMemory:     limits.IngressBytes + limits.OutcomesBytes + limits.EgressBytes + limits.FetchBytes + limits.EventsBytes + leaseBytes,
		JetStreamMaxStore:      1 << 20, // nothing is kept in files
		MaxPayload:             maxPayload,
		MaxPending:             8 * maxPayload,
	})
	if err != nil {
		e.stop()
		return nil, fmt.Errorf("broker: embedded server: %w", err)
	}
	e.server = s
	s.SetLoggerV2(serverLog{config.Logger}, false, false, false)
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		e.stop()
		return nil, errors.New("broker: the embedded server was not ready within 10 s")
	}
	return e, nil
}

func (e *embedded) stop() {
	if e.server != nil {
		e.server.Shutdown()
		e.server.WaitForShutdown()
	}
	if e.remove != "" {
		os.RemoveAll(e.remove)
	}
}

// serverLog gives the server's words to a slog.Logger. What the server calls a
// notice is of no use to an operator who does not run it, and becomes Debug.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) { l.logf(slog.LevelDebug, format, v) }
func (l serverLog) Warnf(format string, v ...any)   { l.logf(slog.LevelWarn, format, v) }
func (l serverLog) Fatalf(format string, v ...any)  { l.logf(slog.LevelError, format, v) }
func (l serverLog) Errorf(format string, v ...any)  { l.logf(slog.LevelError, format, v) }
func (l serverLog) Debugf(format string, v ...any)  { l.logf(slog.LevelDebug, format, v) }
func (l serverLog) Tracef(format string, v ...any)  { l.logf(slog.LevelDebug, format, v) }

func (l serverLog) logf(level slog.Level, format string, v []any) {
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "broker: server: "+fmt.Sprintf(format, v...))
	}
}
