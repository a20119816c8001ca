package projections

import (
	"errors"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
)

func TestVerify(t *testing.T) {
	item := itemKey("acme", "c1", 3)
	for name, c := range map[string]struct {
		harm func(v *Views) error
		want *DifferenceError
	}{
		"equal": {func(*Views) error { return nil }, nil},
		"a row that is missing": {
			func(v *Views) error { return v.db.Delete(append(rowsOfLive(v, TimelineName), item...), pebble.NoSync) },
			&DifferenceError{TimelineName, "line 3 of conversation c1 of account acme", "is missing"},
		},
		"a row that is other": {
			func(v *Views) error {
				return v.db.Set(append(rowsOfLive(v, TimelineName), item...), nil, pebble.NoSync)
			},
			&DifferenceError{TimelineName, "line 3 of conversation c1 of account acme", "is not what the log gives"},
		},
		"a row too much": {
			func(v *Views) error {
				k := append(rowsOfLive(v, RouteName), rowKey("acme", "c9", kindRoute)...)
				return v.db.Set(k, nil, pebble.NoSync)
			},
			&DifferenceError{RouteName, "route of conversation c9 of account acme", "is there, and the log gives none"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs, log := vfs.NewMem(), newLog("one")
			s := dialogue(t, log)
			v := open(t, fs, log)
			running(t, v, log)
			if err := v.WaitFor(t.Context(), log.Durable()); err != nil {
				t.Fatal(err)
			}
			if err := c.harm(v); err != nil {
				t.Fatal(err)
			}
			before := digests(t, v)
			var last Progress
			err := v.Verify(t.Context(), log, func(p Progress) { last = p })
			var got *DifferenceError
			if errors.As(err, &got); !cmp.Equal(c.want, got) || errors.Is(err, ErrDiffers) != (c.want != nil) {
				t.Errorf("Verify: %v, want %v", err, c.want)
			}
			if last.Position != log.Durable() {
				t.Errorf("progress ends with %+v, the log at %d", last, log.Durable())
			}
			if diff := cmp.Diff(before, digests(t, v)); diff != "" {
				t.Errorf("Verify changed the rows:\n%s", diff)
			}
			if n := rowsOf(t, v, TimelineName, scratchGeneration); n != 0 {
				t.Errorf("%d rows are left", n)
			}
			if c.want == nil {
				return
			}
			for _, p := range All() {
				if err := v.Verify(t.Context(), log, nil, p.Name); errors.Is(err, ErrDiffers) != (p.Name == c.want.Projection) {
					t.Errorf("Verify of %s: %v", p.Name, err)
				}
			}
			if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
				t.Fatal(err)
			}
			if err := s.play("customer@widget: more"); err != nil {
				t.Fatal(err)
			}
			if err := v.Verify(t.Context(), log, nil); err != nil {
				t.Errorf("Verify after a rebuild: %v", err)
			}
		})
	}
}

// rowsOfLive returns the prefix of the rows that are served.
func rowsOfLive(v *Views, projection string) []byte {
	v.mu.Lock()
	defer v.mu.Unlock()
	return generationPrefix(projection, v.named(projection).checkpoint.Generation)
}

// Every row that there can be has a name in words.
func TestEveryRowHasAName(t *testing.T) {
	log := newLog("one")
	dialogue(t, log)
	v := open(t, vfs.NewMem(), log)
	if err := v.Rebuild(t.Context(), log, "", nil); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]bool{}
	for _, p := range All() {
		prefix := key(rowsOfLive(v, p.Name))
		rows := &snapshotRows{db: v.db, prefix: prefix}
		err := rows.each(prefix, prefixEnd(prefix), false, func(k, _ []byte) (bool, error) {
			name := describeRow(p.Name, k)
			if len(name) > 8 && name[:8] == "the row " {
				t.Errorf("%s: a row is named %q", p.Name, name)
			}
			kinds[p.Name+name[:4]] = true
			return true, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(kinds) < 10 {
		t.Errorf("only the kinds %v were seen", kinds)
	}
	for _, k := range []string{"", "\x00", "\xff\xffabc", "\x00\x01a\x00\x01bi"} {
		if got := describeRow(TimelineName, []byte(k)); got[:8] != "the row " {
			t.Errorf("%q is named %q", k, got)
		}
	}
}
