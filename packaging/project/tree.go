package project

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"
)

// A Tree is the files of an archive by their path in it, with slashes. The names
// of programs are in Programs; nothing else is executable.
type Tree struct {
	Files    map[string][]byte
	Programs map[string]bool
}

// NewTree returns an empty tree.
func NewTree() *Tree {
	return &Tree{Files: map[string][]byte{}, Programs: map[string]bool{}}
}

// Add adds the file or folder at source under the path to.
func (t *Tree) Add(to, source string) error {
	return filepath.WalkDir(source, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		below, err := filepath.Rel(source, name)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		t.Files[path.Join(to, filepath.ToSlash(below))] = data
		return nil
	})
}

// AddProgram adds the executable file at source as to.
func (t *Tree) AddProgram(to, source string) error {
	t.Programs[to] = true
	return t.Add(to, source)
}

func (t *Tree) mode(name string) int64 {
	if t.Programs[name] {
		return 0o755
	}
	return 0o644
}

// Tar writes the tree as a tar.gz whose bytes depend on nothing but the tree and
// the time.
func (t *Tree) Tar(w io.Writer, at time.Time) error {
	compressed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(compressed)
	for _, name := range slices.Sorted(maps.Keys(t.Files)) {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
			Name: name, Mode: t.mode(name), Size: int64(len(t.Files[name])), ModTime: at,
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(t.Files[name]); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return compressed.Close()
}

// Zip writes the tree as a zip, as [Tree.Tar] does.
func (t *Tree) Zip(w io.Writer, at time.Time) error {
	archive := zip.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(t.Files)) {
		header := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at.UTC()}
		header.SetMode(fs.FileMode(t.mode(name)))
		file, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := file.Write(t.Files[name]); err != nil {
			return err
		}
	}
	return archive.Close()
}

// WriteFile writes a file by write, and reports what closing it finds too.
func WriteFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
