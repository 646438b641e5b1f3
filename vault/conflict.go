package vault

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"npmotp/internal/atomicfile"
)

// conflictName matches what sync engines put between the name of a file and its
// extension when two machines changed it at once:
//
//   - Syncthing: vault.sync-conflict-20260102-030405-ABCDEFG.npmotp (its manual,
//     "Understanding Synchronization", and lib/model/folder_sendrecv.go)
//   - Dropbox: vault (laptop's conflicted copy 2026-01-02).npmotp, in the user's
//     language
//   - Nextcloud: vault (conflicted copy 2026-01-02 030405).npmotp
//   - ownCloud before 2.5: vault_conflict-20260102-030405.npmotp
//   - Seafile: vault (SFConflict ada@example.org 2026-01-02-03-04-05).npmotp
//   - iCloud Drive: vault 2.npmotp; Google Drive: vault (1).npmotp
//   - OneDrive: vault-LAPTOP.npmotp, vault-LAPTOP-2.npmotp
//
// The last ones can be anything; the vault inside tells whether it is a copy.
const conflictName = `^(\.sync-conflict-\d{8}-\d{6}(-[A-Z0-9]{7})?|_conflict-\d{8}-\d{6}| ?\([^()]+\)| \d{1,3}|-[\pL\pN][\pL\pN._-]*)$`

// ConflictCopies returns the files beside the one at path that have the name of
// a conflict copy of it. They may be something else.
func ConflictCopies(path string) ([]string, error) {
	path, err := atomicfile.Resolve(path)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	pattern := regexp.MustCompile(conflictName)
	extension := filepath.Ext(path)
	stem := strings.TrimSuffix(filepath.Base(path), extension)
	var found []string
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), stem)
		middle, also := strings.CutSuffix(rest, extension)
		if ok && also && e.Type().IsRegular() && pattern.MatchString(middle) {
			found = append(found, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	slices.Sort(found)
	return found, nil
}
