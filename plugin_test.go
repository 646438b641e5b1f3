package main_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"filippo.io/age"
	"filippo.io/age/plugin"
	"github.com/rogpeppe/go-internal/testscript"
)

// agePlugin returns the name of the plugin of age that a program is called for.
func agePlugin(program string) (name string, ok bool) {
	return strings.CutPrefix(strings.TrimSuffix(filepath.Base(program), ".exe"), "age-plugin-")
}

// scriptPlugin puts a stand-in for a hardware key into the PATH of a script,
// and the recipient and identity of one such key into files:
//
//	plugin NAME
//
// The plugin "pin" asks for a PIN and what to do; all show a message.
func scriptPlugin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: plugin NAME")
	}
	name, exe := args[0], "age-plugin-"+args[0]
	if runtime.GOOS == "windows" {
		exe += ".exe"
	}
	self, err := os.Executable()
	ts.Check(err)
	data, err := os.ReadFile(self)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(filepath.Join("bin", exe)), data, 0o700))
	key := []byte("the key of " + name)
	ts.Check(os.WriteFile(ts.MkAbs(name+".pub"), []byte(plugin.EncodeRecipient(name, key)+"\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs(name+".key"), []byte("# a hardware key\n"+plugin.EncodeIdentity(name, key)+"\n"), 0o600))
}

// standInPlugin is a plugin of age, with a key that only looks like one.
func standInPlugin(name string) int {
	p, err := plugin.New(name)
	if err != nil {
		return 1
	}
	p.HandleRecipient(func(data []byte) (age.Recipient, error) { return &toyKey{p, data}, nil })
	p.HandleIdentity(func(data []byte) (age.Identity, error) { return &toyKey{p, data}, nil })
	return p.Main()
}

type toyKey struct {
	plugin *plugin.Plugin
	data   []byte
}

// id tells keys apart.
func (k *toyKey) id() string {
	sum := sha256.Sum256(k.data)
	return hex.EncodeToString(sum[:4])
}

func (k *toyKey) mask(data []byte) []byte {
	sum := sha256.Sum256(append([]byte("mask"), k.data...))
	masked := bytes.Clone(data)
	for i := range masked {
		masked[i] ^= sum[i]
	}
	return masked
}

// Wrap implements [age.Recipient].
func (k *toyKey) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	return []*age.Stanza{{Type: "toy", Args: []string{k.id()}, Body: k.mask(fileKey)}}, nil
}

// Unwrap implements [age.Identity].
func (k *toyKey) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, kv := range os.Environ() {
		if strings.HasPrefix(kv, "NPMOTP_PASSPHRASE") || strings.HasPrefix(kv, "NPMOTP_IDENTITY") {
			return nil, errors.New("the environment has what opens the vault")
		}
	}
	for _, s := range stanzas {
		if s.Type != "toy" || len(s.Args) != 1 || s.Args[0] != k.id() {
			continue
		}
		if err := k.plugin.DisplayMessage("touch the key\x1b[2J"); err != nil {
			return nil, err
		}
		if k.plugin.Name() == "pin" {
			if err := k.talk(); err != nil {
				return nil, err
			}
		}
		return k.mask(s.Body), nil
	}
	return nil, age.ErrIncorrectIdentity
}

func (k *toyKey) talk() error {
	pin, err := k.plugin.RequestValue("PIN:", true)
	if err != nil || pin != "1234" {
		return errors.Join(errors.New("the PIN is wrong"), err)
	}
	number, err := k.plugin.RequestValue("which key?", false)
	if err != nil || number != "7" {
		return errors.Join(errors.New("there is no such key"), err)
	}
	yes, err := k.plugin.Confirm("is it plugged in?", "it is", "not yet")
	if err != nil || !yes {
		return errors.Join(errors.New("the key is not there"), err)
	}
	return nil
}
