package keyring_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"weiche/services/keyring"
)

func ledger(t *testing.T, k *keyring.Keyring) []keyring.Erasure {
	t.Helper()
	entries, err := k.Erasures()
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestLedger(t *testing.T) {
	fs := vfs.NewMem()
	k := open(t, fs)
	at := func(minute int) time.Time { return time.Date(2026, 3, 2, 9, minute, 0, 0, time.UTC) }
	alias := func(value string) keyring.ErasedAlias {
		return keyring.ErasedAlias{Integration: "i", Hash: k.AliasHash("a", "i", "phone", value)}
	}
	put := func(entries ...keyring.Erasure) {
		t.Helper()
		if err := k.PutErasures(entries...); err != nil {
			t.Fatal(err)
		}
	}
	one, two := alias("1"), alias("2")
	put(keyring.Erasure{Account: "a", Customer: "ana", At: at(1), Keys: []string{"k1"}, Aliases: []keyring.ErasedAlias{one}},
		keyring.Erasure{Account: "b", Customer: "ana", At: at(9)})
	if err := k.FinishErasure("a", "ana"); err != nil {
		t.Fatal(err)
	}
	if err := k.FinishErasure("a", "nobody"); err != nil {
		t.Fatal(err)
	}
	if !k.ErasuresPending() {
		t.Error("nothing is pending, and one was not finished")
	}
	put(keyring.Erasure{Account: "a", Customer: "ana", At: at(5), Keys: []string{"k2"}, Aliases: []keyring.ErasedAlias{two}})
	put(keyring.Erasure{Account: "a", Customer: "again", At: at(7), Aliases: []keyring.ErasedAlias{one}})
	ana := keyring.Erasure{Account: "a", Customer: "ana", At: at(1), Keys: []string{"k1", "k2"}, Aliases: []keyring.ErasedAlias{one, two}}
	if string(two.Hash) < string(one.Hash) {
		ana.Aliases = []keyring.ErasedAlias{two, one}
	}
	want := []keyring.Erasure{
		ana,
		{Account: "a", Customer: "again", At: at(7), Aliases: []keyring.ErasedAlias{one}},
		{Account: "b", Customer: "ana", At: at(9)},
	}
	for _, customer := range []string{"ana", "again"} {
		if err := k.FinishErasure("a", customer); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.FinishErasure("b", "ana"); err != nil {
		t.Fatal(err)
	}
	for n := range want {
		want[n].Done = true
	}
	for range 2 {
		if diff := cmp.Diff(want, ledger(t, k)); diff != "" {
			t.Errorf("the ledger:\n%s", diff)
		}
		if k.ErasuresPending() {
			t.Error("something is pending, and all were finished")
		}
		if got := k.ErasedAt("a", two.Hash, one.Hash); !got.Equal(at(7)) {
			t.Errorf("ErasedAt = %v, want that of the newest", got)
		}
		if got := k.ErasedAt("b", one.Hash); !got.IsZero() {
			t.Errorf("ErasedAt in another account = %v", got)
		}
		shut(t, k)
		k = open(t, fs)
	}
	if n, err := k.ForgetErasedAliases(at(7)); n != 1 || err != nil {
		t.Errorf("ForgetErasedAliases = %d, %v", n, err)
	}
	want[0].Aliases = nil
	if diff := cmp.Diff(want, ledger(t, k)); diff != "" {
		t.Errorf("the ledger without old aliases:\n%s", diff)
	}
	if !k.ErasedAt("a", two.Hash).IsZero() || k.ErasedAt("a", one.Hash).IsZero() {
		t.Error("the wrong aliases were forgotten")
	}
}
