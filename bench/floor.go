package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
	"github.com/coder/websocket"
)

// floorCommand has this program serve, in a process of its own, the least that can
// be done for a webhook that is shown on a page, and for a reply that is sent.
const floorCommand = "serve-floor"

// floor writes synced values to Pebble, frames to one socket, and requests to a
// provider. It looks at nothing but the number of a message.
type floor struct {
	db       *pebble.DB
	noise    noise
	position atomic.Uint64
	size     int // of a value
	frame    int // the size of a frame
	socket   atomic.Pointer[websocket.Conn]
	provider string
	client   *http.Client
}

// replyPath is where a reply is posted.
const replyPath = "/weiche.workspace.v1.WorkspaceService/SendReply"

func serveFloor(ctx context.Context, args []string) (err error) {
	f := &floor{noise: newNoise(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	flags := flag.NewFlagSet(floorCommand, flag.ContinueOnError)
	data := flags.String("data", "", "the folder")
	address := flags.String("http", "", "the address")
	flags.IntVar(&f.size, "bytes", 0, "the size of a value")
	flags.IntVar(&f.frame, "frame", 0, "the size of a frame")
	flags.StringVar(&f.provider, "provider", "", "where the provider is")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if f.db, err = pebble.Open(*data, rawOptions()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.db.Close()) }()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+streamPath, f.stream)
	mux.HandleFunc("POST "+webhookPath, f.webhook)
	mux.HandleFunc("POST "+replyPath, f.reply)
	return serve(ctx, *address, mux)
}

// stream opens the socket that frames are written to.
func (f *floor) stream(w http.ResponseWriter, r *http.Request) {
	socket, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return
	}
	defer socket.CloseNow()
	f.socket.Store(socket)
	<-socket.CloseRead(context.WithoutCancel(r.Context())).Done()
}

// set writes one value and returns once it is on disk.
func (f *floor) set() error {
	n := f.position.Add(1)
	return f.db.Set(binary.BigEndian.AppendUint64(nil, n), f.noise.bytes(n, f.size), pebble.Sync)
}

// webhook writes one value, then a frame, and answers.
func (f *floor) webhook(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = f.set()
	}
	if socket := f.socket.Load(); err == nil && socket != nil {
		err = socket.Write(r.Context(), websocket.MessageText, padded(f.frame, body))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// reply writes three values, one after the other, and sends the message while it
// answers.
func (f *floor) reply(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	for range 3 {
		if err == nil {
			err = f.set()
		}
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	n, _ := numberIn(body)
	go f.send(n)
}

// send posts a message as a provider wants it. One that fails never arrives, and
// the comparison fails with it.
func (f *floor) send(n uint64) {
	request, err := http.NewRequest(http.MethodPost, f.provider+"/v26.0/"+phoneID+"/messages", strings.NewReader(
		`{"biz_opaque_callback_data":"snd_01JD0000000000000000000000","messaging_product":"whatsapp","recipient_type":"individual",`+
			`"text":{"body":"`+fmt.Sprintf(replyText, n)+`"},"to":"15550000000","type":"text"}`))
	if err != nil {
		return
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer a token")
	response, err := f.client.Do(request)
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	response.Body.Close()
}
