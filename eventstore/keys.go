package eventstore

import (
	"encoding/binary"
	"fmt"
)

// Every key of the folder:
//
//	table  key                                          value
//	01     name                                         format, incarnation, epoch, head, origins or indexes
//	02     position                                     record
//	03     account, category, id, version               position
//	04     account, sequence                            position
//	05     account, event id                            position
//	06     account, dedup key                           position, hash
//	07     account, index, the caller's key             position, the caller's value
//	08     account, event id declared redacted          position of the last record that declares it
//	09     position                                     what a redaction still has to do there
//
// A position, version or sequence has 8 bytes, big-endian, so that order of
// bytes is order of numbers. A text in front of another part has its length in
// 2 bytes, big-endian, before it; the last text or key of a row goes to the end
// of the key. So no two names share a key, no name's range reaches into
// another's, and the caller's keys keep their order. Every value ends in a
// checksum over key and value; see value.go.
const (
	tableMeta      byte = 0x01
	tableLog       byte = 0x02
	tableStream    byte = 0x03
	tableSequence  byte = 0x04
	tableEvent     byte = 0x05
	tableDedup     byte = 0x06
	tableIndex     byte = 0x07
	tableRedaction byte = 0x08
	tablePending   byte = 0x09
)

// Names in the table of the store itself.
const (
	metaFormat      = "format"
	metaIncarnation = "incarnation"
	metaEpoch       = "epoch"
	metaHead        = "head"
)

func metaKey(name string) []byte { return append([]byte{tableMeta}, name...) }

func appendLogKey(dst []byte, position uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tableLog), position)
}

func appendStreamPrefix(dst []byte, s Stream) []byte {
	dst = appendText(append(dst, tableStream), s.Account)
	dst = appendText(dst, s.Category)
	return appendText(dst, s.ID)
}

func appendStreamKey(dst []byte, s Stream, version uint64) []byte {
	return binary.BigEndian.AppendUint64(appendStreamPrefix(dst, s), version)
}

func appendSequencePrefix(dst []byte, account string) []byte {
	return appendText(append(dst, tableSequence), account)
}

func appendSequenceKey(dst []byte, account string, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(appendSequencePrefix(dst, account), sequence)
}

func appendEventKey(dst []byte, account, id string) []byte {
	return append(appendText(append(dst, tableEvent), account), id...)
}

func appendDedupKey(dst []byte, account, key string) []byte {
	return append(appendText(append(dst, tableDedup), account), key...)
}

func appendIndexPrefix(dst []byte, account, index string) []byte {
	return appendText(appendText(append(dst, tableIndex), account), index)
}

func appendIndexKey(dst []byte, k IndexKey) []byte {
	return append(appendIndexPrefix(dst, k.Account, k.Index), k.Key...)
}

func appendRedactionKey(dst []byte, account, id string) []byte {
	return append(appendText(append(dst, tableRedaction), account), id...)
}

func appendPendingKey(dst []byte, position uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, tablePending), position)
}

// appendText relies on the limits of limits.go, all far below 64 KiB.
func appendText(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(s)))
	return append(dst, s...)
}

// prefixEnd returns the smallest key behind every key that begins with prefix,
// nil if there is none.
func prefixEnd(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xff {
			end := append([]byte(nil), prefix[:i+1]...)
			end[i]++
			return end
		}
	}
	return nil
}

// keyParts is a key taken apart: the texts in front, the number or the rest.
type keyParts struct {
	table  byte
	texts  [3]string
	number uint64
	rest   []byte
}

// parseKey takes a key apart. ok is false for bytes that no function above
// returns. rest aliases key.
func parseKey(key []byte) (p keyParts, ok bool) {
	if len(key) == 0 {
		return p, false
	}
	p.table, key = key[0], key[1:]
	texts, number := 0, false
	switch p.table {
	case tableMeta:
	case tableLog, tablePending:
		number = true
	case tableStream:
		texts, number = 3, true
	case tableSequence:
		texts, number = 1, true
	case tableEvent, tableDedup, tableRedaction:
		texts = 1
	case tableIndex:
		texts = 2
	default:
		return p, false
	}
	for i := range texts {
		if len(key) < 2 {
			return p, false
		}
		n := int(binary.BigEndian.Uint16(key))
		if key = key[2:]; len(key) < n {
			return p, false
		}
		p.texts[i], key = string(key[:n]), key[n:]
	}
	if !number {
		p.rest = key
		return p, true
	}
	if len(key) != 8 {
		return p, false
	}
	p.number = binary.BigEndian.Uint64(key)
	return p, true
}

// describeKey says in words what a stored key is, for errors.
func describeKey(key []byte) string {
	p, ok := parseKey(key)
	if !ok {
		return fmt.Sprintf("%x", key)
	}
	switch p.table {
	case tableMeta:
		return string(p.rest)
	case tableLog:
		return fmt.Sprintf("log %d", p.number)
	case tableStream:
		return fmt.Sprintf("stream %q %q %q version %d", p.texts[0], p.texts[1], p.texts[2], p.number)
	case tableSequence:
		return fmt.Sprintf("account %q sequence %d", p.texts[0], p.number)
	case tableEvent:
		return fmt.Sprintf("event id %q of account %q", p.rest, p.texts[0])
	case tableDedup:
		return fmt.Sprintf("dedup key %q of account %q", p.rest, p.texts[0])
	case tableRedaction:
		return fmt.Sprintf("redaction of event id %q of account %q", p.rest, p.texts[0])
	case tablePending:
		return fmt.Sprintf("redaction to be done at %d", p.number)
	default:
		return fmt.Sprintf("index %q of account %q, %q", p.texts[1], p.texts[0], p.rest)
	}
}
