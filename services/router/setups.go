package router

import (
	"context"
	"maps"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"weiche/eventstore"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	queryv1 "weiche/proto/gen/weiche/query/v1"
	"weiche/services/channel"
	"weiche/services/conversation"
	"weiche/services/directory"
	"weiche/services/keyring"
)

// NewDirectory returns the directory of a log, as it stands now. Its Run follows the
// log.
func NewDirectory(ctx context.Context, store *eventstore.Store, keys *keyring.Keyring) (*directory.Directory, error) {
	s := &setups{store: store, keys: keys, state: conversation.NewState(), folded: map[string]uint64{}}
	update := directory.Update{Incarnation: store.Incarnation(), Position: store.Durable()}
	accounts, err := Accounts(ctx, store)
	if err != nil {
		return nil, err
	}
	for _, account := range accounts {
		for _, category := range []string{conversation.CategoryAccount, conversation.CategoryAccess} {
			if err := s.read(ctx, eventstore.Stream{Account: account, Category: category, ID: account}); err != nil {
				return nil, err
			}
		}
		update.Accounts = append(update.Accounts, s.snapshot(account))
	}
	s.from = update.Position + 1
	d := directory.New(s)
	d.Take(update)
	return d, nil
}

// Accounts returns the accounts of a log in the order of their ids.
func Accounts(ctx context.Context, store *eventstore.Store) ([]string, error) {
	var accounts []string
	for hit, err := range store.IndexScan(ctx, installation, indexAccount, nil, nil) {
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, string(hit.Key))
	}
	return accounts, nil
}

// setups is the log and the keyring as the source of a directory.
type setups struct {
	store *eventstore.Store
	keys  *keyring.Keyring
	from  uint64
	// state is what is set up and who may come in, folded as far as the position of
	// each account says.
	state  *conversation.State
	folded map[string]uint64
}

// Follow follows the log.
func (s *setups) Follow(ctx context.Context, take func(directory.Update)) error {
	incarnation := s.store.Incarnation()
	for rec, err := range s.store.Subscribe(ctx, s.from) {
		if err != nil {
			return ended(ctx, err)
		}
		update := directory.Update{Incarnation: incarnation, Position: rec.Position}
		if setsUp(rec.Stream) {
			if err := s.fold(rec); err != nil {
				return err
			}
			update.Accounts = []*queryv1.AccountSnapshot{s.snapshot(rec.Stream.Account)}
		}
		take(update)
	}
	return nil
}

// setsUp says whether a snapshot of the account is made of what a stream holds.
func setsUp(stream eventstore.Stream) bool {
	return stream.Category == conversation.CategoryAccount || stream.Category == conversation.CategoryAccess
}

// Want does nothing: what follows the log gets there by itself.
func (s *setups) Want(uint64) {}

// Current is always so.
func (s *setups) Current() bool { return true }

// App returns the secrets of an app. Those that cannot be read are none.
func (s *setups) App(account, id string) (secrets []channel.Secret, verify channel.Secret) {
	secrets, _ = s.keys.Secrets(account, OwnerApp(id), SecretApp)
	verify, _, _ = s.keys.Secret(account, OwnerApp(id), SecretVerify)
	return secrets, verify
}

// Token returns the token of an integration.
func (s *setups) Token(account, integration string) channel.Secret {
	token, _, _ := s.keys.Secret(account, OwnerIntegration(integration), SecretToken)
	return token
}

// read folds a stream.
func (s *setups) read(ctx context.Context, stream eventstore.Stream) error {
	for rec, err := range s.store.ReadStream(ctx, stream, 1) {
		if err != nil {
			return err
		}
		if err := s.fold(rec); err != nil {
			return err
		}
	}
	return nil
}

// fold folds one record. What was read at the start is not folded again.
func (s *setups) fold(rec *eventstore.Record) error {
	event, err := Decode(rec)
	if err != nil {
		return err
	}
	conversation.Evolve(s.state, event)
	s.state.Forget(0)
	s.folded[rec.Stream.Account] = max(s.folded[rec.Stream.Account], rec.Position)
	return nil
}

// snapshot returns an account as it is folded.
func (s *setups) snapshot(account string) *queryv1.AccountSnapshot {
	snapshot := &queryv1.AccountSnapshot{AccountId: account, Position: s.folded[account]}
	if setup := s.state.Account(account); setup != nil {
		setupOf(setup, snapshot)
	}
	if access := s.state.Access(account); access != nil {
		accessOf(access, snapshot)
	}
	return snapshot
}

// setupOf puts a folded account into its snapshot.
func setupOf(setup *conversation.Account, s *queryv1.AccountSnapshot) {
	s.Name, s.BoundElsewhere = setup.Name, setup.BoundElsewhere
	for _, id := range slices.Sorted(maps.Keys(setup.Apps)) {
		s.Apps = append(s.Apps, setup.Apps[id])
	}
	for _, id := range slices.Sorted(maps.Keys(setup.Integrations)) {
		s.Integrations = append(s.Integrations, setup.Integrations[id])
	}
	for _, id := range slices.Sorted(maps.Keys(setup.Widgets)) {
		widget := setup.Widgets[id]
		shown := &queryv1.Widget{Config: widget.Config, Offers: slices.Sorted(maps.Keys(widget.Offers))}
		for _, integration := range slices.Sorted(maps.Keys(widget.Withdrawn)) {
			last := widget.Withdrawn[integration]
			shown.Withdrawals = append(shown.Withdrawals, &queryv1.Withdrawal{
				IntegrationId: integration, WithdrawnAt: timestamppb.New(last.At), Position: last.Position,
			})
		}
		s.Widgets = append(s.Widgets, shown)
	}
	for _, id := range slices.Sorted(maps.Keys(setup.Settings)) {
		s.Versions = append(s.Versions, settingsVersion(id, setup.Settings[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(setup.Unhealthy)) {
		unhealthy := setup.Unhealthy[id]
		s.Unhealthy = append(s.Unhealthy, &queryv1.Unhealthy{IntegrationId: id, Error: unhealthy.Error, Since: timestamppb.New(unhealthy.Since)})
	}
	for _, id := range slices.Sorted(maps.Keys(setup.Agents)) {
		s.Agents = append(s.Agents, &queryv1.Agent{
			AgentId: id, Name: setup.Agents[id].GetName(), Role: setup.Agents[id].GetRole(), Login: setup.Agents[id].GetLogin(),
		})
	}
}

// settingsVersion says how the settings of an integration or a widget stand.
func settingsVersion(id string, s conversation.Settings) *ingressv1.SettingsVersion {
	return &ingressv1.SettingsVersion{
		IntegrationId: id, Version: s.Version, ChangedBy: s.By, ChangedAt: timestamppb.New(s.At),
	}
}
