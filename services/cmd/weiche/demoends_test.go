package main

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// hearing keeps what is written, and does something once it has heard some words.
type hearing struct {
	bytes.Buffer
	words string
	then  func()
}

func (h *hearing) Write(b []byte) (int, error) {
	n, err := h.Buffer.Write(b)
	if strings.Contains(h.String(), h.words) {
		h.then()
	}
	return n, err
}

func TestDemoEndsWithAWord(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	for _, test := range []struct {
		data string
		ends string
	}{
		{"", "\nCtrl-C ends it.\n\nThe demo has ended.\n"},
		{data, "\nThe demo has ended.\nIts data is in " + data + ". It can be read for as long as its master key is there, " +
			filepath.Join(data, "keyring", "master.key") + ".\n"},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		out := &hearing{words: "Ctrl-C ends it.", then: interrupt}
		const free = "127.0.0.1:0"
		if err := runDemo(ctx, demoConfig{data: test.data, http: free, admin: free, simulator: free}, out); err != nil {
			t.Errorf("interrupted: %v", err)
		}
		if !strings.HasSuffix(out.String(), test.ends) {
			t.Errorf("at the end it says\n%s\nand not\n%s", out, test.ends)
		}
		interrupt()
	}
}

// Where an address is taken, the flag that names another is said, whichever it is.
func TestTakenAddressNamesItsFlag(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	data := filepath.Join(t.TempDir(), "data")
	for _, test := range []struct {
		flag string
		args []string
	}{
		{"--http", []string{"demo", "--once", "--http", address}},
		{"--admin", []string{"demo", "--once", "--admin", address}},
		{"--simulator", []string{"demo", "--once", "--simulator", address}},
		{"--http", []string{"serve", "--data", data, "--http", address}},
		{"--admin", []string{"serve", "--data", data, "--http", "127.0.0.1:0", "--admin", address}},
		{"--http", []string{"simulator", "--http", address}},
	} {
		weiche(t, test.args...).Expect(t, exitFailed, "something listens on "+address+" already", test.flag+" takes another")
	}
}
