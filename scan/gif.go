package scan

import (
	"bytes"
	"image"
	"image/draw"
	"image/gif"
	"io"
)

// maxFrames is how many frames of an animation are looked at.
const maxFrames = 16

// loadGIF decodes the first frames of an animation, of px pixels each, as they
// are shown one over the other.
func loadGIF(in *source, data []byte, px int64) ([]*gray, error) {
	frames := min(maxFrames, max(1, maxDecoded/4/max(px, 1)))
	end, n := gifFrames(data, int(frames))
	var r io.Reader = in
	if n > 1 {
		r = io.MultiReader(&source{ctx: in.ctx, r: bytes.NewReader(data[:end])}, bytes.NewReader([]byte{0x3b}))
	}
	if n <= 1 {
		img, err := gif.Decode(r)
		if err != nil {
			return nil, gifError(in, err)
		}
		return grays(img), nil
	}
	all, err := gif.DecodeAll(r)
	if err != nil {
		return nil, gifError(in, err)
	}
	canvas := image.NewRGBA(image.Rect(0, 0, all.Config.Width, all.Config.Height))
	var out []*gray
	for _, f := range all.Image {
		draw.Draw(canvas, f.Bounds(), f, f.Bounds().Min, draw.Over)
		out = append(out, grays(canvas)...)
	}
	return out, nil
}

func gifError(in *source, err error) error {
	if isDone(in.ctx, err) {
		return err
	}
	return ErrDamaged
}

// gifFrames walks the blocks of a GIF (GIF89a specification, appendix B)
// and returns where its frames, up to most, end and how many those are. What
// is not well formed counts as the end: the decoder then says what is wrong.
func gifFrames(data []byte, most int) (end, n int) {
	if len(data) < 13 {
		return len(data), 0
	}
	i := 13 + colorTable(data[10])
	for i < len(data) && n < most {
		switch data[i] {
		case 0x21: // extension
			i = skipBlocks(data, i+2)
		case 0x2c: // image
			if i+10 > len(data) {
				return end, n
			}
			i = skipBlocks(data, i+11+colorTable(data[i+9]))
			if i > len(data) {
				return end, n
			}
			end, n = i, n+1
		default:
			return end, n
		}
	}
	return end, n
}

func colorTable(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func skipBlocks(data []byte, i int) int {
	for i < len(data) {
		size := int(data[i])
		i += 1 + size
		if size == 0 {
			return i
		}
	}
	return len(data) + 1
}
