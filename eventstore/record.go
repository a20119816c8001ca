package eventstore

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// A record is stored as a protobuf message:
//
//	message Record {
//	  uint64 position = 1;
//	  string account = 2;
//	  uint64 account_sequence = 3;
//	  string category = 4;
//	  string stream_id = 5;
//	  uint64 version = 6;
//	  string event_id = 7;
//	  string type = 8;
//	  uint32 schema_version = 9;
//	  optional int64 recorded = 10;  // microseconds since 1970 UTC
//	  optional int64 received = 11;
//	  optional int64 provider = 12;
//	  string causation = 13;
//	  string correlation = 14;
//	  string actor = 15;
//	  repeated DedupKey dedup = 16;
//	  string key_id = 17;
//	  bytes sealed_hash = 18;        // SHA-256, absent if there is no sealed part
//	  bytes previous_hash = 19;      // SHA-256, absent in the first record
//	  bytes facts = 20;
//	  uint32 more = 21;              // events of the same commit that follow
//	  bytes sealed = 22;
//	}
//	message DedupKey {
//	  string key = 1;
//	  bytes hash = 2;
//	}
//
// The encoding is canonical: fields in order of their numbers, the shortest
// form of each number, no field with its default value. There is exactly one
// encoding of a record, so its hash can be computed from the record again. The
// chain hash covers the message up to field 21.
const (
	fieldPosition protowire.Number = iota + 1
	fieldAccount
	fieldAccountSequence
	fieldCategory
	fieldStreamID
	fieldVersion
	fieldEventID
	fieldType
	fieldSchemaVersion
	fieldRecorded
	fieldReceived
	fieldProvider
	fieldCausation
	fieldCorrelation
	fieldActor
	fieldDedup
	fieldKeyID
	fieldSealedHash
	fieldPreviousHash
	fieldFacts
	fieldMore
	fieldSealed
)

const (
	fieldDedupKey  protowire.Number = 1
	fieldDedupHash protowire.Number = 2
)

// appendRecord appends the encoding of r.
func appendRecord(dst []byte, r *Record) []byte {
	return appendBytes(appendHashed(dst, r), fieldSealed, r.Sealed)
}

// appendHashed appends the part of the encoding that the chain hash covers.
func appendHashed(dst []byte, r *Record) []byte {
	dst = appendUint(dst, fieldPosition, r.Position)
	dst = appendString(dst, fieldAccount, r.Stream.Account)
	dst = appendUint(dst, fieldAccountSequence, r.AccountSequence)
	dst = appendString(dst, fieldCategory, r.Stream.Category)
	dst = appendString(dst, fieldStreamID, r.Stream.ID)
	dst = appendUint(dst, fieldVersion, r.Version)
	dst = appendString(dst, fieldEventID, r.ID)
	dst = appendString(dst, fieldType, r.Type)
	dst = appendUint(dst, fieldSchemaVersion, uint64(r.SchemaVersion))
	dst = appendTime(dst, fieldRecorded, r.Recorded)
	dst = appendTime(dst, fieldReceived, r.Received)
	dst = appendTime(dst, fieldProvider, r.Provider)
	dst = appendString(dst, fieldCausation, r.Causation)
	dst = appendString(dst, fieldCorrelation, r.Correlation)
	dst = appendString(dst, fieldActor, r.Actor)
	for _, d := range r.Dedup {
		dst = protowire.AppendTag(dst, fieldDedup, protowire.BytesType)
		dst = protowire.AppendVarint(dst, uint64(sizeBytes(len(d.Key))+sizeBytes(len(d.Hash))))
		dst = appendString(dst, fieldDedupKey, d.Key)
		dst = appendBytes(dst, fieldDedupHash, d.Hash)
	}
	dst = appendString(dst, fieldKeyID, r.KeyID)
	dst = appendHash(dst, fieldSealedHash, &r.SealedHash)
	dst = appendHash(dst, fieldPreviousHash, &r.PreviousHash)
	dst = appendBytes(dst, fieldFacts, r.Facts)
	return appendUint(dst, fieldMore, uint64(r.More))
}

// sizeBytes is the size of a field of n bytes with a number below 16.
func sizeBytes(n int) int {
	if n == 0 {
		return 0
	}
	return 1 + protowire.SizeBytes(n)
}

func appendUint(dst []byte, field protowire.Number, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, field, protowire.VarintType), v)
}

func appendString(dst []byte, field protowire.Number, v string) []byte {
	if v == "" {
		return dst
	}
	return protowire.AppendString(protowire.AppendTag(dst, field, protowire.BytesType), v)
}

func appendBytes(dst []byte, field protowire.Number, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	return protowire.AppendBytes(protowire.AppendTag(dst, field, protowire.BytesType), v)
}

func appendHash(dst []byte, field protowire.Number, v *[32]byte) []byte {
	if *v == ([32]byte{}) {
		return dst
	}
	return appendBytes(dst, field, v[:])
}

func appendTime(dst []byte, field protowire.Number, t time.Time) []byte {
	if t = stored(t); t.IsZero() {
		return dst
	}
	return protowire.AppendVarint(protowire.AppendTag(dst, field, protowire.VarintType), uint64(t.UnixMicro()))
}

// stored returns t as it is read back: in UTC, whole microseconds, the zero
// time if that is what is left.
func stored(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	if t = time.UnixMicro(t.UnixMicro()).UTC(); t.IsZero() {
		return time.Time{}
	}
	return t
}

// decodeRecord is the inverse of appendRecord. It refuses everything that
// appendRecord does not write, unknown fields too: a field that this version
// does not know is in no hash that it can check, and a newer version that adds
// one raises the folder's format. The record does not alias b.
func decodeRecord(b []byte) (*Record, error) {
	d := decoder{b: b}
	r := new(Record)
	var facts, sealed []byte
	var dedup []protoBytes
	for d.next() {
		switch d.field {
		case fieldPosition:
			r.Position = d.uint()
		case fieldAccountSequence:
			r.AccountSequence = d.uint()
		case fieldVersion:
			r.Version = d.uint()
		case fieldSchemaVersion:
			v := d.uint()
			if r.SchemaVersion = uint32(v); uint64(r.SchemaVersion) != v {
				d.fail("schema version out of range")
			}
		case fieldMore:
			v := d.uint()
			if r.More = uint32(v); uint64(r.More) != v {
				d.fail("number of events out of range")
			}
		case fieldRecorded:
			r.Recorded = d.time()
		case fieldReceived:
			r.Received = d.time()
		case fieldProvider:
			r.Provider = d.time()
		case fieldSealedHash:
			d.hash(&r.SealedHash)
		case fieldPreviousHash:
			d.hash(&r.PreviousHash)
		case fieldDedup:
			dedup = append(dedup, d.span(true))
		case fieldFacts:
			facts = d.bytes()
		case fieldSealed:
			sealed = d.bytes()
		default:
			if p := r.text(d.field); p != nil {
				d.texts[d.field] = d.span(false)
			} else {
				d.fail("unknown field")
			}
		}
	}
	if d.err != nil {
		return nil, d.err
	}
	r.fill(&d, dedup)
	if d.err != nil {
		return nil, d.err
	}
	if n := len(facts); n+len(sealed) > 0 {
		both := append(append(make([]byte, 0, n+len(sealed)), facts...), sealed...)
		if n > 0 {
			r.Facts = both[:n:n]
		}
		if len(sealed) > 0 {
			r.Sealed = both[n:]
		}
	}
	return r, nil
}

// text returns where the text of a field belongs, nil if it is none.
func (r *Record) text(field protowire.Number) *string {
	switch field {
	case fieldAccount:
		return &r.Stream.Account
	case fieldCategory:
		return &r.Stream.Category
	case fieldStreamID:
		return &r.Stream.ID
	case fieldEventID:
		return &r.ID
	case fieldType:
		return &r.Type
	case fieldCausation:
		return &r.Causation
	case fieldCorrelation:
		return &r.Correlation
	case fieldActor:
		return &r.Actor
	case fieldKeyID:
		return &r.KeyID
	}
	return nil
}

// fill sets all texts as parts of one string, so that a record costs one
// allocation for them and not one for each.
func (r *Record) fill(d *decoder, dedup []protoBytes) {
	all := string(d.b[:d.textEnd])
	for field := range d.texts {
		if s := d.texts[field]; s.end != 0 {
			*r.text(protowire.Number(field)) = all[s.start:s.end]
		}
	}
	if len(dedup) == 0 {
		return
	}
	r.Dedup = make([]DedupKey, len(dedup))
	for i, s := range dedup {
		sub := decoder{b: d.b[:s.end], at: s.start}
		for sub.next() {
			switch sub.field {
			case fieldDedupKey:
				k := sub.span(false)
				r.Dedup[i].Key = all[k.start:k.end]
			case fieldDedupHash:
				r.Dedup[i].Hash = append([]byte(nil), sub.bytes()...)
			default:
				sub.fail("unknown field")
			}
		}
		if sub.err != nil {
			d.err = fmt.Errorf("dedup key: %w", sub.err)
			return
		}
	}
}
