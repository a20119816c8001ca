package meta

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"weiche/services/channel"
)

// SignatureHeader carries the signature of a webhook.
const SignatureHeader = "X-Hub-Signature-256"

const signaturePrefix = "sha256="

// Sign returns the signature of a body, as it stands in the header.
func Sign(secret channel.Secret, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret.Reveal()))
	mac.Write(body)
	return signaturePrefix + hex.EncodeToString(mac.Sum(nil))
}

// WellFormed says that a signature has the form of one: sha256= and 64
// lower-case hexadecimal digits.
func WellFormed(signature string) bool {
	digits, ok := strings.CutPrefix(signature, signaturePrefix)
	return ok && len(digits) == 2*sha256.Size && strings.Trim(digits, "0123456789abcdef") == ""
}

// Verify says whether one of the secrets signed exactly these bytes. Every
// secret is tried, in constant time; an empty one never matches.
func Verify(secrets []channel.Secret, body []byte, signature string) bool {
	if !WellFormed(signature) {
		return false
	}
	matched := false
	for _, secret := range secrets {
		if hmac.Equal([]byte(Sign(secret, body)), []byte(signature)) && secret != "" {
			matched = true
		}
	}
	return matched
}
