package clip

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"npmotp/internal/secret"
)

// ErrNoPicture says that the clipboard holds no picture, or that no program is
// there to get one from it.
var ErrNoPicture = errors.New("no picture on the clipboard")

// Text returns the text on the clipboard.
func (c Clipboard) Text(ctx context.Context) (secret.Text, error) {
	ctx, cancel := context.WithTimeout(ctx, clearTime)
	defer cancel()
	text, err := c.read(ctx)
	return secret.New(text), err
}

// Picture returns the picture on the clipboard, in one of the formats that the
// platform offers it in, or [ErrNoPicture].
func (c Clipboard) Picture(ctx context.Context) ([]byte, error) {
	switch runtime.GOOS {
	case "darwin":
		return macPicture(ctx)
	case "windows":
		return windowsPicture(ctx)
	}
	// Under Wayland an X11 program sees the clipboard of X11 programs only.
	if picture, err := offered(ctx, []string{"wl-paste", "--list-types"}, []string{"wl-paste", "--no-newline", "--type"}); err == nil {
		return picture, nil
	}
	return offered(ctx, []string{"xclip", "-out", "-selection", "clipboard", "-target", "TARGETS"},
		[]string{"xclip", "-out", "-selection", "clipboard", "-target"})
}

// pictureTypes are the formats that are asked for, the best first.
func pictureTypes() []string {
	return []string{"image/png", "image/bmp", "image/tiff", "image/webp", "image/jpeg"}
}

// offered lists the types of what is on the clipboard and gets a picture.
func offered(ctx context.Context, list, get []string) ([]byte, error) {
	out, err := output(ctx, list...)
	if err != nil {
		return nil, err
	}
	types := strings.Fields(string(out))
	for _, want := range pictureTypes() {
		if slices.Contains(types, want) {
			return output(ctx, append(get, want)...)
		}
	}
	return nil, ErrNoPicture
}

// macPicture asks AppleScript, which writes a picture as «data PNGf89504E47...».
func macPicture(ctx context.Context) ([]byte, error) {
	out, err := output(ctx, "osascript", "-e", "the clipboard as «class PNGf»")
	if err != nil {
		return nil, err
	}
	_, digits, ok := strings.Cut(string(out), "PNGf")
	digits, _, closed := strings.Cut(digits, "»")
	if !ok || !closed {
		return nil, ErrNoPicture
	}
	picture, err := hex.DecodeString(digits)
	if err != nil {
		return nil, ErrNoPicture
	}
	return picture, nil
}

// windowsPicture has PowerShell write the picture as base64, because it would
// recode bytes on its standard output.
func windowsPicture(ctx context.Context) ([]byte, error) {
	const script = `Add-Type -AssemblyName System.Windows.Forms,System.Drawing
$p = [System.Windows.Forms.Clipboard]::GetImage()
if ($p) {
  $m = New-Object System.IO.MemoryStream
  $p.Save($m, [System.Drawing.Imaging.ImageFormat]::Png)
  [Convert]::ToBase64String($m.ToArray())
}`
	out, err := output(ctx, "powershell", "-NoProfile", "-NonInteractive", "-STA", "-Command", script)
	if err != nil {
		return nil, err
	}
	picture, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(out)))
	if err != nil || len(picture) == 0 {
		return nil, ErrNoPicture
	}
	return picture, nil
}

// output runs a program of the platform. What it says of an empty clipboard is
// no news.
func output(ctx context.Context, argv ...string) ([]byte, error) {
	out, err := exec.CommandContext(ctx, argv[0], argv[1:]...).Output() //nolint:gosec // the programs named above
	if err != nil || len(bytes.TrimSpace(out)) == 0 {
		return nil, ErrNoPicture
	}
	return out, nil
}
