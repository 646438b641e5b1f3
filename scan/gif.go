package scan

import (
	"bytes"
	"context"
	"image"
	"image/draw"
	"image/gif"
	"io"
)

const (
	// maxFrames is how many frames of an animation are looked at.
	maxFrames = 16
	// trailer ends a GIF.
	trailer = 0x3b
)

// loadGIF decodes the first frames of an animation, of px pixels each, as they
// are shown one over the other. Where there are more, empty is [ErrAnimation].
func loadGIF(ctx context.Context, data []byte, px int64) (pics []*gray, empty, err error) {
	end, n := gifFrames(data, int(min(maxFrames, max(1, maxDecoded/4/px))))
	if n > 0 && end < len(data) && data[end] != trailer {
		empty = ErrAnimation
	}
	all, err := gif.DecodeAll(&source{ctx, io.MultiReader(bytes.NewReader(data[:end]), bytes.NewReader([]byte{trailer}))})
	switch {
	case isDone(ctx, err):
		return nil, nil, err
	case err != nil:
		return nil, nil, ErrDamaged
	case len(all.Image) == 1:
		return grays(all.Image[0]), empty, nil
	}
	canvas := image.NewRGBA(image.Rect(0, 0, all.Config.Width, all.Config.Height))
	for _, f := range all.Image {
		draw.Draw(canvas, f.Bounds(), f, f.Bounds().Min, draw.Over)
		pics = append(pics, grays(canvas)...)
	}
	return pics, empty, nil
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
