package main

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
)

const (
	// heapPath answers with what a composed server has in memory.
	heapPath = "/heap"
	// sampled is how many bytes are allocated between two samples of the heap.
	sampled = 4 << 10
)

// isCached says whether a function allocates what is bounded, however much there is:
// Pebble's blocks that were read, its tables that are written to disk when they are
// full, and what the broker keeps of its streams for an hour.
func isCached(function string) bool {
	return slices.ContainsFunc([]string{
		"github.com/cockroachdb/pebble/v2/internal/manual.New",
		"github.com/cockroachdb/pebble/v2/internal/cache.",
		"github.com/cockroachdb/pebble/v2/internal/arenaskl.",
		"github.com/nats-io/nats-server/v2/server.(*memStore).",
	}, func(name string) bool { return strings.HasPrefix(function, name) })
}

// answerHeap answers with the heap, and writes a profile of it to a file.
func answerHeap(file string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		debug.FreeOSMemory()
		debug.FreeOSMemory() // what finalizers let go
		if err := writeHeap(file); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		caches := cachedBytes()
		_ = json.NewEncoder(w).Encode(held{Live: int64(stats.HeapAlloc) - caches, Caches: caches})
	}
}

func writeHeap(file string) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	return pprof.Lookup("heap").WriteTo(out, 0)
}

// cachedBytes returns how much of the heap is what isCached names, as the samples of
// the heap have it.
func cachedBytes() int64 {
	records := make([]runtime.MemProfileRecord, 4096)
	for {
		n, ok := runtime.MemProfile(records, false)
		if ok {
			records = records[:n]
			break
		}
		records = make([]runtime.MemProfileRecord, n+n/2)
	}
	bytes := 0.0
	for _, record := range records {
		if record.InUseObjects() == 0 || !isCache(record.Stack()) {
			continue
		}
		// A record stands for as many as are not sampled at its size.
		size := float64(record.InUseBytes()) / float64(record.InUseObjects())
		bytes += float64(record.InUseBytes()) / -math.Expm1(-size/sampled)
	}
	return int64(bytes)
}

func isCache(stack []uintptr) bool {
	frames := runtime.CallersFrames(stack)
	for {
		frame, more := frames.Next()
		if isCached(frame.Function) {
			return true
		}
		if !more {
			return false
		}
	}
}
