package otpimport

import (
	"cmp"

	"npmotp/otpgen"
)

// isOnePasswordItem knows what "op item get --format json" prints.
func isOnePasswordItem(o object) bool { return o.has("id", "title", "category") }

// isOnePux knows the file export.data in 1Password's archive (support.1password.com/
// 1pux-format).
func isOnePux(in *input) bool {
	found := false
	_ = in.each(string(in.object["accounts"]), func(e *entry) bool {
		found = e.has("attrs", "vaults")
		return false
	})
	return found
}

// readOnePassword reads items of 1Password, of its program op and of its archive.
func readOnePassword(in *input) error {
	switch {
	case in.first != nil:
		return in.eachKey(in.text, in.addItem)
	case !in.object.has("accounts"):
		return in.eachKey("["+in.text+"]", in.addItem)
	}
	return in.eachKey(string(in.object["accounts"]), func(account *entry) {
		in.eachInner(account, "vaults", func(v *entry) {
			in.eachInner(v, "items", func(item *entry) {
				if inner := item.inner("item"); inner != nil { // of older archives
					item.object = inner
				}
				in.addPuxItem(item)
			})
		})
	})
}

// addItem keeps the keys of an item as op prints it. A value is an otpauth URI or
// a secret.
func (in *input) addItem(item *entry) {
	var user, address string
	var keys []string
	_ = in.each(string(item.object["urls"]), func(u *entry) bool {
		address = cmp.Or(address, u.name("href"))
		return true
	})
	_ = in.each(string(item.object["fields"]), func(f *entry) bool {
		if f.name("purpose") == "USERNAME" || f.name("id") == "username" {
			user = f.name("value")
		}
		if f.name("type") == "OTP" {
			keys = append(keys, f.name("value"))
		}
		return true
	})
	label := otpgen.ItemLabel(item.name("title"), user, address)
	in.addKeys(label, keys)
	_ = in.each(string(item.object["fields"]), func(f *entry) bool {
		if f.name("type") != "OTP" {
			in.addBeside(label, f.name("label"), f.name("value"))
		}
		return true
	})
}

// addPuxItem keeps the keys of an item of an archive.
func (in *input) addPuxItem(item *entry) {
	overview, details := item.inner("overview"), item.inner("details")
	var user string
	var keys []string
	beside := [][2]string{{"notes", details.name("notesPlain")}}
	_ = in.each(string(details["loginFields"]), func(f *entry) bool {
		if f.name("designation") == "username" {
			user = f.name("value")
		}
		return true
	})
	_ = in.each(string(details["sections"]), func(s *entry) bool {
		_ = in.each(string(s.object["fields"]), func(f *entry) bool {
			value := f.inner("value")
			if key := value.name("totp"); key != "" {
				keys = append(keys, key)
			}
			beside = append(beside, [2]string{f.name("title"), value.name("string", "concealed", "url")})
			return true
		})
		return true
	})
	label := otpgen.ItemLabel(overview.name("title"), user, overview.name("url"))
	in.addKeys(label, keys)
	for _, field := range beside {
		in.addBeside(label, field[0], field[1])
	}
}

func (in *input) addKeys(label otpgen.Label, keys []string) {
	for _, key := range keys {
		in.addManaged(label, record{secret: key})
	}
}
