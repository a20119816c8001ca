package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/oklog/ulid/v2"
	"google.golang.org/protobuf/encoding/protojson"

	"weiche/eventstore"
	"weiche/services/router"
)

// message is what a reader of message-db decodes of an event: what most of them
// have. The decoder passes over the rest.
type message struct {
	MessageID      string `json:"message_id"`
	ConversationID string `json:"conversation_id"`
	CustomerID     string `json:"customer_id"`
	IdentityID     string `json:"identity_id"`
	IntegrationID  string `json:"integration_id"`
	Channel        string `json:"channel"`
	AgentID        string `json:"agent_id"`
	SendID         string `json:"send_id"`
	Attempt        int    `json:"attempt"`
	SentAt         string `json:"sent_at"`
	At             string `json:"at"`
	Route          struct {
		IntegrationID string `json:"integration_id"`
		IdentityID    string `json:"identity_id"`
		Channel       string `json:"channel"`
		Version       string `json:"route_version"`
	} `json:"route"`
	Sealed []byte `json:"sealed"`
}

// envelope is what message-db has as metadata.
type envelope struct {
	Causation   string    `json:"causation,omitempty"`
	Correlation string    `json:"correlation,omitempty"`
	Actor       string    `json:"actor,omitempty"`
	Received    time.Time `json:"received"`
	Provider    time.Time `json:"provider,omitzero"`
	Dedup       []string  `json:"dedup,omitempty"`
	KeyID       string    `json:"key_id,omitempty"`
}

// loaded are the messages in message-db, and how they are read.
type loaded struct {
	conn       *pgx.Conn
	categories []string
	streams    []string
	messages   int
	bytes      int
}

// loadMessages copies the events of a store into message-db, as JSON.
func loadMessages(ctx context.Context, pg *postgres, sql messageDB, store *eventstore.Store) (*loaded, error) {
	m := &loaded{}
	err := sql.install(ctx, pg, func(conn *pgx.Conn) error {
		next, stop := iter.Pull2(store.ReadAll(ctx, 1))
		defer stop()
		_, err := conn.CopyFrom(ctx, pgx.Identifier{"message_store", "messages"},
			[]string{"position", "stream_name", "type", "data", "metadata", "id"},
			pgx.CopyFromFunc(func() ([]any, error) {
				rec, err, ok := next()
				if err != nil || !ok {
					return nil, err
				}
				return m.row(rec)
			}))
		return err
	})
	if err != nil {
		return nil, err
	}
	m.conn, err = pgx.Connect(ctx, pg.url("postgres", messageDBPath))
	return m, err
}

// row returns the columns of an event.
func (m *loaded) row(rec *eventstore.Record) ([]any, error) {
	event, err := router.Decode(rec)
	if err != nil {
		return nil, err
	}
	id, err := ulid.Parse(rec.ID)
	if err != nil {
		return nil, err
	}
	data, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(event.Body)
	if err != nil {
		return nil, err
	}
	if len(rec.Sealed) > 0 {
		sealed, err := json.Marshal(rec.Sealed)
		if err != nil {
			return nil, err
		}
		data = bytes.TrimSuffix(data, []byte("}"))
		data = fmt.Appendf(data, `,"sealed":%s}`, sealed)
	}
	e := envelope{Causation: rec.Causation, Correlation: rec.Correlation, Actor: rec.Actor, Received: rec.Received, Provider: rec.Provider, KeyID: rec.KeyID}
	for _, key := range rec.Dedup {
		e.Dedup = append(e.Dedup, key.Key)
	}
	metadata, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	name := rec.Stream.String()
	if rec.Version == 1 {
		m.streams = append(m.streams, name)
	}
	if !slices.Contains(m.categories, rec.Stream.Category) {
		m.categories = append(m.categories, rec.Stream.Category)
	}
	m.messages++
	m.bytes += len(data) + len(metadata)
	return []any{int64(rec.Version) - 1, name, rec.Type, data, metadata, pgtype.UUID{Bytes: id, Valid: true}}, nil
}

func (m *loaded) close(ctx context.Context) error { return m.conn.Close(ctx) }

// What a page has, and where its rows have what.
const (
	pageSize       = 1000
	columnPosition = 4
	columnData     = 5
	columnMetadata = 6
)

// page is what is decoded of a page of messages.
type page [][2][]byte

// byCategory reads all messages, one category after the other.
func (m *loaded) byCategory(ctx context.Context, each func(page)) error {
	for _, category := range m.categories {
		for position := int64(1); ; {
			last, n, err := m.page(ctx, each, "SELECT * FROM get_category_messages($1, $2, $3)", category, position)
			if err != nil {
				return err
			}
			if n < pageSize {
				break
			}
			position = last + 1
		}
	}
	return nil
}

// byStream reads all messages, one stream after the other.
func (m *loaded) byStream(ctx context.Context, each func(page)) error {
	return m.byStreams(ctx, m.streams, each)
}

func (m *loaded) byStreams(ctx context.Context, streams []string, each func(page)) error {
	for _, stream := range streams {
		for position := int64(0); ; position += pageSize {
			_, n, err := m.page(ctx, each, "SELECT * FROM get_stream_messages($1, $2, $3)", stream, position)
			if err != nil {
				return err
			}
			if n < pageSize {
				break
			}
		}
	}
	return nil
}

// page reads one page, from a position on, and hands it on. It returns the global
// position of its last message.
func (m *loaded) page(ctx context.Context, each func(page), query, name string, position int64) (last int64, n int, err error) {
	rows, err := m.conn.Query(ctx, query, name, position, int64(pageSize))
	if err != nil {
		return last, 0, err
	}
	defer rows.Close()
	read := make(page, 0, pageSize)
	for rows.Next() {
		raw := rows.RawValues()
		if len(raw[columnPosition]) != 8 {
			return last, 0, fmt.Errorf("a position of %d bytes", len(raw[columnPosition]))
		}
		last = int64(binary.BigEndian.Uint64(raw[columnPosition]))
		// Both are a piece of the connection's buffer until the next row.
		both := append(append(make([]byte, 0, len(raw[columnData])+len(raw[columnMetadata])), raw[columnData]...), raw[columnMetadata]...)
		size := len(raw[columnData])
		read = append(read, [2][]byte{both[:size:size], both[size:]})
	}
	if err := rows.Err(); err != nil {
		return last, 0, err
	}
	if len(read) > 0 {
		each(read)
	}
	return last, len(read), nil
}

// read reads by one of the ways, and decodes each page while the next one is
// read. It returns how many messages there were.
func (m *loaded) read(ctx context.Context, how func(context.Context, func(page)) error) (n int, err error) {
	pages := make(chan page, 2)
	decoded := make(chan error, 1)
	go func() {
		var first error
		for p := range pages {
			for _, raw := range p {
				var data message
				var metadata envelope
				if err := errors.Join(json.Unmarshal(raw[0], &data), json.Unmarshal(raw[1], &metadata)); err != nil && first == nil {
					first = fmt.Errorf("%w: %s", err, raw[0])
				}
				n++
			}
		}
		decoded <- first
	}()
	err = how(ctx, func(p page) { pages <- p })
	close(pages)
	err = errors.Join(err, <-decoded)
	return n, err
}

// rate reads and decodes all messages.
func (m *loaded) rate(ctx context.Context, how func(context.Context, func(page)) error) (float64, error) {
	began := time.Now()
	n, err := m.read(ctx, how)
	if err == nil && n != m.messages {
		err = fmt.Errorf("%d messages were read of %d", n, m.messages)
	}
	return float64(n) / time.Since(began).Seconds(), err
}

// fastest reads all messages by category, and a tenth of the streams.
func (m *loaded) fastest(ctx context.Context) (byCategory, byStream float64, err error) {
	if byCategory, err = m.rate(ctx, m.byCategory); err != nil {
		return 0, 0, err
	}
	began := time.Now()
	n, err := m.read(ctx, func(ctx context.Context, each func(page)) error {
		return m.byStreams(ctx, m.streams[:max(1, len(m.streams)/10)], each)
	})
	return byCategory, float64(n) / time.Since(began).Seconds(), err
}
