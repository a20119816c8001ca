package eventstore

import (
	"fmt"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

const metaOrigins = "origins"

// Origin says where the beginning of a log comes from: the events up to Position
// are those of the log Incarnation, of which Head was the last in the archive.
type Origin struct {
	Incarnation    string
	Position, Head uint64
	// Restored is when, by Options.Now.
	Restored time.Time
}

// Origins says which restores this log comes from, the oldest first. The
// incarnation of each is that of the log that was restored from.
func (s *Store) Origins() []Origin { return append([]Origin(nil), s.origins...) }

// restoredTo is the last position that comes from a restore.
func (s *Store) restoredTo() uint64 {
	if len(s.origins) == 0 {
		return 0
	}
	return s.origins[len(s.origins)-1].Position
}

func setOrigins(b *pebble.Batch, origins []Origin) error {
	return setMeta(b, metaOrigins, appendOrigins(nil, origins))
}

// appendOrigins appends a line for each origin.
func appendOrigins(dst []byte, origins []Origin) []byte {
	for _, o := range origins {
		dst = fmt.Appendf(dst, "%s %d %d %d\n", o.Incarnation, o.Position, o.Head, o.Restored.UnixMicro())
	}
	return dst
}

// readOrigins is the inverse of setOrigins. A log that is no restore has none.
func readOrigins(r pebble.Reader) (origins []Origin, err error) {
	value, ok, err := get(r, metaKey(metaOrigins))
	if err != nil || !ok {
		return nil, err
	}
	if origins, err = parseOrigins(value); err != nil {
		return nil, &CorruptError{What: "the origins of the log cannot be read", Key: metaKey(metaOrigins), Err: err}
	}
	return origins, nil
}

// parseOrigins is the inverse of appendOrigins.
func parseOrigins(text []byte) (origins []Origin, err error) {
	for line := range strings.Lines(string(text)) {
		var o Origin
		var micros int64
		if n, err := fmt.Sscanf(line, "%s %d %d %d\n", &o.Incarnation, &o.Position, &o.Head, &micros); n != 4 || err != nil {
			return nil, fmt.Errorf("origin %q", line)
		}
		o.Restored = time.UnixMicro(micros).UTC()
		origins = append(origins, o)
	}
	return origins, nil
}
