package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"weiche/services/password"
)

var salt = []byte("0123456789abcdef")

func TestMatches(t *testing.T) {
	h := password.NewHasher(2)
	hash, err := h.Hash(t.Context(), "correct horse battery", salt)
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	cheap := strings.Replace(hash, "m=19456", "m=4096", 1)
	for name, c := range map[string]struct {
		password, hash string
		ok, old        bool
		err            error
	}{
		"the password":          {"correct horse battery", hash, true, false, nil},
		"another":               {"correct horse batterz", hash, false, false, nil},
		"too short":             {"correct", hash, false, false, nil},
		"none":                  {"", hash, false, false, nil},
		"nobody":                {"correct horse battery", "", false, false, nil},
		"another cost":          {"correct horse battery", cheap, false, true, nil},
		"no hash":               {"correct horse battery", "correct horse battery", false, false, password.ErrHash},
		"a cost that is not":    {"correct horse battery", strings.Replace(hash, "m=19456", "m=99999999", 1), false, false, password.ErrHash},
		"another form of it":    {"correct horse battery", strings.Replace(hash, "t=2", "t=02", 1), false, false, password.ErrHash},
		"another kind of argon": {"correct horse battery", strings.Replace(hash, "argon2id", "argon2i", 1), false, false, password.ErrHash},
	} {
		ok, old, err := h.Matches(t.Context(), c.password, c.hash)
		if ok != c.ok || old != c.old || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v, %v", name, ok, old, err)
		}
	}
}

// A hash that was made at another cost still counts, and is told to be old.
func TestCostsMayGrow(t *testing.T) {
	const before = "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Qd/uPU2dNuqz/ljLQKUryhqKULDfO/egRNHbpCY1GDk"
	ok, old, err := password.NewHasher(1).Matches(t.Context(), "correct horse battery", before)
	if !ok || !old || err != nil {
		t.Errorf("%v, %v, %v", ok, old, err)
	}
}

func TestForm(t *testing.T) {
	for text, good := range map[string]bool{
		"elevencharz": false, "twelve chars": true, strings.Repeat("ü", 12): true, strings.Repeat("x", 128): true,
		strings.Repeat("x", 129): false, "with a\nnew line": false, "not \xff a text, no": false,
	} {
		if err := password.Check(text); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
		if _, err := password.NewHasher(1).Hash(t.Context(), text, salt); (err == nil) != good {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := password.NewHasher(1).Hash(t.Context(), "twelve chars", salt[1:]); err == nil {
		t.Error("a short salt is taken")
	}
}

// Whoever cannot have a turn waits no longer than they want to.
func TestTurns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h := password.NewHasher(0)
	if _, _, err := h.Matches(ctx, "twelve chars", ""); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := h.Hash(ctx, "twelve chars", salt); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$8X4oQ6TmTT2Zb4nqjBf3YQ")
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Add("$$$$$")
	h := password.NewHasher(1)
	f.Fuzz(func(t *testing.T, hash string) {
		if strings.Contains(hash, "m=") && !strings.Contains(hash, "m=8,t=1,p=1") {
			return // it may cost what it says
		}
		if _, _, err := h.Matches(t.Context(), "twelve chars", hash); err != nil && !errors.Is(err, password.ErrHash) {
			t.Fatal(err)
		}
	})
}
