package otpimport

import (
	"errors"
	"iter"
	"strings"

	"npmotp/internal/secret"
	"npmotp/otpgen"
)

// linesOf yields the lines of a text that are not blank, with their numbers.
func linesOf(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(text) {
			n++
			if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" && !yield(n, line) {
				return
			}
		}
	}
}

// twoFALine reads a line of rsc.io/2fa's file: name, number of digits, secret,
// and the counter of a counter-based key in 20 digits.
func twoFALine(line string) (name string, k record, ok bool) {
	words := strings.Split(line, " ")
	if len(words) < 3 || len(words) > 4 || len(words[1]) != 1 || strings.Trim(words[1], "0123456789") != "" {
		return "", k, false
	}
	k = record{digits: words[1], secret: words[2]}
	if len(words) == 4 {
		k.kind, k.counter = "hotp", words[3]
	}
	return words[0], k, words[0] != "" && (k.counter == "" || len(k.counter) == 20)
}

func isTwoFA(in *input) bool {
	for _, line := range linesOf(in.text) {
		_, k, ok := twoFALine(line)
		_, err := k.key()
		return ok && err == nil
	}
	return false
}

func readTwoFA(in *input) error {
	before := 0
	for n, line := range linesOf(in.text) {
		if err := in.step(); err != nil {
			return err
		}
		if name, k, ok := twoFALine(line); ok {
			label := otpgen.SplitLabel("", name)
			if label.Issuer == "" { // 2fa's names are those of services
				label.Issuer, label.Account = name, ""
			}
			in.addRecord(label, k)
		} else {
			if n == before+1 && strings.Trim(strings.ToUpper(strings.TrimSpace(line)), secretSigns) == "" {
				in.spoil("the next line may be the rest of its key")
			}
			in.add(entryName("line", n), otpgen.Key{}, errors.New("it is not a line of 2fa"))
		}
		before = n
	}
	return nil
}

// isGauth knows the file of gauth (github.com/pcarrier/gauth): a name, a colon
// and a secret in each line, or an otpauth URI.
func isGauth(in *input) bool {
	found := false
	for _, line := range linesOf(in.text) {
		name, bare, ok := strings.Cut(line, ":")
		if strings.HasPrefix(line, "otpauth://") {
			continue
		}
		if _, err := otpgen.ParseSecret(secret.New(bare)); !ok || err != nil || strings.HasPrefix(strings.TrimSpace(name), "-") {
			return false
		}
		found = true
	}
	return found && len(otpgen.FindLogins(secret.New(in.text))) == 0
}

func readGauth(in *input) error {
	for _, line := range linesOf(in.text) {
		if err := in.step(); err != nil {
			return err
		}
		if name, bare, _ := strings.Cut(line, ":"); !strings.HasPrefix(line, "otpauth://") {
			in.addRecord(otpgen.ItemLabel(name, ""), record{secret: bare})
		} else {
			in.addURI(line, otpgen.Label{})
		}
	}
	return nil
}

// isTOTPCLI knows what "totp-cli dump" writes (github.com/yitsushi/totp-cli):
// namespaces with accounts, as YAML, and as JSON before version 1.3.
func isTOTPCLI(in *input) bool {
	if in.first != nil {
		return in.first.has("Name", "Accounts") || in.first.has("name", "accounts")
	}
	return strings.HasPrefix(in.text, "- name:") && strings.Contains(in.text, "\n  accounts:") && strings.Contains(in.text, "token:")
}

func readTOTPCLI(in *input) error {
	if in.first == nil {
		return in.readYAML()
	}
	return in.eachKey(in.text, func(namespace *entry) {
		accounts := "accounts"
		if namespace.has("Accounts") {
			accounts = "Accounts"
		}
		in.eachInner(namespace, accounts, func(e *entry) {
			fields := map[string]string{}
			for name := range e.object {
				fields[strings.ToLower(name)], _ = e.text(name)
			}
			in.addTOTPCLI(namespace.name("Name", "name"), fields)
		})
	})
}

// readYAML reads the part of YAML that totp-cli writes: lists of maps, whose
// values are plain or quoted and end with their lines.
func (in *input) readYAML() error {
	namespace, fields := "", map[string]string(nil)
	// A version that has these fields writes them always, an empty one quoted.
	var always []string
	for _, name := range []string{"prefix", "length"} {
		if strings.Contains(in.text, " "+name+":") {
			always = append(always, name)
		}
	}
	quoted := strings.Contains(in.text, `: ""`)
	end := func() error {
		if fields != nil {
			for _, name := range always {
				if _, ok := fields[name]; !ok {
					fields["missing"] = name
				}
			}
			in.addTOTPCLI(namespace, fields)
		}
		fields = nil
		return in.step()
	}
	for n, line := range linesOf(in.text) {
		bare := strings.TrimSpace(line)
		item, isItem := strings.CutPrefix(bare, "- ")
		name, value, ok := strings.Cut(item, ":")
		if value = strings.TrimSpace(value); value == "" && quoted {
			value = "cut"
		}
		if len(value) > 1 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		topLevel := line[0] == '-' || strings.HasPrefix(line, "  ") && line[2] != ' ' && line[2] != '-'
		switch {
		case !ok && fields != nil:
			fields["rest"] = "of the line before, it may be"
		case !ok:
			in.add(entryName("line", n), otpgen.Key{}, errors.New("it is not a line of totp-cli"))
		case topLevel:
			if err := end(); err != nil {
				return err
			}
			if isItem && name == "name" {
				namespace = value
			}
		case isItem:
			if err := end(); err != nil {
				return err
			}
			fields = map[string]string{name: value}
		case fields != nil:
			fields[strings.ToLower(name)] = value
		}
	}
	return end()
}

// addTOTPCLI keeps an account of totp-cli. Fields that it does not have may
// change its passwords.
func (in *input) addTOTPCLI(namespace string, fields map[string]string) {
	k := record{}
	for name, value := range fields {
		switch strings.NewReplacer("-", "", "_", "").Replace(name) {
		case "name":
		case "token":
			k.secret = value
		case "length":
			k.digits = value
		case "algorithm":
			k.algorithm = value
		case "timeperiod", "period":
			k.period = value
		case "prefix":
			if value != "" {
				k.err = errors.New("its passwords have a prefix")
			}
		default:
			k.err = errors.New("it has a field that is not known, and may change its passwords")
		}
	}
	in.addRecord(otpgen.Label{Issuer: namespace, Account: fields["name"]}, k)
}
