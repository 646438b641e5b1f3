// Package screen takes pictures of the screen with the programs that the
// platform has for it.
//
// A picture of the screen can show a secret. It goes through a pipe where the
// program can write to one; where it needs a file, that lies in a folder of its
// own that only the user can read, in memory if there is such a place, and is
// removed before [Capture] returns.
package screen

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// maxDisplays is how many displays a program that writes one file for each is
// given names for.
const maxDisplays = 8

// A MissingError says that no program is there to take a picture.
type MissingError struct{ Mend string }

// Error implements error.
func (e *MissingError) Error() string { return "no program to take a picture of the screen" }

// A tool is one program that takes pictures.
type tool struct {
	name string
	// args are its arguments. A {} stands for a file that it writes; without
	// one it writes to standard output. {...} stands for a file for each display.
	args    []string
	wayland bool // works under Wayland
	x11     bool // works under X11
}

const (
	oneFile   = "{}"
	manyFiles = "{...}"
)

// tools are tried in this order. All of them take all displays into one
// picture, but screencapture, which takes one of each.
func tools(goos string) []tool {
	switch goos {
	case "darwin":
		return []tool{{name: "screencapture", args: []string{"-x", "-t", "png", manyFiles}, wayland: true, x11: true}}
	case "windows":
		return []tool{{name: "powershell", args: []string{"-NoProfile", "-NonInteractive", "-Command", windowsScript}, wayland: true, x11: true}}
	}
	return []tool{
		{name: "grim", args: []string{"-t", "png", "-"}, wayland: true},
		{name: "maim", args: []string{"--format", "png"}, x11: true},
		{name: "scrot", args: []string{"--overwrite", "--silent", oneFile}, x11: true},
		{name: "import", args: []string{"-silent", "-window", "root", "png:-"}, x11: true},
		{name: "gnome-screenshot", args: []string{"--file", oneFile}, wayland: true, x11: true},
		{name: "spectacle", args: []string{"--background", "--nonotify", "--fullscreen", "--output", oneFile}, wayland: true, x11: true},
	}
}

// windowsScript writes the whole virtual screen as base64, because PowerShell
// would recode bytes on its standard output.
const windowsScript = `Add-Type -AssemblyName System.Windows.Forms,System.Drawing
$b = [System.Windows.Forms.SystemInformation]::VirtualScreen
$p = New-Object System.Drawing.Bitmap $b.Width, $b.Height
[System.Drawing.Graphics]::FromImage($p).CopyFromScreen($b.Location, [System.Drawing.Point]::Empty, $b.Size)
$m = New-Object System.IO.MemoryStream
$p.Save($m, [System.Drawing.Imaging.ImageFormat]::Png)
[Convert]::ToBase64String($m.ToArray())`

// A Screen is the screen of the session that an environment belongs to.
type Screen struct {
	Environ []string
}

// Capture returns pictures that together show all displays, in a format that
// the program chose. Programs that fail are passed over for the next one.
func (s Screen) Capture(ctx context.Context) ([][]byte, error) {
	wayland, x11 := s.has("WAYLAND_DISPLAY"), s.has("DISPLAY")
	if runtime.GOOS == "darwin" || runtime.GOOS == "windows" {
		wayland, x11 = true, true
	}
	if !wayland && !x11 {
		return nil, &MissingError{Mend: "there is no display here; take the screenshot where the QR code shows, and give it with --qr"}
	}
	var failed error
	for _, t := range tools(runtime.GOOS) {
		// An X11 program under Wayland sees nothing but X11 windows.
		works := t.wayland && wayland || t.x11 && !wayland
		path, err := exec.LookPath(t.name)
		if err != nil || !works {
			continue
		}
		pictures, err := s.run(ctx, path, t)
		if err == nil && len(pictures) > 0 {
			return pictures, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		failed = errors.Join(failed, fmt.Errorf("%s: %w", t.name, err))
	}
	if failed != nil {
		return nil, fmt.Errorf("taking a picture of the screen: %w", failed)
	}
	if wayland {
		return nil, &MissingError{Mend: "install grim (on GNOME: gnome-screenshot, on KDE: spectacle), or give a screenshot with --qr"}
	}
	return nil, &MissingError{Mend: "install maim or scrot, or give a screenshot with --qr"}
}

func (s Screen) has(name string) bool {
	return slices.ContainsFunc(s.Environ, func(kv string) bool {
		return strings.HasPrefix(kv, name+"=") && len(kv) > len(name)+1
	})
}

// run runs one program and returns its pictures.
func (s Screen) run(ctx context.Context, path string, t tool) (pictures [][]byte, err error) {
	args, dir, err := s.place(t.args)
	if err != nil {
		return nil, err
	}
	if dir != "" {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // a program of the table above
	cmd.Env = s.Environ
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(said.String()), "\n")
		return nil, fmt.Errorf("%w %.200q", err, first)
	}
	switch {
	case dir != "":
		return readAll(dir)
	case runtime.GOOS == "windows":
		picture, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out.String()))
		return [][]byte{picture}, err
	}
	return [][]byte{out.Bytes()}, nil
}

// place fills in the names of files, in a new folder, if the program needs any.
func (s Screen) place(args []string) (filled []string, dir string, err error) {
	for _, a := range args {
		var names int
		switch a {
		case oneFile:
			names = 1
		case manyFiles:
			names = maxDisplays
		default:
			filled = append(filled, a)
			continue
		}
		if dir, err = s.privateDir(); err != nil {
			return nil, "", err
		}
		for i := range names {
			filled = append(filled, filepath.Join(dir, fmt.Sprintf("%d.png", i)))
		}
	}
	return filled, dir, nil
}

// privateDir makes a folder, in memory where there is one: XDG_RUNTIME_DIR is
// the user's own and ends with the session (XDG Base Directory Specification).
func (s Screen) privateDir() (string, error) {
	for _, kv := range s.Environ {
		if dir, ok := strings.CutPrefix(kv, "XDG_RUNTIME_DIR="); ok && dir != "" {
			if made, err := os.MkdirTemp(dir, "npmotp-"); err == nil {
				return made, nil
			}
		}
	}
	return os.MkdirTemp("", "npmotp-")
}

// readAll reads the files of dir in their order.
func readAll(dir string) ([][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var pictures [][]byte
	for _, e := range entries {
		data, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		pictures = append(pictures, data)
	}
	if len(pictures) == 0 {
		return nil, fs.ErrNotExist
	}
	return pictures, nil
}
