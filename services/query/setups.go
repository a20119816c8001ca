package query

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/broker"
	"weiche/services/channel"
	"weiche/services/directory"
)

const (
	// lookEvery is how often the router is asked where nothing says that something
	// has changed: what was said may have been missed.
	lookEvery = 15 * time.Second
	// currentFor is how long after the last answer nothing that had to be known may
	// be missing.
	currentFor = 45 * time.Second
	// againAfter is when the router is asked again that did not answer, at first and
	// at last.
	againAfter    = 100 * time.Millisecond
	againAtLatest = 2 * time.Second
)

// Setups is the router as the source of a directory.
type Setups struct {
	broker *broker.Broker
	logger *slog.Logger
	// setup asks for the set-up, secrets for what their roles may know.
	setup   *Client
	secrets []*Client

	hint chan struct{} // holds one token when there is something to ask for
	// wanted is the position that somebody waits for, answered when the router
	// answered last, in nanoseconds since began.
	wanted   atomic.Uint64
	began    time.Time
	answered atomic.Int64

	mu sync.RWMutex
	of map[string]secrets
}

// secrets are those of one account.
type secrets struct {
	apps   map[string]appSecrets
	tokens map[string]channel.Secret
}

type appSecrets struct {
	secrets []channel.Secret
	verify  channel.Secret
}

var _ directory.Source = (*Setups)(nil)

// NewSetups returns the source for a process that has some roles.
func NewSetups(b *broker.Broker, roles []broker.Role, logger *slog.Logger) *Setups {
	s := &Setups{broker: b, logger: logger, setup: NewClient(b, roles[0]), hint: make(chan struct{}, 1), began: time.Now(), of: map[string]secrets{}}
	for _, role := range roles {
		if role == broker.RoleAPI {
			s.setup = NewClient(b, role) // which is told the most
		}
		if slices.Contains(Methods()[role], "secrets") {
			s.secrets = append(s.secrets, NewClient(b, role))
		}
	}
	return s
}

// Want has the router asked at once.
func (s *Setups) Want(position uint64) {
	for {
		wanted := s.wanted.Load()
		if position <= wanted {
			break
		}
		if s.wanted.CompareAndSwap(wanted, position) {
			break
		}
	}
	select {
	case s.hint <- struct{}{}:
	default:
	}
}

// Current says whether the router has answered not long ago.
func (s *Setups) Current() bool {
	answered := s.answered.Load()
	return answered != 0 && time.Since(s.began)-time.Duration(answered) < currentFor
}

// Follow asks the router for what has changed: whenever EVENTS says that something
// has, whenever somebody wants it, and every 15 s.
func (s *Setups) Follow(ctx context.Context, take func(directory.Update)) error {
	stop, err := s.broker.SetupChanges(s.Want)
	if err != nil {
		return err
	}
	defer stop()
	var at broker.Place
	wait := againAfter
	for told := false; ; {
		wanted := s.wanted.Load()
		update, err := s.load(ctx, at, wanted)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if !told {
				s.logger.Warn("the router does not say what is set up", "error", err)
				told = true
			}
			wait = min(2*wait, againAtLatest)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return nil
			}
			continue
		case told:
			s.logger.Info("the router says again what is set up")
		}
		told, wait = false, againAfter
		at = broker.Place{Incarnation: update.Incarnation, Position: update.Position}
		take(update)
		s.answered.Store(int64(time.Since(s.began)))
		if wanted > at.Position {
			// It is no place of this log, or not yet: who still waits wants it again.
			s.wanted.CompareAndSwap(wanted, at.Position)
		}
		select {
		case <-s.hint:
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return nil
		}
	}
}

// load asks for what has changed since a place, with the secrets of what has. The
// router waits for what is wanted, where it is about to come.
func (s *Setups) load(ctx context.Context, from broker.Place, wanted uint64) (directory.Update, error) {
	notBefore := broker.Place{Incarnation: from.Incarnation, Position: wanted}
	update, err := s.accounts(ctx, from.Position, notBefore)
	if err == nil && from.Incarnation != update.Incarnation && from.Position > 0 {
		update, err = s.accounts(ctx, 0, broker.Place{})
	}
	if err != nil {
		return directory.Update{}, err
	}
	for _, account := range update.Accounts {
		known, err := s.secretsOf(ctx, account.GetAccountId())
		if err != nil {
			return directory.Update{}, err
		}
		s.mu.Lock()
		s.of[account.GetAccountId()] = known
		s.mu.Unlock()
	}
	return update, nil
}

// accounts returns the accounts that have changed after a position.
func (s *Setups) accounts(ctx context.Context, after uint64, notBefore broker.Place) (directory.Update, error) {
	update := directory.Update{Position: after}
	for {
		said, at, err := askPlaced[queryv1.GetSetupResponse](ctx, s.setup, installation, "setup", &queryv1.GetSetupRequest{After: update.Position}, notBefore)
		if err != nil {
			return directory.Update{}, err
		}
		if update.Incarnation != "" && update.Incarnation != at.Incarnation {
			return directory.Update{}, broker.ErrUnavailable // another router came between
		}
		update.Incarnation, update.Position = at.Incarnation, said.GetPosition()
		update.Accounts = append(update.Accounts, said.GetAccounts()...)
		if !said.GetMore() {
			return update, nil
		}
	}
}

// secretsOf returns what this process may know of an account's secrets.
func (s *Setups) secretsOf(ctx context.Context, account string) (secrets, error) {
	known := secrets{apps: map[string]appSecrets{}, tokens: map[string]channel.Secret{}}
	for _, client := range s.secrets {
		said, err := ask[queryv1.GetSecretsResponse](ctx, client, account, "secrets", &queryv1.GetSecretsRequest{})
		if err != nil {
			return secrets{}, err
		}
		for _, app := range said.GetApps() {
			of := appSecrets{verify: channel.Secret(app.GetVerifyToken())}
			for _, secret := range app.GetSecrets() {
				of.secrets = append(of.secrets, channel.Secret(secret))
			}
			known.apps[app.GetAppId()] = of
		}
		for _, integration := range said.GetIntegrations() {
			known.tokens[integration.GetIntegrationId()] = channel.Secret(integration.GetAccessToken())
		}
	}
	return known, nil
}

// App returns the secrets of an app.
func (s *Setups) App(account, id string) ([]channel.Secret, channel.Secret) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	app := s.of[account].apps[id]
	return app.secrets, app.verify
}

// Token returns the token of an integration.
func (s *Setups) Token(account, integration string) channel.Secret {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.of[account].tokens[integration]
}
