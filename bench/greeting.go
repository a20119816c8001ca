package main

import (
	"bytes"
	"fmt"
)

// greeting is how a socket is opened at a server, and what it says until it is told
// what happens.
type greeting struct {
	path, subprotocol string
	// says are the frames of the client.
	says []string
	// ready is what the answer has in it after which everything is told; empty
	// where there is no answer.
	ready string
	// beat is what the server says now and then and wants to hear back, as text;
	// empty where it does not.
	beat string
	// again is whether what was told may be told again.
	again bool
}

// What a socket of Weiche follows.
const (
	followInbox      = "inbox"
	followEverything = "everything"
)

// streamPath is where sockets are opened.
const streamPath = "/v1/stream"

// greetWeiche is how an agent's page follows something.
func greetWeiche(authorization, what string) greeting {
	return greeting{
		path: streamPath, subprotocol: "weiche.v1.json",
		says: []string{
			fmt.Sprintf(`{"authenticate":{"authorization":%q}}`, authorization),
			fmt.Sprintf(`{"subscribe":{"subscription":1,"request":{%q:true}}}`, what),
		},
		ready: `"caughtUp"`,
		// A row of the inbox stands as it is when it is told, which may be as of a
		// later event, and that tells it again.
		again: what == followInbox,
	}
}

// greetFloor is how the servers without anything behind them are followed.
func greetFloor(int) greeting { return greeting{path: streamPath} }

// greetCentrifuge is how its protocol begins; the server subscribes who connects.
func greetCentrifuge(int) greeting {
	return greeting{path: streamPath, says: []string{`{"id":1,"connect":{}}`}, ready: `"connect"`, beat: `{}`}
}

// request is the HTTP request that opens a socket.
func (g greeting) request(host string) []byte {
	out := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", g.path, host)
	if g.subprotocol != "" {
		out = fmt.Appendf(out, "Sec-WebSocket-Protocol: %s\r\n", g.subprotocol)
	}
	return append(out, "\r\n"...)
}

// open speaks with a server until the socket is told what happens, and returns what
// came after that.
func (g greeting) open(host string, write func([]byte) error, read func([]byte) (int, error)) (rest []byte, err error) {
	if err := write(g.request(host)); err != nil {
		return nil, err
	}
	var in []byte
	more := func() error {
		buffer := make([]byte, 4096)
		n, err := read(buffer)
		in = append(in, buffer[:n]...)
		if n > 0 {
			return nil
		}
		return err
	}
	head, rest, whole := []byte(nil), []byte(nil), false
	for !whole {
		if err := more(); err != nil {
			return nil, fmt.Errorf("a socket is not opened: %w", err)
		}
		head, rest, whole = bytes.Cut(in, []byte("\r\n\r\n"))
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
		return nil, fmt.Errorf("a socket is refused: %s %s", head, rest)
	}
	in = rest
	var out []byte
	for _, text := range g.says {
		out = appendMasked(out, opText, []byte(text))
	}
	if len(out) > 0 {
		if err := write(out); err != nil {
			return nil, err
		}
	}
	for g.ready != "" {
		f, rest, ok := nextFrame(in)
		switch {
		case !ok:
			if err := more(); err != nil {
				return nil, fmt.Errorf("a socket is not told that it follows: %w", err)
			}
			continue
		case f.op == opClose, bytes.Contains(f.payload, []byte(`"refused"`)), bytes.Contains(f.payload, []byte(`"goAway"`)):
			return nil, fmt.Errorf("a socket may not follow: %q", f.payload)
		case bytes.Contains(f.payload, []byte(g.ready)):
			return rest, nil
		}
		in = rest
	}
	return in, nil
}

// answer is what a socket has to say after a frame; nil if nothing.
func (g greeting) answer(f frame) []byte {
	switch {
	case f.op == opPing:
		return appendMasked(nil, opPong, f.payload)
	case g.beat != "" && string(bytes.TrimSpace(f.payload)) == g.beat:
		return appendMasked(nil, opText, []byte(g.beat))
	}
	return nil
}
