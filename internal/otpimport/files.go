package otpimport

import (
	"os"
	"path/filepath"
	"strings"
)

// A File is a file to read, which was named or found in a folder.
type File struct {
	Name  string
	Found bool
}

// Files replaces folders by the files in them.
func Files(names []string) ([]File, error) {
	var files []File
	for _, name := range names {
		info, err := os.Stat(name)
		if name == "-" || err != nil || !info.IsDir() {
			files = append(files, File{Name: name}) // opening it says what is wrong
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, File{Name: filepath.Join(name, e.Name()), Found: true})
			}
		}
	}
	return files, nil
}
