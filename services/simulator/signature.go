package simulator

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// Sign returns the X-Hub-Signature-256 of body for an app secret.
func Sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

// encode returns v as the provider writes JSON: ASCII only, \u in lower-case
// hex, and every slash escaped.
func encode(v any) ([]byte, error) {
	raw, err := plainJSON(v)
	if err != nil {
		return nil, err
	}
	return escape(raw), nil
}

// plainJSON is json.Marshal that leaves <, > and & as they are.
func plainJSON(v any) ([]byte, error) {
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(plain.Bytes(), []byte("\n")), nil
}

// escape works on any JSON text, because slashes and non-ASCII characters
// occur only inside its strings.
func escape(plain []byte) []byte {
	out := make([]byte, 0, len(plain)+len(plain)/8)
	for i := 0; i < len(plain); {
		switch c := plain[i]; {
		case c == '\\':
			out = append(out, plain[i:i+2]...)
			i += 2
		case c == '/':
			out = append(out, '\\', '/')
			i++
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			r, n := utf8.DecodeRune(plain[i:])
			i += n
			if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
				out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
			} else {
				out = fmt.Appendf(out, `\u%04x`, r)
			}
		}
	}
	return out
}
