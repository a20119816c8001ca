package simulator_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"weiche/services/simulator"
)

// hmacByHand is HMAC-SHA256 from RFC 2104, without crypto/hmac.
func hmacByHand(key string, message []byte) string {
	block := make([]byte, sha256.BlockSize)
	copy(block, key)
	inner, outer := sha256.New(), sha256.New()
	for _, b := range block {
		inner.Write([]byte{b ^ 0x36})
		outer.Write([]byte{b ^ 0x5c})
	}
	inner.Write(message)
	outer.Write(inner.Sum(nil))
	return "sha256=" + hex.EncodeToString(outer.Sum(nil))
}

// The signature is over exactly the bytes that are sent, and those are escaped
// as the provider escapes them.
func TestSignature(t *testing.T) {
	w := start(t)
	text := "Straße/Weg 👍 <b>&\u2028\"\\ \u007f"
	w.says("whatsapp", text)
	w.idle()
	p := w.hook.raw()[0]
	if want := hmacByHand(secret, p.body); p.signature != want {
		t.Errorf("signature %s, want %s", p.signature, want)
	}
	if got := simulator.Sign("key", []byte("The quick brown fox jumps over the lazy dog")); got !=
		"sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8" {
		t.Errorf("published vector: %s", got)
	}
	want := `Stra\u00dfe\/Weg \ud83d\udc4d <b>&\u2028\"\\ ` + "\u007f"
	if !bytes.Contains(p.body, []byte(want)) {
		t.Errorf("body is not escaped: %s", p.body)
	}
	for _, b := range p.body {
		if b >= 0x80 {
			t.Fatalf("body has a byte %#x", b)
		}
	}
	value := w.events()[0]
	if got := list(value["messages"])[0].(map[string]any)["text"].(map[string]any)["body"]; got != text {
		t.Errorf("decoded %q, want %q", got, text)
	}
}
