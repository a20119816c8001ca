package main

import (
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/oklog/ulid/v2"
)

// talks are the streams of P4, each in a category of its own as message-db can
// use them, and written to by one writer alone, who knows the version.
const talks = 10_000

// talk500 is an event of 500 bytes of JSON for the nth writer's next stream.
type talk500 struct {
	stream  int
	version uint64 // of the stream before this event
	id      ulid.ULID
	data    []byte
}

// talkers makes the events of all writers, on each side the same.
type talkers struct {
	writers  int
	made     atomic.Uint64
	turns    []int
	versions []uint64
	data     [][]byte
}

func newTalkers(writers int) *talkers {
	t := &talkers{writers: writers, turns: make([]int, writers), versions: make([]uint64, talks)}
	n := newNoise()
	for at := range uint64(1024) {
		data := fmt.Appendf(nil, `{"message_id":"%s","conversation_id":"%s","customer_id":"%s","channel":"whatsapp","sent_at":"2026-01-01T10:00:00.000Z","text":"`,
			timeOrdered(3*at), timeOrdered(3*at+1), timeOrdered(3*at+2))
		data = hex.AppendEncode(data, n.bytes(at, (500-len(data)-2)/2))
		for len(data) < 498 {
			data = append(data, '.')
		}
		t.data = append(t.data, append(data, `"}`...))
	}
	return t
}

// next returns the next event of a writer. Its stream counts as written to.
func (t *talkers) next(writer int) talk500 {
	own := (talks - writer + t.writers - 1) / t.writers
	stream := writer + t.turns[writer]%own*t.writers
	t.turns[writer]++
	n := t.made.Add(1)
	e := talk500{stream: stream, version: t.versions[stream], id: timeOrdered(n), data: t.data[n%uint64(len(t.data))]}
	t.versions[stream]++
	return e
}

func (e talk500) category() string { return fmt.Sprintf("talk%04d", e.stream) }

// uuid is the event's id as databases have it.
func (e talk500) uuid() pgtype.UUID { return pgtype.UUID{Bytes: e.id, Valid: true} }
