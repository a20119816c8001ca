package eventstore

import (
	"encoding/binary"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// protoBytes is where in the input a field's bytes are.
type protoBytes struct{ start, end int }

// decoder walks the fields of one canonical message. The first error ends it.
type decoder struct {
	b       []byte
	at      int
	field   protowire.Number
	wire    protowire.Type
	texts   [fieldSealed + 1]protoBytes
	textEnd int
	err     error
}

// next goes to the next field, and reports whether there is one.
func (d *decoder) next() bool {
	if d.err != nil || d.at == len(d.b) {
		return false
	}
	tag := d.varint()
	if d.err != nil {
		return false
	}
	field, wire := protowire.DecodeTag(tag)
	switch {
	case field < 1:
		d.fail("bad field number")
	case field < d.field, field == d.field && field != fieldDedup:
		d.fail("field out of order")
	}
	d.field, d.wire = field, wire
	return d.err == nil
}

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%s, field %d at byte %d", what, d.field, d.at)
	}
}

func (d *decoder) varint() uint64 {
	v, n := binary.Uvarint(d.b[d.at:])
	switch {
	case n <= 0:
		d.fail("bad number")
		return 0
	case n != protowire.SizeVarint(v):
		d.fail("number not in its shortest form")
		return 0
	}
	d.at += n
	return v
}

func (d *decoder) number() uint64 {
	if d.wire != protowire.VarintType {
		d.fail("wrong wire type")
		return 0
	}
	return d.varint()
}

func (d *decoder) uint() uint64 {
	v := d.number()
	if v == 0 {
		d.fail("default value")
	}
	return v
}

func (d *decoder) time() time.Time {
	t := time.UnixMicro(int64(d.number())).UTC()
	if t.IsZero() || t.Year() < minYear || t.Year() > maxYear {
		d.fail("time out of range")
	}
	return t
}

// span returns where the bytes of a field are. Only the elements of a repeated
// field may be empty.
func (d *decoder) span(empty bool) protoBytes {
	if d.wire != protowire.BytesType {
		d.fail("wrong wire type")
		return protoBytes{}
	}
	n := d.varint()
	if d.err != nil {
		return protoBytes{}
	}
	if n > uint64(len(d.b)-d.at) {
		d.fail("bytes beyond the end")
		return protoBytes{}
	}
	if n == 0 && !empty {
		d.fail("default value")
		return protoBytes{}
	}
	s := protoBytes{d.at, d.at + int(n)}
	d.at, d.textEnd = s.end, s.end
	return s
}

// bytes returns a field's bytes, which alias the input and are no text.
func (d *decoder) bytes() []byte {
	end := d.textEnd
	s := d.span(false)
	d.textEnd = end
	return d.b[s.start:s.end]
}

func (d *decoder) hash(to *[32]byte) {
	b := d.bytes()
	if d.err == nil && len(b) != len(to) {
		d.fail("hash of a wrong length")
		return
	}
	if copy(to[:], b); *to == ([32]byte{}) {
		d.fail("default value")
	}
}
