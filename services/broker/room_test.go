package broker_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"weiche/services/broker"
)

// TestServersThatWillNotDo starts on servers whose settings contradict what the streams
// need: it says what is missing.
func TestServersThatWillNotDo(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*server.Options)
		err    error
		says   string
	}{
		"no JetStream":      {func(o *server.Options) { o.JetStream = false }, broker.ErrJetStream, "has none; enable it"},
		"too little memory": {func(o *server.Options) { o.JetStreamMaxMemory = 64 << 20 }, broker.ErrJetStream, "too little room"},
		"too little disk":   {func(o *server.Options) { o.JetStreamMaxStore = 1 << 20 }, broker.ErrJetStream, "too little room"},
		"small messages":    {func(o *server.Options) { o.MaxPayload = 1 << 20 }, broker.ErrPayload, "set it to 8388608"},
		"everything":        {func(*server.Options) {}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			options := &server.Options{
				Host: "127.0.0.1", Port: -1, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(),
				JetStreamMaxMemory: 256 << 20, JetStreamMaxStore: 256 << 20, MaxPayload: 8 << 20,
			}
			row.change(options)
			s, err := server.NewServer(options)
			if err != nil {
				t.Fatal(err)
			}
			s.Start()
			t.Cleanup(func() { stop(s) })
			if !s.ReadyForConnections(patience) {
				t.Fatal("the server is not ready")
			}
			b, err := broker.Start(soon(t), broker.Config{URL: s.ClientURL(), Logger: slog.New(slog.DiscardHandler)})
			if err == nil {
				b.Close()
			}
			if !errors.Is(err, row.err) || err != nil && !strings.Contains(err.Error(), row.says) {
				t.Errorf("Start = %v", err)
			}
		})
	}
}
