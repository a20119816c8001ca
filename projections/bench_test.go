package projections

import (
	"context"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"time"

	"weiche/eventstore"
	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// benchLog is 100,000 records of 1,000 conversations that go on side by side:
// comments, and replies with what becomes of them, of some 500 bytes.
func benchLog(b *testing.B) *memoryLog { return benchLogOf(b, 100_000) }

// benchLogOf is the same of another size, with a conversation for each 100
// records.
func benchLogOf(b *testing.B, size uint64) *memoryLog {
	b.Helper()
	conversations := int(size / 100)
	log := newLog("bench")
	body := text(string(make([]byte, 300)))
	for n := range conversations {
		id := fmt.Sprintf("01J9ZQ3V8W%016d", n)
		log.add("conversation", id, &eventv1.ConversationStarted{ConversationId: id, CustomerId: "ana-" + id, WidgetId: "i-widget"})
		log.add("conversation", id, &eventv1.ChannelBound{ConversationId: id, IdentityId: "p-" + id, IntegrationId: "i-widget", Channel: "widget"})
		log.add("conversation", id, &eventv1.RouteChanged{ConversationId: id, RouteVersion: 1, IdentityIds: []string{"p-" + id}})
	}
	for turn := 0; log.Durable() < size; turn++ {
		for n := range conversations {
			id := fmt.Sprintf("01J9ZQ3V8W%016d", n)
			message := fmt.Sprintf("%s-%d", id, turn/5)
			switch turn % 5 {
			case 0:
				log.add("conversation", id, &eventv1.MessageReceived{
					MessageId: "c-" + message, ConversationId: id, CustomerId: "ana-" + id, IdentityId: "p-" + id,
					IntegrationId: "i-widget", Channel: "widget", SentAt: at(turn),
					Sealed: &eventv1.MessageReceived_Sealed{Content: body},
				})
			case 1:
				log.add("conversation", id, &eventv1.ReplyQueued{
					MessageId: message, ConversationId: id, CustomerId: "ana-" + id, AgentId: "ben",
					Route:  &eventv1.FrozenRoute{IntegrationId: "i-widget", IdentityId: "p-" + id, Channel: "widget", RouteVersion: 1},
					Sealed: &eventv1.ReplyQueued_Sealed{Content: body},
				})
			case 2:
				log.add("conversation", id, &eventv1.MessageSending{MessageId: message, ConversationId: id})
			case 3:
				log.add("conversation", id, &eventv1.MessageSent{MessageId: message, ConversationId: id, IntegrationId: "i-widget", Channel: "widget"})
			case 4:
				log.add("conversation", id, &eventv1.MessageDelivered{MessageId: message, ConversationId: id, At: at(turn)})
			}
		}
	}
	return log
}

// BenchmarkFold folds all projections in memory.
func BenchmarkFold(b *testing.B) {
	log := benchLog(b)
	b.ReportAllocs()
	for b.Loop() {
		rows := make([]Memory, len(All()))
		for rec := range log.ReadAll(b.Context(), 1) {
			event, _ := decode(rec)
			for n, p := range All() {
				p.Apply(&rows[n], rec, event)
			}
		}
	}
	perSecond(b, log)
}

// BenchmarkRebuild folds all projections into a folder, from a log in memory.
func BenchmarkRebuild(b *testing.B) {
	log := benchLog(b)
	v, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	b.ReportAllocs()
	for b.Loop() {
		if err := v.Rebuild(b.Context(), plainLog{log}, "", nil); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b, log)
}

// BenchmarkReplay is the same from an event store on disk: what a rebuild costs.
func BenchmarkReplay(b *testing.B) {
	for _, size := range []uint64{100_000, 1_000_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) { benchReplay(b, size) })
	}
}

func benchReplay(b *testing.B, size uint64) {
	log := benchLogOf(b, size)
	store, err := eventstore.Open(b.TempDir(), eventstore.Options{NoSync: true})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	for records := range slices.Chunk(log.records, 500) {
		commit := eventstore.Commit{}
		for _, rec := range records {
			commit.Events = append(commit.Events, rec.Event)
		}
		results, err := store.Append(b.Context(), []eventstore.Commit{commit})
		if err != nil || results[0].Err != nil {
			b.Fatal(err, results)
		}
	}
	// The records in memory are not a part of what is measured, nor is what
	// collecting them costs.
	log.records = nil
	// As weiche projections rebuild does.
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	b.ReportAllocs()
	began := processTime(b)
	for b.Loop() {
		v, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := v.Rebuild(b.Context(), store, "", nil); err != nil {
			b.Fatal(err)
		}
		if err := v.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
	// On a machine that others use too, this says more.
	b.ReportMetric(float64((processTime(b)-began).Nanoseconds())/float64(size)/float64(b.N), "cpu-ns/event")
}

// processTime is how much of the processors the process has used.
func processTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkDecode reads the facts alone.
func BenchmarkDecode(b *testing.B) {
	log := benchLog(b)
	b.ReportAllocs()
	for b.Loop() {
		for rec := range log.ReadAll(b.Context(), 1) {
			if _, use := decode(rec); use != used {
				b.Fatal(rec.Type)
			}
		}
	}
	perSecond(b, log)
}

// BenchmarkTimeline reads a page of 100 lines with nothing to decrypt.
func BenchmarkTimeline(b *testing.B) {
	log := benchLog(b)
	v, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	if err := v.Rebuild(b.Context(), log, "", nil); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Timeline(b.Context(), "acme", "01J9ZQ3V8W0000000000000007", Page{Last: true}); err != nil {
			b.Fatal(err)
		}
	}
}

func perSecond(b *testing.B, log *memoryLog) {
	b.ReportMetric(float64(log.Durable())*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// plainLog reads without a lock for each record.
type plainLog struct{ *memoryLog }

func (l plainLog) ReadAll(_ context.Context, from uint64) iter.Seq2[*eventstore.Record, error] {
	return func(yield func(*eventstore.Record, error) bool) {
		for _, rec := range l.records[max(from, 1)-1:] {
			if !yield(rec, nil) {
				return
			}
		}
	}
}
