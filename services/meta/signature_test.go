package meta

import (
	"strings"
	"testing"

	"weiche/services/channel"
)

func TestVerify(t *testing.T) {
	body := []byte(`{"text":"\u00e4 \/"}`)
	secrets := []channel.Secret{"old", "", "new"}
	good := Sign("new", body)
	// printf '{"text":"\\u00e4 \\/"}' | openssl dgst -sha256 -hmac new
	if want := "sha256=760871997db3d8132430f4c44b82a75daea455fe16e01428adf242f3ae454e1f"; good != want {
		t.Fatalf("Sign = %s, want %s", good, want)
	}
	for _, tc := range []struct {
		name      string
		secrets   []channel.Secret
		body      string
		signature string
		want      bool
	}{
		{"new", secrets, string(body), good, true},
		{"old", secrets, string(body), Sign("old", body), true},
		{"empty secret", secrets, string(body), Sign("", body), false},
		{"no secrets", nil, string(body), Sign("", body), false},
		{"another secret", secrets, string(body), Sign("x", body), false},
		{"another body", secrets, string(body) + " ", good, false},
		{"the same, written otherwise", secrets, `{"text":"ä /"}`, good, false},
		{"none", secrets, string(body), "", false},
		{"upper case", secrets, string(body), strings.ToUpper(good), false},
		{"upper case digits", secrets, string(body), "sha256=" + strings.ToUpper(good[7:]), false},
		{"no prefix", secrets, string(body), good[7:], false},
		{"another prefix", secrets, string(body), "sha1=" + good[7:], false},
		{"short", secrets, string(body), good[:len(good)-1], false},
		{"long", secrets, string(body), good + "0", false},
		{"space", secrets, string(body), good + " ", false},
	} {
		if got := Verify(tc.secrets, []byte(tc.body), tc.signature); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

// FuzzVerify shows that nothing but the signature of these very bytes is believed.
func FuzzVerify(f *testing.F) {
	secrets := []channel.Secret{"old", "", "new"}
	for _, body := range []string{"", "{}", `{"text":"\u00e4 \/"}`, "\xff"} {
		f.Add([]byte(body), Sign("new", []byte(body)))
		f.Add([]byte(body), Sign("old", []byte(body))+" ")
		f.Add([]byte(body+" "), Sign("", []byte(body)))
	}
	f.Fuzz(func(t *testing.T, body []byte, signature string) {
		want := signature == Sign("old", body) || signature == Sign("new", body)
		if got := Verify(secrets, body, signature); got != want {
			t.Errorf("Verify = %v", got)
		}
		if want && !WellFormed(signature) {
			t.Error("a signature of ours is not well formed")
		}
	})
}
