package api_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"weiche/eventstore"
	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	streamv1 "weiche/proto/gen/weiche/stream/v1"
	"weiche/services/broker"
	"weiche/services/router"
)

// liveLog tells what happens from the log itself.
type liveLog struct {
	store *eventstore.Store
	log   router.PublicLog
}

func (l liveLog) Follow(ctx context.Context, from broker.Place, take func(broker.Event)) error {
	after := from.Position
	if after == 0 {
		after = l.store.Durable()
	}
	told := map[string]uint64{}
	for rec, err := range l.store.Subscribe(ctx, after+1) {
		if err != nil {
			return err
		}
		account := rec.Stream.Account
		if rec.AccountSequence <= told[account] {
			continue
		}
		// Read in pages: one record costs almost as much as many.
		events, err := l.log.Account(ctx, account, rec.AccountSequence-1, 256)
		if err != nil {
			return err
		}
		for _, event := range events {
			take(event)
			told[account] = event.Sequence
		}
	}
	return ctx.Err()
}

// signals pass signs on as the broker would.
type signals struct {
	mu   sync.Mutex
	take func(*ingressv1.Signal)
}

func (s *signals) hear(take func(*ingressv1.Signal)) (func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take = take
	return func() {}, nil
}

func (s *signals) tell(signal *ingressv1.Signal) error {
	s.mu.Lock()
	take := s.take
	s.mu.Unlock()
	if take != nil {
		take(proto.CloneOf(signal))
	}
	return nil
}

// client is a page's socket.
type client struct {
	t    *testing.T
	conn *websocket.Conn
	json bool
}

// dial opens a socket; nothing is said yet.
func (s *stage) dial(t *testing.T, protocol, origin string, cookies ...string) (*client, *http.Response, error) {
	header := http.Header{"Cookie": cookies}
	if origin != "" {
		header.Set("Origin", origin)
	}
	conn, response, err := websocket.Dial(t.Context(), s.server.URL+"/v1/stream", &websocket.DialOptions{
		Subprotocols: []string{protocol}, HTTPHeader: header,
	})
	if err != nil {
		return nil, response, err
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: t, conn: conn, json: protocol == "weiche.v1.json"}, response, nil
}

// socket opens a socket and authenticates.
func (s *stage) socket(t *testing.T, protocol, origin, token string) *client {
	t.Helper()
	c, _, err := s.dial(t, protocol, origin)
	if err != nil {
		t.Fatal(err)
	}
	c.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Authenticate{Authenticate: &streamv1.Authenticate{Authorization: "Bearer " + token}}})
	return c
}

func (c *client) say(said *streamv1.ClientFrame) {
	c.t.Helper()
	kind, data := websocket.MessageBinary, []byte(nil)
	var err error
	if c.json {
		kind = websocket.MessageText
		data, err = protojson.Marshal(said)
	} else {
		data, err = proto.Marshal(said)
	}
	if err := errors.Join(err, c.conn.Write(c.t.Context(), kind, data)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) follow(number uint32, request *streamv1.SubscribeRequest) {
	c.t.Helper()
	c.say(&streamv1.ClientFrame{Frame: &streamv1.ClientFrame_Subscribe{Subscribe: &streamv1.Follow{Subscription: number, Request: request}}})
}

// next returns the next frame, or with what code the socket was closed.
func (c *client) next() (*streamv1.SubscribeResponse, websocket.StatusCode) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 20*time.Second)
	defer cancel()
	_, data, err := c.conn.Read(ctx)
	if err != nil {
		if code := websocket.CloseStatus(err); code != -1 {
			return nil, code
		}
		c.t.Fatalf("nothing comes: %v", err)
	}
	frame := &streamv1.SubscribeResponse{}
	if c.json {
		err = protojson.Unmarshal(data, frame)
	} else {
		err = proto.Unmarshal(data, frame)
	}
	if err != nil {
		c.t.Fatalf("%q: %v", data, err)
	}
	return frame, 0
}

// until returns the first frame that is what is looked for.
func (c *client) until(is func(*streamv1.SubscribeResponse) bool) *streamv1.SubscribeResponse {
	c.t.Helper()
	for {
		frame, code := c.next()
		if code != 0 {
			c.t.Fatalf("closed with %d", code)
		}
		if is(frame) {
			return frame
		}
	}
}

func (c *client) caughtUp(number uint32) {
	c.t.Helper()
	c.until(func(f *streamv1.SubscribeResponse) bool {
		return f.GetCaughtUp() != nil && f.GetSubscription() == number
	})
}

// closed returns with what code the socket is closed.
func (c *client) closed() websocket.StatusCode {
	c.t.Helper()
	for {
		if _, code := c.next(); code != 0 {
			return code
		}
	}
}
