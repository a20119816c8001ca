package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
)

// rawCommand has this program serve raw appends, in a process of its own.
const rawCommand = "serve-raw"

// serveRaw answers each POST after one synced write of as many bytes as it is
// told. Writes of concurrent requests share a sync, as Pebble does it.
func serveRaw(ctx context.Context, args []string) (err error) {
	flags := flag.NewFlagSet(rawCommand, flag.ContinueOnError)
	data := flags.String("data", "", "the folder")
	address := flags.String("http", "", "the address")
	size := flags.Int("bytes", 0, "the size of a value")
	if err := flags.Parse(args); err != nil {
		return err
	}
	db, err := pebble.Open(*data, rawOptions())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	noise := newNoise()
	var position atomic.Uint64
	return serve(ctx, *address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			return
		}
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		n := position.Add(1)
		if err := db.Set(binary.BigEndian.AppendUint64(nil, n), noise.bytes(n, *size), pebble.Sync); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
}

// rawOptions are those with which the event store opens its folder.
func rawOptions() *pebble.Options {
	p := &pebble.Options{
		FormatMajorVersion: pebble.FormatValueSeparation, Logger: silent{}, MaxOpenFiles: 4096,
		MemTableSize: 64 << 20, MemTableStopWritesThreshold: 4, CacheSize: 192 << 20,
		L0CompactionThreshold: 2, L0StopWritesThreshold: 24, LBaseMaxBytes: 64 << 20, BytesPerSync: 1 << 20,
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
	}
	for i := range p.Levels {
		p.Levels[i].BlockSize, p.Levels[i].IndexBlockSize = 32<<10, 256<<10
		p.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.SnappyCompression }
	}
	return p
}

// serve serves HTTP/1.1 as weiche serve does, until ctx ends.
func serve(ctx context.Context, address string, handler http.Handler) error {
	server := &http.Server{
		Addr: address, Handler: handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	done := make(chan error, 1)
	go func() { done <- server.ListenAndServe() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return server.Shutdown(ending)
}

// silent drops what Pebble reports.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}

func (silent) Fatalf(format string, args ...any) { panic("pebble: " + format) }

// stored returns the bytes of all keys and values of a Pebble folder.
func stored(dir string) (bytes int, err error) {
	db, err := pebble.Open(dir, &pebble.Options{ReadOnly: true, Logger: silent{}})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	it, err := db.NewIter(nil)
	if err != nil {
		return 0, err
	}
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return 0, errors.Join(err, it.Close())
		}
		bytes += len(it.Key()) + len(value)
	}
	return bytes, it.Close()
}
