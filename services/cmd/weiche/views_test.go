package main

import (
	"testing"

	"github.com/cockroachdb/pebble/v2"
)

// TestI17TamperedRow changes the views behind the back of the program: the two commands
// that compare them with the log say which row it is, change nothing, and a rebuild
// mends it.
func TestI17TamperedRow(t *testing.T) {
	whole := played(t)
	for name, c := range map[string]struct {
		harm func(db *pebble.DB, row, before []byte) error
		says []string
	}{
		"changed": {
			func(db *pebble.DB, row, before []byte) error { return db.Set(row, before, pebble.Sync) },
			[]string{"of conversation ", " of account demo is not what the log gives"},
		},
		"taken away": {
			func(db *pebble.DB, row, _ []byte) error { return db.Delete(row, pebble.Sync) },
			[]string{"of conversation ", " of account demo is missing"},
		},
		"added": {
			func(db *pebble.DB, row, before []byte) error {
				return db.Set(append(row, '!'), before, pebble.Sync)
			},
			// Its key is none that there can be, so it has no name.
			[]string{"the row 00", " is there, and the log gives none"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			data := copied(t, whole)
			compare := func(code int, says ...string) {
				t.Helper()
				for _, args := range [][]string{{"projections", "rebuild", "--verify"}, {"projections", "rebuild", "--verify", "channelview"}, {"verify"}} {
					weiche(t, append(args, "--data", data)...).Expect(t, code, says...)
				}
			}
			compare(exitOK)
			tamper(t, data, c.harm)
			compare(exitViews, append(c.says, "view channelview, ", "weiche projections rebuild mends the views")...)
			weiche(t, "projections", "rebuild", "--verify", "timeline", "--data", data).Expect(t, exitOK)
			weiche(t, "projections", "rebuild", "--data", data).Expect(t, exitOK)
			compare(exitOK)
		})
	}
}
