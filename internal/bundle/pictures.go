package bundle

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"

	"npmotp/internal/atomicfile"
	"npmotp/internal/qrdraw"
	"npmotp/scan"
)

const (
	// ModestSize is the side of a QR code, in modules, that a camera reads off a
	// screen: version 25. A series of more than modestParts of them goes to
	// pictures of the largest, which are read as files.
	ModestSize  = 117
	largestSize = 177
	modestParts = 24
	// pictureScale is how many pixels wide the modules of a picture are.
	pictureScale = 4
)

// WritePictures writes a bundle as a series of pictures into a new folder, and
// returns their names.
func WritePictures(ctx context.Context, dir string, data []byte) ([]string, error) {
	parts, err := pictureParts(data)
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Mkdir(dir); err != nil {
		return nil, err
	}
	names := make([]string, len(parts))
	for i, text := range parts {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		names[i] = filepath.Join(dir, fmt.Sprintf("part-%03d-of-%03d.png", i+1, len(parts)))
		if err := writePicture(names[i], text); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// pictureParts cuts a bundle into the texts of pictures.
func pictureParts(data []byte) ([]string, error) {
	parts, err := Split(data, qrdraw.Fits(ModestSize, qrdraw.Medium))
	if err == nil && len(parts) <= modestParts {
		return parts, nil
	}
	return Split(data, qrdraw.Fits(largestSize, qrdraw.Low))
}

func writePicture(name, text string) error {
	// Medium holds what a modest code was cut for; a large one needs Low.
	level := qrdraw.Medium
	if len(text) > qrdraw.Fits(ModestSize, qrdraw.Medium) {
		level = qrdraw.Low
	}
	m, err := qrdraw.Encode(text, level)
	if err != nil {
		return err
	}
	var picture bytes.Buffer
	if err := m.PNG(&picture, pictureScale); err != nil {
		return err
	}
	return atomicfile.Writer{Path: name}.Create(picture.Bytes())
}

// A PictureReader reads the parts of a bundle from pictures.
type PictureReader struct {
	Open     func(name string) (io.ReadCloser, error)
	Warnf    func(format string, args ...any)
	Progress func(format string, args ...any)
}

// Read reads pictures, in any order. One without a part is said and passed over:
// the others may have all that is needed.
func (p PictureReader) Read(ctx context.Context, names []string) ([]byte, error) {
	var series Series
	for i, name := range names {
		p.Progress("%d of %d pictures read", i, len(names))
		if err := p.add(ctx, &series, name); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	data, err := series.Bundle()
	if have, of := series.Count(); err != nil && have > 0 {
		return nil, fmt.Errorf("%d of %d parts were read: %w", have, of, err)
	}
	return data, err
}

// add adds what the QR codes in a picture hold.
func (p PictureReader) add(ctx context.Context, series *Series, name string) error {
	f, err := p.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	codes, err := scan.Decode(ctx, f)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		p.Warnf("%s: %v", name, err)
		return nil
	}
	found := false
	for _, code := range codes {
		part, err := series.Add(code.Reveal())
		if err != nil {
			return err
		}
		found = found || part
	}
	if !found {
		p.Warnf("%s: the QR code is not part of a bundle", name)
	}
	return nil
}
