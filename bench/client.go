package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"weiche/services/channel"
	"weiche/services/meta"
)

// messages makes webhooks, each with one text message that never was before.
type messages struct {
	senders int
	run     uint64
	last    atomic.Uint64
}

func newMessages(senders int) *messages { return &messages{senders: senders, run: rand.Uint64()} }

// next returns the body of a webhook. The first messages come from each sender
// once, those after them from any.
func (m *messages) next() []byte { return m.batch(1) }

// batch returns the body of a webhook with so many messages.
func (m *messages) batch(count int) []byte {
	var contacts, said []byte
	for range count {
		n := m.last.Add(1)
		sender := int(n)
		if sender >= m.senders {
			sender = rand.IntN(m.senders)
		}
		if len(said) > 0 {
			contacts, said = append(contacts, ','), append(said, ',')
		}
		contacts, said = m.say(contacts, said, sender, n)
	}
	return envelop(contacts, said)
}

// by returns the body of a webhook with one message of a sender.
func (m *messages) by(sender int) []byte {
	return envelop(m.say(nil, nil, sender, m.last.Add(1)))
}

// say appends the nth message, which is its sender's.
func (m *messages) say(contacts, said []byte, sender int, n uint64) (_, _ []byte) {
	contacts = fmt.Appendf(contacts, `{"profile":{"name":"Customer %d"},"wa_id":"1555%07d"}`, sender, sender)
	said = fmt.Appendf(said, `{"from":"1555%07d","id":"wamid.%016x%016x","timestamp":"%d","type":"text",`+
		`"text":{"body":"Is the blue one still there, number %d? I could come by in the afternoon."}}`,
		sender, m.run, n, time.Now().Unix(), n)
	return contacts, said
}

func envelop(contacts, said []byte) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"2000","changes":[{"value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"15550100000","phone_number_id":"%s"},"contacts":[%s],"messages":[%s]},"field":"messages"}]}]}`,
		phoneID, contacts, said)
}

// client is one connection that is kept. It writes HTTP/1.1 by itself, so that
// little of what is measured is the client's.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	host string
}

func dial(ctx context.Context, address string) (*client, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReader(conn), host: address}, nil
}

// post sends a signed webhook and returns the status of the answer.
func (c *client) post(body []byte) (int, error) {
	return c.ask(webhookPath, meta.SignatureHeader, meta.Sign(channel.Secret(appSecret), body), body)
}

// ask sends a body with a header and returns the status of the answer.
func (c *client) ask(path, name, value string, body []byte) (int, error) {
	c.out = fmt.Appendf(c.out[:0], "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s: %s\r\n\r\n",
		path, c.host, len(body), name, value)
	c.out = append(c.out, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, err
	}
	return c.answer()
}

// answer reads a response.
func (c *client) answer() (status int, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, fmt.Errorf("no status line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length := 0
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
	_, err = io.CopyN(io.Discard, c.in, int64(length))
	return status, err
}

// send has clients send, each the next message once the last is answered, for a
// time or, if count is not 0, until there were so many. An answer other than 200
// is an error.
func send(ctx context.Context, address string, from *messages, clients int, duration time.Duration, count int) (load, error) {
	return sendBodies(ctx, address, from.next, clients, duration, count)
}

// sendBodies is send with webhooks of any kind.
func sendBodies(ctx context.Context, address string, next func() []byte, clients int, duration time.Duration, count int) (load, error) {
	var connections []*client
	defer func() {
		for _, c := range connections {
			c.conn.Close()
		}
	}()
	for range clients {
		c, err := dial(ctx, address)
		if err != nil {
			return load{}, err
		}
		connections = append(connections, c)
	}
	return work(ctx, clients, duration, count, func(worker int) error {
		status, err := connections[worker].post(next())
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("answered %d", status)
		}
		return err
	})
}
