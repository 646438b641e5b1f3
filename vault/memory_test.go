package vault_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"npmotp/internal/statefile"
	"npmotp/vault"
)

// The memory as it is written is read for ever: these lines are added to and never
// edited. One of a later npmotp is named, read past with a warning, and not written;
// neither is the vault.
func TestMemoryVectors(t *testing.T) {
	for line, wants := range map[string]func(error) bool{
		`{"v":1,"path":"/home/ada/vault.npmotp","vault_id":%q,"generation":2}`:                                                      func(err error) bool { return err == nil },
		`{"v":1,"path":"/home/ada/vault.npmotp","vault_id":%q,"generation":2,"slots":{"0123456789abcdef":18,"fedcba9876543210":0}}`: func(err error) bool { return err == nil },
		`{"v":1,"path":"/home/ada/vault.npmotp","vault_id":%q,"generation":3}`:                                                      func(err error) bool { return errors.Is(err, vault.ErrRolledBack) },
		`{"v":1,"path":"/home/ada/vault.npmotp","vault_id":"x%s","generation":1}`:                                                   func(err error) bool { return errors.Is(err, vault.ErrRolledBack) },
		`{"v":2,"vault":{"id":%q,"seen":[9]}}`: func(err error) bool {
			e, ok := errors.AsType[*statefile.VersionError](err)
			return ok && e.Got == 2
		},
	} {
		memory := t.TempDir()
		var warned []error
		o := vault.Options{Memory: memory, Warn: func(err error) { warned = append(warned, err) }}
		v, path := create(t, o)
		add(t, v, "ada")
		files, err := filepath.Glob(filepath.Join(memory, "seen-*.json"))
		if err != nil || len(files) != 1 {
			t.Fatalf("%q, %v", files, err)
		}
		record := fmt.Sprintf(line, contents(t, v).VaultID)
		write(t, files[0], record)
		before := read(t, path)
		opened := open(t, path, o)
		err = opened.Update(t.Context(), func(*vault.Contents) error { return nil })
		if !wants(err) {
			t.Errorf("%s: %v", record, err)
		}
		if err == nil {
			continue
		}
		if read(t, path) != before || read(t, files[0]) != record {
			t.Errorf("%s: the vault or the memory was written", record)
		}
		if len(warned) != 1 || !wants(warned[0]) {
			t.Errorf("%s: reading warned of %v", record, warned)
		}
	}
}
