package otpimport

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"path"
)

// membersOf returns the files in a ZIP archive, or nil for anything else.
func membersOf(data []byte) []*zip.File {
	if !bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return nil
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return []*zip.File{} // which has none that is known
	}
	return archive.File
}

// readArchive reads the export in an archive: 1Password's export.data, Raivo's
// list, or the data.json of Bitwarden and Proton Pass.
func (in *input) readArchive(members []*zip.File) error {
	for _, f := range members {
		switch path.Base(f.Name) {
		case "export.data", "raivo-otp-export.json", "data.json":
		default:
			continue
		}
		if f.Flags&1 != 0 {
			return fmt.Errorf("%w: the archive is encrypted; unpack it with its password, and import its %s", ErrUnread, path.Base(f.Name))
		}
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("%w: the archive cannot be unpacked", ErrDamaged)
		}
		data, err := await(in.ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(r, maxFile+1)) })
		_ = r.Close()
		switch {
		case in.ctx.Err() != nil:
			return err
		case err != nil:
			return fmt.Errorf("%w: the archive cannot be unpacked", ErrDamaged)
		case len(data) > maxFile:
			return fmt.Errorf("%w: its %s is larger than %d MiB", ErrUnknown, path.Base(f.Name), maxFile>>20)
		}
		in.data = data
		return in.readData()
	}
	return fmt.Errorf("%w: an archive without a file that is known", ErrUnknown)
}
