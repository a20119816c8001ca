package blob

import (
	"bytes"
	"context"
	"image"
	"image/color"
	_ "image/gif" // pictures of these kinds are decoded
	"image/jpeg"
	_ "image/png"
	"io"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"

	eventv1 "weiche/proto/gen/weiche/event/v1"
)

// The bounds of pictures.
const (
	// maxPixels is the largest picture that is decoded; one of 16 bits in a colour
	// counts twice. maxLength is its longest side: what shrinks it needs memory for
	// each line.
	maxPixels = 40_000_000
	maxLength = 1 << 15
	// maxSide is the longer side of a small picture.
	maxSide = 480
)

// picture finds out how large a picture is, and writes a small one beside it, which
// holds nothing but what is seen: neither place nor time nor camera. What cannot be
// decoded, or is too large for that, is no picture: it has no width.
func (s *Store) picture(ctx context.Context, account string, stored *eventv1.StoredMedia) error {
	if inline[stored.GetMimeType()] != eventv1.MediaKind_MEDIA_KIND_IMAGE {
		return nil
	}
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return ctx.Err()
	}
	r, err := s.Read(ctx, account, stored.GetBlobId())
	if err != nil {
		return err
	}
	defer r.Close()
	config, turn, ok := measured(r)
	if !ok {
		return nil
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return err
	}
	full, _, err := image.Decode(r)
	if err != nil || full.Bounds().Dx() > config.Width || full.Bounds().Dy() > config.Height {
		return nil
	}
	small := turned(shrunk(full), turn)
	var encoded bytes.Buffer
	if err := jpeg.Encode(&encoded, small, &jpeg.Options{Quality: 80}); err != nil {
		return nil
	}
	id := ThumbnailID(stored.GetBlobId())
	w, err := s.create(ctx, account, id, info{Type: "image/jpeg"})
	if err != nil {
		return err
	}
	if _, err := w.Write(encoded.Bytes()); err != nil {
		w.discard()
		return err
	}
	if err := w.close(ctx); err != nil {
		return err
	}
	stored.ThumbnailId = id
	stored.Width, stored.Height = upright(config, turn)
	return nil
}

// measured reads how large a picture is, and how it is to be turned. It is false for
// what is no picture, or one that is too large to be decoded.
func measured(r *Reader) (config image.Config, turn int, ok bool) {
	config, _, err := image.DecodeConfig(r)
	if err != nil || config.Width <= 0 || config.Height <= 0 || max(config.Width, config.Height) > maxLength {
		return config, 1, false
	}
	pixels := config.Width * config.Height
	switch config.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		pixels *= 2
	}
	if pixels > maxPixels {
		return config, 1, false
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return config, 1, false
	}
	return config, orientation(r), true
}

// upright returns the size of a picture after it was turned.
func upright(config image.Config, turn int) (width, height uint32) {
	if turn >= 5 {
		return uint32(config.Height), uint32(config.Width)
	}
	return uint32(config.Width), uint32(config.Height)
}

// shrunk returns a picture on white whose longer side is maxSide at most.
func shrunk(full image.Image) *image.RGBA {
	size := full.Bounds().Size()
	width, height := size.X, size.Y
	if longer := max(width, height); longer > maxSide {
		width, height = max(1, width*maxSide/longer), max(1, height*maxSide/longer)
	}
	small := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(small, small.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.BiLinear.Scale(small, small.Bounds(), full, full.Bounds(), draw.Over, nil)
	return small
}

// turned turns and mirrors a picture as its camera has said: 1 to 8, as EXIF counts.
func turned(from *image.RGBA, turn int) image.Image {
	if turn < 2 || turn > 8 {
		return from
	}
	width, height := from.Bounds().Dx(), from.Bounds().Dy()
	size := image.Rect(0, 0, width, height)
	if turn >= 5 {
		size = image.Rect(0, 0, height, width)
	}
	to := image.NewRGBA(size)
	for y := range height {
		for x := range width {
			right, down := width-1-x, height-1-y
			at := [...]image.Point{
				2: {X: right, Y: y}, 3: {X: right, Y: down}, 4: {X: x, Y: down},
				5: {X: y, Y: x}, 6: {X: down, Y: x}, 7: {X: down, Y: right}, 8: {X: y, Y: right},
			}[turn]
			to.SetRGBA(at.X, at.Y, from.RGBAAt(x, y))
		}
	}
	return to
}
