package channeltest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	ingressv1 "weiche/proto/gen/weiche/ingress/v1"
	"weiche/services/channel"
)

// FuzzReader checks what holds for any bytes: no panic, no waiting, and items whose
// bytes stand in the body, that are the same after they were encoded, and that
// are read alone as they were read in the body.
func FuzzReader(t *testing.T, reader channel.Reader, body []byte) {
	began := time.Now()
	items, err := reader.Read(body)
	if took := time.Since(began); took > slowest {
		t.Errorf("%d bytes took %s", len(body), took)
	}
	if err != nil {
		if len(items) > 0 {
			t.Errorf("%d items beside the error %v", len(items), err)
		}
		return
	}
	if len(items) == 0 {
		t.Error("neither items nor an error")
	}
	alone, _ := reader.(channel.ItemReader)
	for _, item := range items {
		if offset(body, item.GetRaw()) < 0 {
			t.Errorf("bytes that are not of the body: %q", item.GetRaw())
		}
		reencoded(t, item)
		if alone == nil || len(body) > besides {
			continue
		}
		if again, err := alone.ReadItem(keptOf(item)); err != nil || !contains(again, item) {
			t.Errorf("alone it is %v (%v), not\n%v", again, err, item)
		}
	}
}

// slowest is far above what a reader needs, also on a machine that is busy.
const slowest = 5 * time.Second

// besides is how large a body may be so that whatever stands beside an item is kept
// with it.
const besides = 4 << 10

// FuzzReadItem checks that whatever was kept is read without a panic.
func FuzzReadItem(t *testing.T, reader channel.ItemReader, raw []byte, place string, beside []byte, account string) {
	items, err := reader.ReadItem(channel.KeptItem{
		// The log holds texts that are valid.
		Raw: raw, Place: strings.ToValidUTF8(place, ""), Beside: beside, ProviderAccount: strings.ToValidUTF8(account, ""),
	})
	if err != nil && len(items) > 0 {
		t.Errorf("%d items beside the error %v", len(items), err)
	}
	for _, item := range items {
		reencoded(t, item)
	}
}

// keptOf returns what is kept of an item.
func keptOf(item *ingressv1.Item) channel.KeptItem {
	return channel.KeptItem{
		Raw: item.GetRaw(), Place: item.GetPlace(), Beside: item.GetBeside(), ProviderAccount: channel.ProviderAccount(item),
	}
}

// contains says that one of the items is this one.
func contains(items []*ingressv1.Item, item *ingressv1.Item) bool {
	return slices.ContainsFunc(items, func(read *ingressv1.Item) bool { return proto.Equal(read, item) })
}

// SeedItems adds what is kept of the items of bodies to a fuzz test of FuzzReadItem.
func SeedItems(f *testing.F, reader channel.Reader, bodies [][]byte) {
	for _, body := range bodies {
		items, _ := reader.Read(body)
		for _, item := range items {
			kept := keptOf(item)
			f.Add(kept.Raw, kept.Place, kept.Beside, kept.ProviderAccount)
			// What an adapter of another make puts there may be anything.
			f.Add(kept.Raw, kept.Place, []byte(`{"x"`), kept.ProviderAccount)
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
