// Archive packs the programs of a release: for every target an archive with the
// program, the licences of what is linked into it, completions and manual pages,
// and beside it a list of those parts (SBOM). It is no part of npmotp.
//
//	archive VERSION STAGE OUT
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"npmotp/packaging/project"
)

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	r, err := project.FromCommand(args)
	if err != nil {
		return err
	}
	for _, t := range project.Targets() {
		if _, err := os.Stat(r.Built(t)); os.IsNotExist(err) {
			continue // release was told to build others
		}
		if err := pack(r, t); err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
	}
	return nil
}

// pack writes the licences of t into the stage, and its archive and list of parts
// into the release.
func pack(r project.Release, t project.Target) error {
	program := filepath.Join(r.Built(t), t.Program())
	parts, err := linked(program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(r.Built(t), noticesFile), notices(parts), 0o644); err != nil {
		return err
	}
	tree := project.NewTree()
	if err := tree.Add(t.Folder(r.Version), r.Common()); err != nil {
		return err
	}
	if err := tree.Add(t.Folder(r.Version)+"/"+noticesFile, filepath.Join(r.Built(t), noticesFile)); err != nil {
		return err
	}
	if err := tree.AddProgram(t.Folder(r.Version)+"/"+t.Program(), program); err != nil {
		return err
	}
	write := tree.Tar
	if t.OS == "windows" {
		write = tree.Zip
	}
	var archive bytes.Buffer
	if err := write(&archive, r.Time); err != nil {
		return err
	}
	used, err := requirements(t, parts)
	if err != nil {
		return err
	}
	sbom, err := bom(r, t, archive.Bytes(), parts, used)
	if err != nil {
		return err
	}
	out := filepath.Join(r.Out, t.Archive(r.Version))
	if err := project.WriteFile(out, func(w io.Writer) error { _, err := archive.WriteTo(w); return err }); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.Out, t.Folder(r.Version)+".cdx.json"), sbom, 0o644)
}
