package merge

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// A merge makes names of accounts and numbers of codes unique. The name or
// number that the object had is kept beside the one that it shows, so that the
// next merge starts from it and the order of merges does not matter. The first
// change of the vault by its user makes what was shown the true one.
const (
	fieldName      = "name"
	OwnName        = "own_name"
	fieldNumber    = "number"
	fieldOwnNumber = "own_number"
)

func restoreName(o object) {
	if own := text(o, OwnName); own != "" {
		o[fieldName] = own
		delete(o, OwnName)
	}
}

// uniqueNames renames the younger of two objects with one name.
func uniqueNames(list []object) {
	sortBy(list, func(a, b object) int {
		return cmp.Or(
			// An account that was made to hold a second secret comes last.
			cmp.Compare(text(a, SplitOf), text(b, SplitOf)),
			firstOf(a).Compare(firstOf(b)),
			cmp.Compare(text(a, fieldID), text(b, fieldID)),
		)
	})
	taken := map[string]bool{}
	var second []object
	for _, o := range list {
		if taken[text(o, fieldName)] {
			second = append(second, o)
		}
		taken[text(o, fieldName)] = true
	}
	for _, o := range second {
		own := text(o, fieldName)
		name := own
		for n := 2; taken[name]; n++ {
			name = fmt.Sprintf("%s (%d)", own, n)
		}
		taken[name] = true
		o[fieldName], o[OwnName] = name, own
	}
}

func restoreNumbers(account object) {
	codes, _ := elements(account[listCodes])
	for _, r := range codes {
		if own := r[fieldOwnNumber]; own != nil {
			r[fieldNumber] = own
			delete(r, fieldOwnNumber)
		}
	}
}

// uniqueNumbers renumbers the younger of two codes with one number.
func uniqueNumbers(account object) {
	codes, ok := elements(account[listCodes])
	if !ok {
		return
	}
	sortBy(codes, func(a, b object) int {
		return cmp.Or(
			cmp.Compare(number(a, fieldNumber), number(b, fieldNumber)),
			firstOf(a).Compare(firstOf(b)),
			cmp.Compare(text(a, fieldID), text(b, fieldID)),
		)
	})
	last := 0
	for _, r := range codes {
		last = max(last, number(r, fieldNumber))
	}
	// The codes that went to another laptop had numbers too.
	moves, _ := elements(account["moved"])
	for _, m := range moves {
		last = max(last, number(m, "last_number"))
	}
	taken := map[int]bool{}
	for _, r := range codes {
		n := number(r, fieldNumber)
		if taken[n] {
			last++
			r[fieldOwnNumber] = r[fieldNumber]
			r[fieldNumber] = json.Number(fmt.Sprint(last))
		}
		taken[n] = true
	}
	account[listCodes] = listed(codes)
}
