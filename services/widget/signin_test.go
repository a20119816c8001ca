package widget_test

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"weiche/services/channel"
	"weiche/services/widget"
)

const siteKey = "a secret of the site, 32 bytes at least"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func keys(id string) (channel.Secret, bool) {
	switch id {
	case "k1":
		return siteKey, true
	case "short":
		return "short", true
	}
	return "", false
}

// signed makes a token by hand, so that it can be wrong in every way.
func signed(header, claims string) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	mac := hmac.New(sha256.New, []byte(siteKey))
	mac.Write([]byte(text))
	return text + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func claims(more string) string {
	return fmt.Sprintf(`{"scope":"user","external_id":"customer 7","aud":"shop","exp":%d%s}`, noon.Add(time.Hour).Unix(), more)
}

const goodHeader = `{"alg":"HS256","typ":"JWT","kid":"k1"}`

func TestSignIn(t *testing.T) {
	at := func(d time.Duration) int64 { return noon.Add(d).Unix() }
	for name, c := range map[string]struct {
		token string
		good  bool
	}{
		"a good one":              {signed(goodHeader, claims(`,"name":"Ana"`)), true},
		"of now":                  {signed(goodHeader, claims(fmt.Sprintf(`,"iat":%d,"nbf":%d`, at(0), at(0)))), true},
		"a clock that runs ahead": {signed(goodHeader, claims(fmt.Sprintf(`,"iat":%d,"nbf":%d`, at(time.Minute), at(time.Minute)))), true},
		"several audiences":       {signed(goodHeader, strings.Replace(claims(""), `"shop"`, `["blog","shop"]`, 1)), true},

		"issued later":        {signed(goodHeader, claims(fmt.Sprintf(`,"iat":%d`, at(2*time.Minute)))), false},
		"not yet":             {signed(goodHeader, claims(fmt.Sprintf(`,"nbf":%d`, at(2*time.Minute)))), false},
		"expired":             {signed(goodHeader, strings.Replace(claims(""), fmt.Sprint(at(time.Hour)), fmt.Sprint(at(0)), 1)), false},
		"too far ahead":       {signed(goodHeader, strings.Replace(claims(""), fmt.Sprint(at(time.Hour)), fmt.Sprint(at(62*time.Minute)), 1)), false},
		"far, far ahead":      {signed(goodHeader, strings.Replace(claims(""), fmt.Sprint(at(time.Hour)), "1e300", 1)), false},
		"without an end":      {signed(goodHeader, `{"scope":"user","external_id":"7","aud":"shop"}`), false},
		"another widget":      {signed(goodHeader, strings.Replace(claims(""), "shop", "blog", 1)), false},
		"no audience":         {signed(goodHeader, strings.Replace(claims(""), `"aud":"shop",`, "", 1)), false},
		"another scope":       {signed(goodHeader, strings.Replace(claims(""), `"user"`, `"app"`, 1)), false},
		"no id":               {signed(goodHeader, strings.Replace(claims(""), "customer 7", "", 1)), false},
		"a blank id":          {signed(goodHeader, strings.Replace(claims(""), "customer 7", " ", 1)), false},
		"a long id":           {signed(goodHeader, strings.Replace(claims(""), "customer 7", strings.Repeat("x", 129), 1)), false},
		"an id that controls": {signed(goodHeader, strings.Replace(claims(""), "customer 7", `a\u0000b`, 1)), false},
		"two ids":             {signed(goodHeader, claims(`,"external_id":"customer 8"`)), false},
		"two ends":            {signed(goodHeader, claims(fmt.Sprintf(`,"exp":%d`, at(time.Minute)))), false},
		"an id in capitals":   {signed(goodHeader, strings.Replace(claims(""), "external_id", "External_ID", 1)), false},
		"no kid":              {signed(`{"alg":"HS256"}`, claims("")), false},
		"another kid":         {signed(`{"alg":"HS256","kid":"k2"}`, claims("")), false},
		"two kids":            {signed(`{"alg":"HS256","kid":"k2","kid":"k1"}`, claims("")), false},
		"a key too short":     {signed(`{"alg":"HS256","kid":"short"}`, claims("")), false},
		"none":                {signed(`{"alg":"none","kid":"k1"}`, claims("")), false},
		"None":                {signed(`{"alg":"None","kid":"k1"}`, claims("")), false},
		"HS512 by name":       {signed(`{"alg":"HS512","kid":"k1"}`, claims("")), false},
		"RS256 by name":       {signed(`{"alg":"RS256","kid":"k1"}`, claims("")), false},
		"critical":            {signed(`{"alg":"HS256","kid":"k1","crit":["x"],"x":1}`, claims("")), false},
		"no signature":        {strings.TrimRight(signed(goodHeader, claims("")), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), false},
		"another signature":   {signed(goodHeader, claims(""))[:len(signed(goodHeader, claims("")))-43] + strings.Repeat("A", 43), false},
		"a huge one":          {signed(goodHeader, claims(`,"x":"`+strings.Repeat("x", 4096)+`"`)), false},
		"no JSON":             {signed(goodHeader, "customer 7"), false},
		"nothing":             {"", false},
		"dots":                {"..", false},
		"the JSON form":       {`{"payload":"e30","signatures":[]}`, false},
	} {
		in, err := widget.ReadSignIn(c.token, "shop", keys, noon)
		if good := err == nil; good != c.good || err != nil && !errors.Is(err, widget.ErrToken) {
			t.Errorf("%s: %v, %v", name, in, err)
		}
		if c.good && (in.ExternalID != "customer 7" || in.KeyID != "k1" || !in.ExpiresAt.Equal(noon.Add(time.Hour))) {
			t.Errorf("%s: %+v", name, in)
		}
	}
}

// A token that was signed by a library in another way is refused, whatever its key is
// called.
func TestSignInByAnotherAlgorithm(t *testing.T) {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for algorithm, key := range map[jose.SignatureAlgorithm]any{jose.RS256: pair, jose.PS256: pair, jose.HS512: sha512.New().Sum(nil)} {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		made, err := signer.Sign([]byte(claims("")))
		if err != nil {
			t.Fatal(err)
		}
		token, err := made.CompactSerialize()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := widget.ReadSignIn(token, "shop", keys, noon); !errors.Is(err, widget.ErrToken) {
			t.Errorf("%s: %v", algorithm, err)
		}
	}
}

func TestSignedSessionComesBack(t *testing.T) {
	in := widget.SignIn{ExternalID: "customer 7", KeyID: "k1", KeyMark: widget.MarkOf([]byte("fingerprint")), ExpiresAt: noon}
	made := widget.NewSignedSession(ours, "acme", "shop", in)
	token := made.Token().Reveal()
	if strings.Contains(token, base64.RawURLEncoding.EncodeToString([]byte("customer"))) {
		t.Error("the token tells who it is")
	}
	back, err := widget.ParseSession(token)
	if err != nil || !back.Signed() || back.SignIn.ExternalID != "" {
		t.Fatalf("%v, %v", back, err)
	}
	if !back.Made(ours, "acme") || back != made || back.SignIn != in {
		t.Errorf("%+v came back as %+v", made.SignIn, back.SignIn)
	}
	if alias := back.Visitor(); alias.GetKind() != "external_id" || alias.GetValue() != "customer 7" {
		t.Errorf("visitor %v", alias)
	}
	for name, account := range map[string]string{"another account": "other", "another installation": "acme"} {
		by := ours
		if name == "another installation" {
			by = "theirs"
		}
		if again, _ := widget.ParseSession(token); again.Made(by, account) {
			t.Errorf("%s: it counts", name)
		}
	}
	if moved, _ := widget.ParseSession(strings.Replace(token, "wv_shop.", "wv_blog.", 1)); moved.Made(ours, "acme") {
		t.Error("it counts in another widget")
	}
	for at := len("wv_shop."); at < len(token); at++ {
		changed := token[:at] + "A" + token[at+1:]
		if again, err := widget.ParseSession(changed); changed != token && err == nil && again.Made(ours, "acme") {
			t.Fatalf("letter %d can be another", at)
		}
	}
	another := widget.NewSignedSession(ours, "acme", "shop", in)
	if string(another.Hash()) == string(made.Hash()) || fmt.Sprintf("%+v", made) != "session of shop" {
		t.Error("two sessions are one, or one is printed")
	}
}

func FuzzSignIn(f *testing.F) {
	f.Add(signed(goodHeader, claims("")))
	f.Add(signed(`{"alg":"none"}`, claims("")))
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, token string) {
		in, err := widget.ReadSignIn(token, "shop", keys, noon)
		if err != nil && !errors.Is(err, widget.ErrToken) || err == nil && in.ExternalID == "" {
			t.Fatalf("%+v, %v", in, err)
		}
	})
}
