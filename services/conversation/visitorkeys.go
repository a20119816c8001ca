package conversation

import (
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

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
// it does not name ends, unless all stay.
func visitorKeys(before *eventv1.WidgetConfigured, w *ingressv1.WidgetSetup, said []*eventv1.SecretFingerprint) []*eventv1.VisitorKey {
	if w.GetKeepVisitorKeys() {
		return before.GetVisitorKeys()
	}
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
	if w.GetKeepVisitorKeys() && len(w.GetVisitorKeys()) > 0 {
		return refuse(invalid, "widget %q: its keys stay, and some are named", w.GetId())
	}
	return usable(w.GetId(), visitorKeys(before, w, said), w.GetSignedVisitorsOnly())
}

// usable refuses keys of which one could sign nothing, and none where nobody comes in
// without.
func usable(widgetID string, keys []*eventv1.VisitorKey, needed bool) error {
	names := map[string]bool{}
	for _, key := range keys {
		if !isKeyID(key.GetKeyId()) || names[key.GetKeyId()] {
			return refuse(invalid, "widget %q: a key's id is 1 to 64 of a-z, A-Z, 0-9, _ and -, and each has its own", widgetID)
		}
		if len(key.GetFingerprint()) == 0 {
			return refuse(invalid, "widget %q: the key %q has no secret", widgetID, key.GetKeyId())
		}
		names[key.GetKeyId()] = true
	}
	if len(names) > maxVisitorKeys {
		return refuse(invalid, "widget %q: there are more than %d keys", widgetID, maxVisitorKeys)
	}
	if needed && len(names) == 0 {
		return refuse(invalid, "widget %q: nobody could come in: it has no key by which its site signs who its visitors are", widgetID)
	}
	return nil
}

// changedKey returns a widget after one of its keys was made or ended. The others stay.
func changedKey(account *Account, change *ingressv1.VisitorKeyChange, said []*eventv1.SecretFingerprint) (*eventv1.WidgetConfigured, error) {
	widget := account.Widgets[change.GetWidgetId()]
	if widget == nil {
		return nil, refuse(notFound, "there is no such widget")
	}
	named := func(key *eventv1.VisitorKey) bool { return key.GetKeyId() == change.GetKey().GetId() }
	if change.GetRemove() && !slices.ContainsFunc(widget.Config.GetVisitorKeys(), named) {
		return nil, refuse(notFound, "the widget has no such key")
	}
	now := proto.CloneOf(widget.Config)
	if change.GetRemove() {
		now.VisitorKeys = slices.DeleteFunc(now.VisitorKeys, named)
	} else {
		made := &ingressv1.WidgetSetup{VisitorKeys: []*ingressv1.VisitorKeySetup{change.GetKey()}}
		now.VisitorKeys = append(slices.DeleteFunc(now.VisitorKeys, named), visitorKeys(widget.Config, made, said)...)
	}
	return now, usable(change.GetWidgetId(), now.GetVisitorKeys(), now.GetSignedVisitorsOnly())
}

// isKeyID says whether a text can be a key's id.
func isKeyID(text string) bool {
	return len(text) >= 1 && len(text) <= 64 &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
