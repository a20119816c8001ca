package broker_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"weiche/services/broker"
	"weiche/services/channel"
)

// BenchmarkPublish is a batch from its publisher to a router that does nothing,
// and its answer back.
func BenchmarkPublish(b *testing.B) {
	for _, publishers := range []int{1, 64, 256} {
		b.Run(fmt.Sprint(publishers), func(b *testing.B) {
			broker := start(b, broker.Config{})
			routing(b, broker)
			from, batch := source(channel.KindChannel, "shop"), batch(string(make([]byte, 500)))
			var publishing sync.WaitGroup
			took := make([][]time.Duration, publishers)
			b.ResetTimer()
			for p := range publishers {
				publishing.Go(func() {
					for range (b.N + publishers - 1) / publishers {
						began := time.Now()
						if _, err := broker.Publish(context.Background(), from, batch); err != nil {
							b.Error(err)
							return
						}
						took[p] = append(took[p], time.Since(began))
					}
				})
			}
			publishing.Wait()
			all := slices.Concat(took...)
			slices.Sort(all)
			b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "messages/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
		})
	}
}

// BenchmarkPublishEvent is the relay's way to EVENTS.
func BenchmarkPublishEvent(b *testing.B) {
	broker := start(b, broker.Config{})
	relay(b, broker, 1, 1)
	e := event(2)
	e.Data = make([]byte, 500)
	b.ResetTimer()
	for range b.N {
		if err := broker.PublishEvent(b.Context(), e); err != nil {
			b.Fatal(err)
		}
	}
	if err := broker.FlushEvents(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkStart is an embedded server from nothing to ready, and its end.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		start(b, broker.Config{}).Close()
	}
}
