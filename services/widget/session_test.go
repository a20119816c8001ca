package widget_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"weiche/services/widget"
)

// hasher is a keyring of its own.
type hasher string

func (h hasher) Hash(domain string, parts ...string) []byte {
	mac := hmac.New(sha256.New, []byte(h))
	fmt.Fprintf(mac, "%q%q", domain, parts)
	return mac.Sum(nil)
}

const ours = hasher("ours")

func TestSessionComesBack(t *testing.T) {
	made := widget.NewSession(ours, "acme", "shop")
	back, err := widget.ParseSession(made.Token().Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if back != made || !back.Made(ours, "acme") {
		t.Errorf("%v came back as %v", made, back)
	}
	if back.WidgetID != "shop" {
		t.Errorf("widget %q", back.WidgetID)
	}
	secret, err := base64.RawURLEncoding.DecodeString(strings.Split(made.Token().Reveal(), ".")[1])
	if err != nil || len(secret) != 32 {
		t.Fatalf("secret of %d bytes, %v", len(secret), err)
	}
	sum := sha256.Sum256(secret)
	if alias := back.Visitor(); alias.GetKind() != "visitor" || alias.GetValue() != hex.EncodeToString(sum[:]) {
		t.Errorf("visitor %v", alias)
	}
	if other := widget.NewSession(ours, "acme", "shop"); other.Visitor().GetValue() == made.Visitor().GetValue() {
		t.Error("two sessions are one visitor")
	}
}

func TestSessionIsBoundToItsMaker(t *testing.T) {
	made := widget.NewSession(ours, "acme", "shop")
	if made.Made(hasher("theirs"), "acme") {
		t.Error("another installation's session counts")
	}
	if made.Made(ours, "other") {
		t.Error("another account's session counts")
	}
	moved, err := widget.ParseSession(strings.Replace(made.Token().Reveal(), "wv_shop.", "wv_blog.", 1))
	if err != nil {
		t.Fatal(err)
	}
	if moved.Made(ours, "acme") {
		t.Error("the session counts in another widget")
	}
}

func TestEveryChangedLetterOfATokenCounts(t *testing.T) {
	token := widget.NewSession(ours, "acme", "shop").Token().Reveal()
	for at := range len(token) {
		for _, letter := range []byte("Ab-_.x9") {
			if token[at] == letter {
				continue
			}
			changed := token[:at] + string(letter) + token[at+1:]
			if s, err := widget.ParseSession(changed); err == nil && s.Made(ours, "acme") {
				t.Fatalf("letter %d can be %q", at, letter)
			}
		}
	}
}

func TestSessionNeverPrintsItsSecret(t *testing.T) {
	s := widget.NewSession(ours, "acme", "shop")
	secret := strings.Split(s.Token().Reveal(), ".")[1]
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(format, s); text != "session of shop" || strings.Contains(text, secret) {
			t.Errorf("%s prints %s", format, text)
		}
	}
}

func FuzzParseSession(f *testing.F) {
	f.Add(widget.NewSession(ours, "acme", "shop").Token().Reveal())
	f.Add("wv_shop." + strings.Repeat("A", 43) + "." + strings.Repeat("A", 22))
	f.Add("wv_..")
	f.Add(widget.NewSignedSession(ours, "acme", "shop", widget.SignIn{ExternalID: "7"}).Token().Reveal())
	f.Add("wv_shop.AAAA")
	f.Add("wv_shop." + strings.Repeat("A", 42) + "\n." + strings.Repeat("A", 22))
	f.Add("")
	f.Fuzz(func(t *testing.T, token string) {
		s, err := widget.ParseSession(token)
		if err != nil {
			if !errors.Is(err, widget.ErrToken) {
				t.Fatal(err)
			}
			return
		}
		if s.Token().Reveal() != token {
			t.Fatalf("%q is another form of %q", token, s.Token().Reveal())
		}
	})
}
