package conversation

import (
	"strings"
	"time"

	eventv1 "weiche/proto/gen/weiche/event/v1"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
)

// The bounds of the time after which a closed conversation is not opened again (R11).
const (
	minNewAfter = time.Hour
	maxNewAfter = 10 * 365 * 24 * time.Hour
)

// maxVisitorKeys is how many keys a widget may have: one to use, one to change to, and
// some for sites that share it.
const maxVisitorKeys = 10

// visitorKeys returns the keys by which the site signs who its visitors are, as a
// set-up leaves them: a key that it names without a secret keeps its own, and one that
// it does not name ends.
func visitorKeys(before *eventv1.WidgetConfigured, w *ingressv1.WidgetSetup, said []*eventv1.SecretFingerprint) []*eventv1.VisitorKey {
	var keys []*eventv1.VisitorKey
	for _, named := range w.GetVisitorKeys() {
		key := &eventv1.VisitorKey{KeyId: named.GetId()}
		for _, known := range before.GetVisitorKeys() {
			if known.GetKeyId() == key.KeyId {
				key.Fingerprint = known.GetFingerprint()
			}
		}
		for _, fingerprint := range said {
			if fingerprint.GetField() == key.KeyId {
				key.Fingerprint = fingerprint.GetFingerprint()
			}
		}
		keys = append(keys, key)
	}
	return keys
}

// checkKeys refuses keys that could sign nothing, and a widget into which nobody could
// come.
func checkKeys(account *Account, w *ingressv1.WidgetSetup, said []*eventv1.SecretFingerprint) error {
	var before *eventv1.WidgetConfigured
	if known := account.Widgets[w.GetId()]; known != nil {
		before = known.Config
	}
	names := map[string]bool{}
	for _, key := range visitorKeys(before, w, said) {
		if !isKeyID(key.GetKeyId()) || names[key.GetKeyId()] {
			return refuse(invalid, "widget %q: a key's id is 1 to 64 of a-z, A-Z, 0-9, _ and -, and each has its own", w.GetId())
		}
		if len(key.GetFingerprint()) == 0 {
			return refuse(invalid, "widget %q: the key %q has no secret", w.GetId(), key.GetKeyId())
		}
		names[key.GetKeyId()] = true
	}
	if len(names) > maxVisitorKeys {
		return refuse(invalid, "widget %q: there are more than %d keys", w.GetId(), maxVisitorKeys)
	}
	if w.GetSignedVisitorsOnly() && len(names) == 0 {
		return refuse(invalid, "widget %q: nobody could come in: it has no key by which its site signs who its visitors are", w.GetId())
	}
	return nil
}

// isKeyID says whether a text can be a key's id.
func isKeyID(text string) bool {
	return len(text) >= 1 && len(text) <= 64 &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
