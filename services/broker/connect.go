package broker

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats.go"
)

// connect makes one of the two connections, which comes back by itself.
func (b *Broker) connect(purpose string, lost, reconnected func()) (*nats.Conn, error) {
	log := b.config.Logger.With("connection", purpose)
	options := []nats.Option{
		nats.Name(b.config.Name + " " + purpose),
		nats.CustomInboxPrefix(inboxPrefix + userOf(b.config.Roles)),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(100*time.Millisecond, time.Second),
		// What cannot be sent now is the caller's to repeat, not the client's.
		nats.ReconnectBufSize(-1),
		nats.PingInterval(20 * time.Second),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			if b.closing.Err() == nil {
				log.Warn("broker: connection lost", "error", err)
			}
			lost()
		}),
		nats.ReconnectHandler(func(*nats.Conn) {
			log.Info("broker: connected again")
			reconnected()
		}),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			log.Error("broker: connection", "error", err)
		}),
	}
	if b.server != nil {
		options = append(options, nats.InProcessServer(b.server.server))
	}
	if b.config.Credentials != "" {
		credentials, err := credentialsIn(b.config.Credentials)
		if err != nil {
			return nil, err
		}
		options = append(options, credentials)
	}
	conn, err := nats.Connect(b.config.URL, options...)
	if err != nil {
		return nil, fmt.Errorf("broker: connect to %s: %w", b.where(), err)
	}
	return conn, nil
}

// credentialsIn returns what a file says of who this is.
func credentialsIn(path string) (nats.Option, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("broker: credentials: %w", err)
	}
	if bytes.Contains(text, []byte("BEGIN NATS USER JWT")) {
		return nats.UserCredentials(path), nil
	}
	option, err := nats.NkeyOptionFromSeed(path)
	if err != nil {
		return nil, fmt.Errorf("broker: credentials: %s holds neither NATS credentials nor the seed of an nkey: %w", path, err)
	}
	return option, nil
}
