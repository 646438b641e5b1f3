package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"runtime"

	_ "golang.org/x/image/webp" // other formats are known by what says their errors
)

const (
	// maxPixels is the size of the largest picture that is decoded: a photo of 50
	// megapixels, as they are counted.
	maxPixels = 52_000_000
	// maxDecoded bounds the memory that a picture decoder may take, as
	// estimated by cost before it runs.
	maxDecoded = 4 * maxPixels
	// fullSize is the size, in points, from which no rung looks at all of them.
	fullSize = 12 * quickSize
)

// load decodes a picture into grey levels. It returns several when one picture
// can be seen in several ways: transparent ones over white and over black, and
// the frames of an animation. Where they are less than what the picture was meant to
// be, empty is why there may be no code in them.
func load(ctx context.Context, data []byte) (pics []*gray, empty, err error) {
	format, err := sniff(data)
	if err != nil {
		return nil, nil, err
	}
	animated := false
	switch format {
	case "PNG":
		data, animated = stillPNG(data)
	case "WebP":
		data, animated = stillWebP(data)
	}
	if animated {
		empty = ErrAnimation
	}
	cfg, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, nil, fault(format, err)
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return nil, nil, ErrDamaged
	}
	px := int64(cfg.Width) * int64(cfg.Height)
	if px > maxPixels || px*cost(format, cfg, data) > maxDecoded {
		return nil, nil, fmt.Errorf("the picture is %w (%d x %d pixels): crop it or save it smaller",
			ErrTooLarge, cfg.Width, cfg.Height)
	}
	if format == "GIF" {
		return loadGIF(ctx, data, px)
	}
	img, _, err := image.Decode(&source{ctx, bytes.NewReader(data)})
	if _, uncommon := errors.AsType[jpeg.UnsupportedError](err); format == "JPEG" && err != nil && !uncommon {
		empty = ErrDamaged
		img, err = decodeCutJPEG(ctx, data, px)
	}
	switch {
	case isDone(ctx, err):
		return nil, nil, err
	case err != nil:
		return nil, nil, fault(format, err)
	}
	pics = grays(img)
	if max(cfg.Width, cfg.Height) >= fullSize {
		for i, g := range pics {
			pics[i] = g.shrink(2, 2)
		}
		// What the decoder left behind would let the heap grow to twice as much.
		runtime.GC()
	}
	return pics, empty, nil
}

// cost estimates the bytes that decoding takes for each pixel.
func cost(format string, cfg image.Config, data []byte) int64 {
	pixel := int64(4)
	switch cfg.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model:
		pixel = 8
	case color.NRGBAModel:
		pixel = 6 // it is seen over white and over black
	case color.Gray16Model:
		pixel = 2
	case color.GrayModel:
		pixel = 1
	case color.YCbCrModel:
		pixel = 2 // only WebP: half the colour in both directions
	default:
		if _, ok := cfg.ColorModel.(color.Palette); ok {
			pixel = 1
		}
	}
	switch format {
	case "PNG":
		if len(data) > 28 && data[28] != 0 {
			// The seven passes of an interlaced picture are decoded one by one.
			pixel += (pixel + 1) / 2
		}
	case "JPEG":
		return readHead(data).cost()
	case "TIFF":
		// A compressed strip may unpack to eight bytes a pixel.
		pixel += 12
	case "WebP":
		pixel *= 2
	}
	return pixel
}

// A source ends with the error of its context, so that a picture decoder whose
// result nobody waits for any more stops.
type source struct {
	ctx context.Context
	r   io.Reader
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.r.Read(p)
}
