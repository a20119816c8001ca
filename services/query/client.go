package query

import (
	"context"
	"fmt"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"weiche/services/broker"
)

// Client asks the router in the name of a role. Its methods may be called
// concurrently; their errors are those of what answers, and the broker's where it
// cannot be reached.
//
// No answer of a client is older than one before it: it has the router wait until the
// views show what they have shown.
type Client struct {
	broker *broker.Broker
	role   broker.Role

	mu sync.Mutex
	// shown is the newest place that the views have shown.
	shown broker.Place

	live live
}

// NewClient returns a client.
func NewClient(b *broker.Broker, role broker.Role) *Client { return &Client{broker: b, role: role} }

// Position returns the newest position that an answer has shown; what is asked from
// now on shows it too. It is 0 before the first answer.
func (c *Client) Position() uint64 { return c.place().Position }

func (c *Client) place() broker.Place {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.shown
}

// saw notes what an answer shows. A place in another log replaces what was seen.
func (c *Client) saw(at broker.Place) {
	if at.Incarnation == "" {
		return // senders answer of no log
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.Incarnation != c.shown.Incarnation || at.Position > c.shown.Position {
		c.shown = at
	}
}

// ask asks for one answer.
func ask[A any, PA message[A]](ctx context.Context, c *Client, account, method string, request proto.Message) (PA, error) {
	return askFrom[A, PA](ctx, c, account, method, request, c.place())
}

// askFrom asks for one that is not older than a place.
func askFrom[A any, PA message[A]](ctx context.Context, c *Client, account, method string, request proto.Message, notBefore broker.Place) (PA, error) {
	answer, at, err := askPlaced[A, PA](ctx, c, account, method, request, notBefore)
	if err == nil {
		c.saw(at)
	}
	return answer, err
}

// within is how long an answer may take; 0 for the usual.
func within(method string) time.Duration {
	if method == methodTemplates || method == methodCheck {
		return providersWithin
	}
	return 0
}

// askPlaced returns the place that the answer shows, too.
func askPlaced[A any, PA message[A]](ctx context.Context, c *Client, account, method string, request proto.Message, notBefore broker.Place) (PA, broker.Place, error) {
	data, err := proto.Marshal(request)
	if err != nil {
		return nil, broker.Place{}, fmt.Errorf("query: %w", err)
	}
	said, at, err := c.broker.Ask(ctx, broker.Question{
		Role: c.role, Account: account, Method: method, Data: data, NotBefore: notBefore, Within: within(method),
	})
	if err != nil {
		return nil, broker.Place{}, decoded(err)
	}
	answer := PA(new(A))
	if err := proto.Unmarshal(said, answer); err != nil {
		return nil, broker.Place{}, fmt.Errorf("query: the answer to %s: %w", method, err)
	}
	return answer, at, nil
}
