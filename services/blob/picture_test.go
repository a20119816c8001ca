package blob_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"
	"testing"

	"weiche/services/blob"
)

// painted is a picture that is red at its top left.
func painted(width, height int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{0, 0, 255, 255}
			if x < width/2 && y < height/2 {
				c = color.RGBA{255, 0, 0, 255}
			}
			m.Set(x, y, c)
		}
	}
	return m
}

func picture(t testing.TB, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, painted(width, height)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// withExif puts an orientation and a place into a JPEG.
func withExif(plain []byte, turn byte) []byte {
	tiff := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00")
	tiff = append(tiff, turn, 0, 0, 0, 0, 0, 0)
	tiff = append(tiff, "GPS 52.5200N 13.4050E"...)
	segment := append([]byte("Exif\x00\x00"), tiff...)
	out := append([]byte{}, plain[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	return append(append(out, segment...), plain[2:]...)
}

// bomb is a small file that says that it is a huge picture, and is one, of so many
// bits in a colour.
func bomb(width, height uint32, depth byte) []byte {
	var data bytes.Buffer
	packed := zlib.NewWriter(&data)
	line := 1 + uint64(width)*uint64(depth)/2
	_, _ = io.CopyN(packed, zeros{}, int64(min(line*uint64(height), 64<<20)))
	_ = packed.Close()
	out := []byte("\x89PNG\r\n\x1a\n")
	chunk := func(kind string, content []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(content)))
		body := append([]byte(kind), content...)
		out = append(out, body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(nil, width)
	head = append(binary.BigEndian.AppendUint32(head, height), depth, 6, 0, 0, 0)
	chunk("IHDR", head)
	chunk("IDAT", data.Bytes())
	chunk("IEND", nil)
	return out
}

// zeros never end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (h *house) thumbnail(t testing.TB, id string) image.Image {
	t.Helper()
	small, err := jpeg.Decode(bytes.NewReader(h.get(t, blob.ThumbnailID(id))))
	if err != nil {
		t.Fatal(err)
	}
	return small
}

func TestThumbnails(t *testing.T) {
	h := newHouse(t)
	var jpegs, gifs bytes.Buffer
	if err := jpeg.Encode(&jpegs, painted(900, 600), nil); err != nil {
		t.Fatal(err)
	}
	if err := gif.Encode(&gifs, painted(30, 20), nil); err != nil {
		t.Fatal(err)
	}
	for what, try := range map[string]struct {
		file                           []byte
		mime                           string
		width, height, small, smallOne int
	}{
		"png":    {picture(t, 1000, 500), "image/png", 1000, 500, 480, 240},
		"jpeg":   {jpegs.Bytes(), "image/jpeg", 900, 600, 480, 320},
		"gif":    {gifs.Bytes(), "image/gif", 30, 20, 30, 20},
		"narrow": {picture(t, 1, 1000), "image/png", 1, 1000, 1, 480},
	} {
		stored := h.put(t, "ana.1", try.file)
		if stored.GetMimeType() != try.mime || stored.GetWidth() != uint32(try.width) || stored.GetHeight() != uint32(try.height) || !blob.Inline(stored) {
			t.Errorf("%s: %v", what, stored)
		}
		if size := h.thumbnail(t, "ana.1").Bounds().Size(); size != image.Pt(try.small, try.smallOne) {
			t.Errorf("%s: the small one has %v", what, size)
		}
		media, err := h.Describe(t.Context(), "shop", "ana.1")
		if err != nil || media.GetWidth() != stored.GetWidth() || media.GetThumbnailId() != stored.GetThumbnailId() {
			t.Errorf("%s is described as %v, %v", what, media, err)
		}
	}
}

// A picture that its camera held otherwise stands upright when it is small, and
// nothing is in it that was not seen.
func TestOrientation(t *testing.T) {
	h := newHouse(t)
	var plain bytes.Buffer
	if err := jpeg.Encode(&plain, painted(80, 40), nil); err != nil {
		t.Fatal(err)
	}
	// Where the red corner is to be after it was turned, and whether it lies down.
	corners := [...]struct{ right, down, lying bool }{
		1: {}, 2: {right: true}, 3: {right: true, down: true}, 4: {down: true},
		5: {lying: true}, 6: {right: true, lying: true}, 7: {right: true, down: true, lying: true}, 8: {down: true, lying: true},
	}
	for turn := 1; turn <= 8; turn++ {
		stored := h.put(t, "ana.1", withExif(plain.Bytes(), byte(turn)))
		small, want := h.thumbnail(t, "ana.1"), corners[turn]
		size := small.Bounds().Size()
		if lying := size.Y > size.X; lying != want.lying || stored.GetWidth() != uint32(size.X) {
			t.Errorf("turned by %d it has %v, and is said to have %d x %d", turn, size, stored.GetWidth(), stored.GetHeight())
		}
		at := image.Pt(size.X/8, size.Y/8)
		if want.right {
			at.X = size.X * 7 / 8
		}
		if want.down {
			at.Y = size.Y * 7 / 8
		}
		if r, _, b, _ := small.At(at.X, at.Y).RGBA(); r < 0x8000 || b > 0x8000 {
			t.Errorf("turned by %d the corner is not at %v", turn, at)
		}
		if bytes.Contains(h.get(t, blob.ThumbnailID("ana.1")), []byte("GPS")) {
			t.Errorf("turned by %d the small one says where it was", turn)
		}
	}
}

// A picture that would fill the memory is not decoded, and not shown.
func TestBombs(t *testing.T) {
	h := newHouse(t)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for what, file := range map[string][]byte{
		"wide":    bomb(50_000, 50_000, 8),
		"deep":    bomb(6_000, 6_000, 16),
		"a line":  bomb(2_000_000_000, 1, 8),
		"a rope":  bomb(1, 12_000_000, 8),
		"nothing": bomb(0, 0, 8),
		"cut":     picture(t, 100, 100)[:60],
		"a lie":   append([]byte("\xff\xd8\xff\xe0"), random(1000)...),
	} {
		stored := h.put(t, "ana.1", file)
		if stored.GetWidth() != 0 || stored.GetThumbnailId() != "" || blob.Inline(stored) {
			t.Errorf("%s: %v", what, stored)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 200<<20 {
		t.Errorf("%d MB were used", used>>20)
	}
}
