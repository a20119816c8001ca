package eventstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// A segment is a part of a log from one commit's beginning to another's end, as
// it is kept in an archive. It is never changed, and tells by itself what it is
// and whether it is whole:
//
//	weiche-segment 1 <generation> <incarnation> <first> <last> <epoch> <hash before> <hash after> <size>
//	one line for each origin of the log, as under the key "origins"
//	an empty line
//	the records, each with its length as a varint before it: size bytes, compressed with zstd
//	SHA-256 of all that
//
// Without a record, last is the position before first and both hashes are that
// of last.
type segment struct {
	generation  string
	incarnation string
	first, last uint64
	epoch       uint64
	before      [32]byte // the chain hash of the record before first
	after       [32]byte // that of last
	origins     []Origin
	records     []byte

	encoded []byte // the last one that was added
}

const (
	segmentMagic = "weiche-segment 1"
	// segmentBytes ends a segment, before compression.
	segmentBytes = 8 << 20
	// maxSegment is far more than a segment has, which ends with the commit that
	// makes it large enough; see MaxCommit.
	maxSegment = 1 << 30
)

// add appends a record, whose chain hash is hash.
func (g *segment) add(r *Record, hash [32]byte) {
	g.encoded = appendRecord(g.encoded[:0], r)
	g.records = binary.AppendUvarint(g.records, uint64(len(g.encoded)))
	g.records = append(g.records, g.encoded...)
	g.last, g.after = r.Position, hash
}

func (g *segment) encode() ([]byte, error) {
	if len(g.records) > maxSegment {
		return nil, fmt.Errorf("a commit of %d bytes is too large for a segment", len(g.records))
	}
	// With a concurrency of 1 there is no goroutine that would have to end.
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	b := fmt.Appendf(nil, "%s %s %s %d %d %d %x %x %d\n", segmentMagic, g.generation, g.incarnation, g.first, g.last, g.epoch, g.before, g.after, len(g.records))
	b = append(appendOrigins(b, g.origins), '\n')
	b = z.EncodeAll(g.records, b)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), z.Close()
}

// decodeSegment is the inverse of encode. It refuses what is not whole, and does
// not look at the records.
func decodeSegment(content []byte) (*segment, error) {
	n := len(content) - sha256.Size
	if n < 0 {
		return nil, fmt.Errorf("it has %d bytes only", len(content))
	}
	if sum := sha256.Sum256(content[:n]); !bytes.Equal(sum[:], content[n:]) {
		return nil, fmt.Errorf("its checksum is wrong")
	}
	return parseSegment(content[:n])
}

// parseSegment reads a segment without its checksum.
func parseSegment(b []byte) (*segment, error) {
	head, packed, found := bytes.Cut(b, []byte("\n\n"))
	line, origins, _ := bytes.Cut(head, []byte("\n"))
	g := new(segment)
	var word, version, before, after string
	var size uint64
	n, err := fmt.Sscan(string(line), &word, &version, &g.generation, &g.incarnation, &g.first, &g.last, &g.epoch, &before, &after, &size)
	switch {
	case !found || n != 10 || err != nil || word+" "+version != segmentMagic:
		return nil, fmt.Errorf("its head cannot be read")
	case g.first == 0 || g.last < g.first-1 || size > maxSegment:
		return nil, fmt.Errorf("its head makes no sense")
	case !parseHash(&g.before, before) || !parseHash(&g.after, after):
		return nil, fmt.Errorf("its hashes cannot be read")
	}
	if len(origins) > 0 {
		if g.origins, err = parseOrigins(append(bytes.Clone(origins), '\n')); err != nil {
			return nil, err
		}
	}
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSegment))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	if g.records, err = z.DecodeAll(packed, nil); err != nil {
		return nil, fmt.Errorf("its records cannot be unpacked: %w", err)
	}
	if uint64(len(g.records)) != size {
		return nil, fmt.Errorf("it has %d bytes of records and says %d", len(g.records), size)
	}
	return g, nil
}

func parseHash(to *[32]byte, text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && copy(to[:], b) == len(b) && len(b) == len(to)
}

// each calls f for each record in order, until an error.
func (g *segment) each(f func(*Record) error) error {
	next := g.first
	for b := g.records; len(b) > 0; next++ {
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return g.damage(next, fmt.Errorf("it ends beyond its segment"))
		}
		r, err := decodeRecord(b[n : n+int(size)])
		if err != nil {
			return g.damage(next, err)
		}
		if b = b[n+int(size):]; r.Position != next || next > g.last {
			return g.damage(next, fmt.Errorf("it has position %d", r.Position))
		}
		if err := f(r); err != nil {
			return err
		}
	}
	if next != g.last+1 {
		return g.damage(next, fmt.Errorf("it is missing"))
	}
	return nil
}

func (g *segment) damage(position uint64, err error) error {
	return &CorruptError{kind: DamageArchive, What: "a record of archive " + g.generation + " cannot be read", Position: position, Err: err}
}
