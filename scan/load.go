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

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

const (
	// maxPixels is the size of the largest picture that is decoded.
	maxPixels = 40_000_000
	// maxDecoded bounds the memory that a picture decoder may take, as
	// estimated by cost before it runs.
	maxDecoded = 170 << 20
)

// load decodes a picture into grey levels. It returns several when one picture
// can be seen in several ways: transparent ones over white and over black, and
// the frames of an animation.
func load(ctx context.Context, data []byte) ([]*gray, error) {
	format, err := sniff(data)
	if err != nil {
		return nil, err
	}
	cfg, err := decodeConfig(format, data)
	if err != nil {
		return nil, ErrDamaged
	}
	if cfg.Width <= 0 || cfg.Height <= 0 {
		return nil, ErrDamaged
	}
	px := int64(cfg.Width) * int64(cfg.Height)
	if px > maxPixels || px*cost(format, cfg, data) > maxDecoded {
		return nil, fmt.Errorf("the picture is %w (%d x %d pixels): crop it or save it smaller",
			ErrTooLarge, cfg.Width, cfg.Height)
	}
	if format == "PNG" {
		if f := parsePNG(data); f != nil {
			return f.decode(ctx)
		}
	}
	in := &source{ctx: ctx, r: bytes.NewReader(data)}
	if format == "GIF" {
		return loadGIF(in, data, px)
	}
	img, err := decodeImage(format, in)
	if isDone(ctx, err) {
		return nil, err
	}
	if err != nil {
		return nil, ErrDamaged
	}
	return grays(img), nil
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
	case color.Gray16Model:
		pixel = 2
	case color.GrayModel:
		pixel = 1
	case color.YCbCrModel:
		pixel = 3
	default:
		if _, ok := cfg.ColorModel.(color.Palette); ok {
			pixel = 1
		}
	}
	switch format {
	case "PNG":
		// The seven passes of an interlaced picture are decoded one by one.
		if len(data) > 28 && data[28] != 0 {
			pixel += (pixel + 1) / 2
		}
	case "JPEG":
		// A progressive picture keeps its coefficients, in 32 bits.
		if isProgressive(data) {
			pixel *= 5
		}
	case "TIFF":
		// A compressed strip may unpack to eight bytes a pixel.
		pixel += 12
	case "WebP":
		pixel += 4
	}
	return pixel
}

// isProgressive looks for a start-of-frame marker other than the baseline ones
// (ITU-T T.81, table B.1).
func isProgressive(data []byte) bool {
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff {
			return true
		}
		m := data[i+1]
		switch {
		case m == 0xff:
			i++
			continue
		case m == 0xc0 || m == 0xc1 || m == 0xda:
			return false
		case m == 0xc2:
			return true
		case m >= 0xd0 && m <= 0xd8 || m == 0x01 || m == 0x00:
			i += 2
			continue
		}
		i += 2 + int(data[i+2])<<8 + int(data[i+3])
	}
	return false
}

// A source ends with the error of its context, so that a picture decoder whose
// result nobody waits for any more stops.
type source struct {
	ctx context.Context //nolint:containedctx // io.Reader takes none
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
