package scan

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"runtime"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
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
	cfg, err := decodeConfig(format, data)
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
	in := &source{ctx: ctx, r: bytes.NewReader(data)}
	if format == "GIF" {
		pics, err = loadGIF(in, data, px)
		return pics, nil, err
	}
	img, err := decodeImage(format, in)
	if format == "JPEG" && err != nil && !isDone(ctx, err) {
		if cut, again := decodeCutJPEG(in, data, px); again == nil {
			img, empty, err = cut, ErrDamaged, nil
		}
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

func decodeConfig(format string, data []byte) (image.Config, error) {
	r := bytes.NewReader(data)
	switch format {
	case "PNG":
		return png.DecodeConfig(r)
	case "JPEG":
		return jpeg.DecodeConfig(r)
	case "GIF":
		return gif.DecodeConfig(r)
	case "WebP":
		return webp.DecodeConfig(r)
	case "BMP":
		return bmp.DecodeConfig(r)
	default:
		return tiff.DecodeConfig(r)
	}
}

func decodeImage(format string, r io.Reader) (image.Image, error) {
	switch format {
	case "PNG":
		return png.Decode(r)
	case "JPEG":
		return jpeg.Decode(r)
	case "WebP":
		return webp.Decode(r)
	case "BMP":
		return bmp.Decode(r)
	default:
		return tiff.Decode(r)
	}
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
		switch {
		case len(data) <= 28:
		case data[28] != 0:
			// The seven passes of an interlaced picture are decoded one by one.
			pixel += (pixel + 1) / 2
		}
	case "JPEG":
		return jpegCost(data)
	case "TIFF":
		// A compressed strip may unpack to eight bytes a pixel.
		pixel += 12
	case "WebP":
		pixel *= 2
	}
	return pixel
}

// jpegCost reads the frame header (ITU-T T.81, section B.2.2). A progressive
// picture keeps its coefficients, in 32 bits, beside the samples.
func jpegCost(data []byte) int64 {
	const worst = 4 * 6
	for i := 2; i+4 <= len(data); {
		m := data[i+1]
		switch {
		case data[i] != 0xff || m == 0xda:
			return worst
		case m == 0xff:
			i++
			continue
		case m >= 0xd0 && m <= 0xd8 || m <= 0x01:
			i += 2
			continue
		case m >= 0xc0 && m <= 0xc2:
			return frameCost(data[i+4:], m == 0xc2)
		}
		i += 2 + int(data[i+2])<<8 + int(data[i+3])
	}
	return worst
}

func frameCost(frame []byte, progressive bool) int64 {
	const worst = 4 * 6
	if len(frame) < 6 || len(frame) < 6+3*int(frame[5]) || frame[5] == 0 {
		return worst
	}
	var sum, most int64
	for i := range int(frame[5]) {
		factors := frame[7+3*i]
		n := int64(factors>>4) * int64(factors&15)
		sum += n
		most = max(most, n)
	}
	if most == 0 {
		return worst
	}
	samples := (sum + most - 1) / most
	if frame[5] > 3 {
		samples *= 2 // CMYK is copied
	}
	if progressive {
		return (sum*5 + most - 1) / most
	}
	return samples
}

// A source ends with the error of its context, so that a picture decoder whose
// result nobody waits for any more stops.
type source struct {
	ctx context.Context
	r   *bytes.Reader
}

// Read implements [io.Reader].
func (s *source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.r.Read(p)
}

// ReadByte implements [io.ByteReader], without which some decoders would put a
// buffer in between.
func (s *source) ReadByte() (byte, error) { return s.r.ReadByte() }

// ReadAt implements [io.ReaderAt], without which the TIFF decoder would copy all.
func (s *source) ReadAt(p []byte, off int64) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.r.ReadAt(p, off)
}
