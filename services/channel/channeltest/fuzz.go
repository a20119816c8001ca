package channeltest

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"weiche/services/channel"
)

// FuzzReader checks what holds for any bytes: no panic, and items whose bytes
// are slices of the body and that can be encoded.
func FuzzReader(t *testing.T, reader channel.Reader, body []byte) {
	items, err := reader.Read(body)
	if err != nil {
		if len(items) > 0 {
			t.Errorf("%d items beside the error %v", len(items), err)
		}
		return
	}
	if len(items) == 0 {
		t.Error("neither items nor an error")
	}
	for _, item := range items {
		if item.GetKind() == nil {
			t.Error("an item of no kind")
		}
		if offset(body, item.GetRaw()) < 0 {
			t.Errorf("bytes that are not of the body: %q", item.GetRaw())
		}
		if _, err := proto.Marshal(item); err != nil {
			t.Error(err)
		}
	}
}

// BenchmarkReader reads bodies of one and of a thousand items.
func BenchmarkReader(b *testing.B, reader channel.Reader, before, item, after string) {
	for _, n := range []int{1, 1000} {
		body := []byte(before + strings.Repeat(item+",", n-1) + item + after)
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				items, err := reader.Read(body)
				if err != nil || len(items) != n {
					b.Fatalf("%d items, %v", len(items), err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/item")
		})
	}
}
