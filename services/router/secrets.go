package router

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/conversation"
)

// setup takes the secrets out of a set-up and puts their fingerprints into the
// command: the log never sees a secret. The keyring gets them once the set-up is
// accepted, before it is written down.
func (t *translation) setup(by string, setup *ingressv1.ApplySetup) (conversation.Command, error) {
	command := &conversation.ApplySetup{
		Header: t.header, Setup: proto.CloneOf(setup), By: by, Fingerprints: map[string][]*eventv1.SecretFingerprint{},
	}
	var puts []func() error
	take := func(owner, field string, values ...string) {
		values = slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
		if len(values) == 0 {
			return
		}
		for _, value := range values {
			command.Fingerprints[owner] = append(command.Fingerprints[owner], &eventv1.SecretFingerprint{
				Field: field, Fingerprint: t.engine.keys.Fingerprint(t.source.Account, owner, field, value),
			})
		}
		puts = append(puts, func() error {
			return t.engine.keys.PutSecrets(t.source.Account, owner, field, values)
		})
	}
	for _, app := range command.Setup.GetApps() {
		take(OwnerApp(app.GetId()), SecretApp, app.GetAppSecrets()...)
		take(OwnerApp(app.GetId()), SecretVerify, app.GetVerifyToken())
		app.AppSecrets, app.VerifyToken = nil, ""
	}
	for _, integration := range command.Setup.GetIntegrations() {
		take(OwnerIntegration(integration.GetId()), SecretToken, integration.GetAccessToken())
		integration.AccessToken = ""
	}
	takeKey := func(widgetID string, key *ingressv1.VisitorKeySetup) error {
		if secret := key.GetSecret(); secret != "" && len(secret) < minVisitorSecret {
			return fmt.Errorf("widget %q: the secret of the key %q is shorter than %d bytes", widgetID, key.GetId(), minVisitorSecret)
		}
		take(OwnerWidget(widgetID), key.GetId(), key.GetSecret())
		key.Secret = ""
		return nil
	}
	for _, widget := range command.Setup.GetWidgets() {
		for _, key := range widget.GetVisitorKeys() {
			if err := takeKey(widget.GetId(), key); err != nil {
				return nil, err
			}
		}
	}
	for _, change := range command.Setup.GetVisitorKeys() {
		if change.GetRemove() {
			puts = append(puts, func() error {
				return t.engine.keys.PutSecrets(t.source.Account, OwnerWidget(change.GetWidgetId()), change.GetKey().GetId(), nil)
			})
		} else if change.GetKey() == nil {
			return nil, fmt.Errorf("widget %q: the key is missing", change.GetWidgetId())
		} else if err := takeKey(change.GetWidgetId(), change.GetKey()); err != nil {
			return nil, err
		}
	}
	t.entry.prepare = func() error {
		for _, put := range puts {
			if err := put(); err != nil {
				return err
			}
		}
		return nil
	}
	return command, nil
}

// The fields under which the keyring holds secrets.
const (
	SecretApp    = "app_secret"
	SecretVerify = "verify_token"
	SecretToken  = "access_token"
)

// minVisitorSecret is the least length of a secret by which a site signs who its
// visitors are: that of what HMAC makes with SHA-256 (RFC 7518, 3.2).
const minVisitorSecret = 32

// OwnerWidget names a widget as the owner of secrets: those by which its site signs
// who its visitors are, with the ids of the keys as fields.
func OwnerWidget(id string) string { return "widget/" + id }

// OwnerApp names an app as the owner of secrets.
func OwnerApp(id string) string { return "app/" + id }

// OwnerIntegration names an integration as the owner of secrets.
func OwnerIntegration(id string) string { return "integration/" + id }
