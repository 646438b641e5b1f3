package statefile

import (
	"context"
	"path/filepath"
	"slices"

	"npmotp/internal/atomicfile"
)

// maxWritten is how many files are remembered, the latest ones.
const maxWritten = 100

// A written is the file that remembers where files were written that belong to
// nothing: copies for other laptops, sheets, backups.
type written struct {
	V     int      `json:"v"`
	Paths []string `json:"paths"`
}

const writtenName = "written.json"

// Wrote notes that the file at path is about to be written, so that what a killed
// run leaves beside it is found again, and removes what one left. A failure to note it
// is no reason not to write.
func (f Folder) Wrote(path string) {
	// Not only when it is written: the run may be refused because the killed one got
	// as far as the file.
	_ = atomicfile.RemoveLeftovers(path)
	path, err := filepath.Abs(path)
	if err != nil {
		return
	}
	if w, err := Read[written](f, writtenName); err == nil && slices.Contains(w.Paths, path) {
		return
	}
	_ = Change(context.Background(), f, writtenName, func(w *written) error {
		w.V, w.Paths = 1, append(w.Paths, path)
		w.Paths = w.Paths[max(0, len(w.Paths)-maxWritten):]
		return nil
	})
}

// Leftovers returns the temporary files of killed runs, in the folder and beside
// the files that were written elsewhere.
func (f Folder) Leftovers() ([]string, error) {
	if f.Dir == "" {
		return nil, nil
	}
	found, err := atomicfile.LeftoversIn(f.Dir)
	w, _ := Read[written](f, writtenName) // one that is damaged names nothing
	for _, path := range w.Paths {
		// Its folder may be that of a stick that is not there.
		if beside, err := atomicfile.Leftovers(path); err == nil {
			found = append(found, beside...)
		}
	}
	return found, err
}

// RemoveLeftovers removes what [Folder.Leftovers] returns.
func (f Folder) RemoveLeftovers(ctx context.Context) error {
	if f.Dir == "" {
		return nil
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return atomicfile.Remove(f.Leftovers())
}
