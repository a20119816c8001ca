package broker

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// Publish hands a batch to the router and waits until its events are durable,
// or ctx ends: the error is ErrNoAnswer then, and the batch may or may not be
// in the log. A full stream and a full disk are ErrOverloaded at once, a server
// out of reach ErrUnavailable, and neither is tried again here.
func (b *Broker) Publish(ctx context.Context, from channel.Source, batch *ingressv1.Batch) (*ingressv1.Answer, error) {
	subject, err := subjectFor(from)
	if err != nil {
		return nil, err
	}
	data, err := proto.Marshal(batch)
	if err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	reply, err := b.call(ctx, subject, data, true)
	if err != nil {
		return nil, err
	}
	answer := &ingressv1.Answer{}
	if err := proto.Unmarshal(reply, answer); err != nil {
		return nil, fmt.Errorf("broker: the router's answer: %w", err)
	}
	if answer.GetOverloaded() {
		return nil, fmt.Errorf("%w: the log takes nothing now", ErrOverloaded)
	}
	return answer, nil
}

// PublishSend puts a send on EGRESS and returns once the server holds it. The
// errors are those of Publish; ErrNoAnswer means that the server did not answer.
func (b *Broker) PublishSend(ctx context.Context, send *ingressv1.Send) error {
	subject, err := egressSubject(send.GetChannel(), send.GetAccountId(), send.GetIntegrationId())
	if err != nil {
		return err
	}
	data, err := proto.Marshal(send)
	if err != nil {
		return fmt.Errorf("broker: %w", err)
	}
	_, err = b.call(ctx, subject, data, false)
	return err
}

// call publishes to a stream and waits for the server's ack or, where one is
// wanted, for the router's answer, whichever comes first: an ack that is lost
// does not matter when the answer is there.
func (b *Broker) call(ctx context.Context, subject string, data []byte, answer bool) ([]byte, error) {
	if b.closing.Err() != nil {
		return nil, ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	call := b.calls.begin()
	defer b.calls.end(call)
	msg := &nats.Msg{Subject: subject, Reply: b.calls.subject(callAck, call.number), Data: data}
	if answer {
		msg.Header = nats.Header{headerReceipt: {b.calls.subject(callAnswer, call.number)}}
	}
	if err := b.publishing.PublishMsg(msg); err != nil {
		return nil, unreachable(err)
	}
	for {
		select {
		case data := <-call.answer:
			return data, nil
		case err := <-call.acked:
			if err != nil || !answer {
				return nil, err
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrNoAnswer, ctx.Err())
		case <-b.closing.Done():
			return nil, ErrClosed
		}
	}
}

// calls brings what comes back to whoever waits for it, over one subscription.
type calls struct {
	prefix string

	mu      sync.Mutex
	last    uint64
	waiting map[uint64]*call
}

type call struct {
	number uint64
	answer chan []byte
	acked  chan error
}

// What a subject of calls is for.
const (
	callAnswer = "a"
	callAck    = "k"
	callEvent  = "e"
)

// open subscribes to all subjects below prefix. Acks of events go to events.
func (c *calls) open(conn *nats.Conn, prefix string, events func(round string, ack *nats.Msg)) error {
	c.prefix, c.waiting = prefix, map[uint64]*call{}
	_, err := conn.Subscribe(prefix+">", func(msg *nats.Msg) {
		what, number, _ := strings.Cut(msg.Subject[len(prefix):], ".")
		if what == callEvent {
			events(number, msg)
			return
		}
		n, err := strconv.ParseUint(number, 36, 64)
		if err != nil {
			return
		}
		c.mu.Lock()
		call := c.waiting[n]
		c.mu.Unlock()
		if call == nil {
			return // nobody waits any more
		}
		// The channels have room for what can come: one answer, one ack and a
		// lost connection. Anything beyond is a repetition.
		switch what {
		case callAnswer:
			select {
			case call.answer <- msg.Data:
			default:
			}
		case callAck:
			select {
			case call.acked <- ackError(msg):
			default:
			}
		}
	})
	return unreachable(err)
}

func (c *calls) begin() *call {
	call := &call{answer: make(chan []byte, 1), acked: make(chan error, 2)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	call.number = c.last
	c.waiting[call.number] = call
	return call
}

func (c *calls) end(call *call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, call.number)
}

// fail ends all calls.
func (c *calls) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, call := range c.waiting {
		select {
		case call.acked <- err:
		default:
		}
	}
}

func (c *calls) subject(what string, number uint64) string {
	return c.prefix + what + "." + strconv.FormatUint(number, 36)
}

// The server's codes for a message that a stream did not take.
const (
	codeStoreFailed  = 10077 // over a limit of the stream, with Discard new
	codeResources    = 10023
	codeMemory       = 10028
	codeStorage      = 10047
	codeMessageSize  = 10054
	codeLastSequence = 10071
)

// ackError is the error in the server's answer to a message for a stream.
func ackError(msg *nats.Msg) error {
	if msg.Header.Get("Status") == "503" {
		return fmt.Errorf("%w: no stream takes it", ErrUnavailable)
	}
	if !bytes.Contains(msg.Data, []byte(`"error"`)) {
		return nil
	}
	var ack struct {
		Error struct {
			ErrCode     int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(msg.Data, &ack); err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	kind := ErrUnavailable
	switch ack.Error.ErrCode {
	case codeStoreFailed, codeMemory, codeStorage:
		kind = ErrOverloaded
	case codeMessageSize:
		kind = ErrTooLarge
	case codeLastSequence:
		kind = ErrOutOfOrder
	}
	return fmt.Errorf("%w: %s", kind, ack.Error.Description)
}
