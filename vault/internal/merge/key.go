package merge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"time"
)

const (
	fieldOTP = "otp"
	// OTPID is the id of the key in an account, where it is not the one
	// that keyID gives by itself.
	OTPID = "otp_id"
	// fieldOTPOthers holds the secrets of an account that lost to another one.
	// Each shows as an account of its own.
	fieldOTPOthers = "otp_others"
	// SplitOf names, in an account that a merge made for a second secret, the one that
	// it is derived from.
	SplitOf = "split_of"
)

// A key is an OTP key that an account has in one of the copies.
type key struct {
	otp object
	at  time.Time // when the account was given it
}

// keys are those of one account by their ids.
type keys map[string]key

// material is what makes two keys different: all but the counter.
func material(otp object) string {
	return canonical(without(otp, []string{"counter"}))
}

// keyID returns the id of a key in an account. It is also the id of the account
// that shows the key when the account has another one too. The n-th is for a key
// that was removed and comes back.
func keyID(account string, otp object, n int) string {
	sum := sha256.Sum256([]byte(fmt.Sprintf("npmotp key %d of %s: %s", n, account, material(otp))))
	return hex.EncodeToString(sum[:16])
}

// keyGrave returns the id of the tombstone that a key leaves. It is not the key's
// own, which would take away the account that shows the key too: on another laptop
// that may have got a life of its own, with recovery codes, or another key.
func keyGrave(key string) string {
	sum := sha256.Sum256([]byte("npmotp grave of key " + key))
	return hex.EncodeToString(sum[:16])
}

func ownKeyID(account object) string {
	if id := text(account, OTPID); id != "" {
		return id
	}
	otp, _ := account[fieldOTP].(object)
	return keyID(text(account, fieldID), otp, 0)
}

// cutKeys takes the keys out of an account.
func cutKeys(account object) keys {
	found := keys{}
	if otp, ok := account[fieldOTP].(object); ok {
		found[ownKeyID(account)] = key{otp, stamp(account, fieldOTP)}
	}
	others, _ := elements(account[fieldOTPOthers])
	for _, o := range others {
		if otp, ok := o[fieldOTP].(object); ok {
			found[text(o, fieldID)] = key{otp, instantOf(o, "at")}
		}
	}
	for _, name := range []string{fieldOTP, OTPID, fieldOTPOthers} {
		delete(account, name)
	}
	unstamp(account, fieldOTP)
	return found
}

func joinKeys(a, b keys) keys {
	joined := keys{}
	maps.Copy(joined, a)
	for id, k := range b {
		if have, both := joined[id]; both {
			raiseCounter(k.otp, have.otp)
			if have.at.After(k.at) {
				k.at = have.at
			}
		}
		joined[id] = k
	}
	return joined
}

// raiseCounter gives otp the larger counter of the two.
func raiseCounter(otp, other object) {
	if counter(other) > counter(otp) {
		otp["counter"] = other["counter"]
	}
}

func counter(otp object) uint64 {
	n, _ := otp["counter"].(json.Number)
	c, err := strconv.ParseUint(n.String(), 10, 64)
	if err != nil {
		return 0
	}
	return c
}

// placeKeys puts the keys into their accounts, and returns the accounts to be
// made for the second ones.
func (s state) placeKeys(accounts []object, dead map[string]bool) (split []object) {
	index := byID(accounts)
	for _, a := range accounts {
		id := text(a, fieldID)
		for k := range s.keys[id] {
			if dead[k] || dead[keyGrave(k)] {
				delete(s.keys[id], k)
			} else if real, ok := index[k]; ok && k != id {
				// The account that shows this key has a life of its own by now.
				s.fold(text(real, fieldID), s.keys[id][k])
				delete(s.keys[id], k)
			}
		}
	}
	for _, a := range accounts {
		split = append(split, placeIn(a, s.keys[text(a, fieldID)])...)
	}
	return split
}

// fold joins the counter of a key into that of an account with the same key.
func (s state) fold(account string, k key) {
	for _, have := range s.keys[account] {
		if material(have.otp) == material(k.otp) {
			raiseCounter(have.otp, k.otp)
		}
	}
}

// placeIn gives an account the newest of its keys, and returns the accounts for
// the others.
func placeIn(account object, all keys) (split []object) {
	if len(all) == 0 {
		return nil
	}
	order := slices.Collect(maps.Keys(all))
	sort.Slice(order, func(i, j int) bool {
		x, y := order[i], order[j]
		return cmp.Or(all[y].at.Compare(all[x].at), cmp.Compare(material(all[y].otp), material(all[x].otp)), cmp.Compare(x, y)) < 0
	})
	first := all[order[0]]
	id := text(account, fieldID)
	account[fieldOTP] = first.otp
	setStamp(account, fieldOTP, first.at)
	if order[0] != keyID(id, first.otp, 0) {
		account[OTPID] = order[0]
	}
	var others []object
	for _, k := range order[1:] {
		other := object{fieldID: k, fieldOTP: all[k].otp}
		if !all[k].at.IsZero() {
			other["at"] = all[k].at.Format(time.RFC3339Nano)
		}
		others = append(others, other)
		second := without(account, []string{
			OTPID, fieldOTPOthers, ChangedAt, listCodes, "moved",
		})
		second[fieldID], second[fieldOTP], second[SplitOf] = k, maps.Clone(all[k].otp), id
		split = append(split, second)
	}
	if len(others) > 0 {
		account[fieldOTPOthers] = listed(others)
	}
	return split
}

// rekeyed notes another secret of an account.
func (n *Note) rekeyed(before, after object) {
	// Who changes the vault has seen the accounts with the second secrets.
	delete(after, SplitOf)
	delete(after, fieldOTPOthers)
	old, had := before[fieldOTP].(object)
	fresh, has := after[fieldOTP].(object)
	if had && has && material(old) == material(fresh) || !had && !has {
		return
	}
	if had {
		n.bury(keyGrave(ownKeyID(before)))
	}
	delete(after, OTPID)
	if !has {
		unstamp(after, fieldOTP)
		return
	}
	n.touch(fieldOTP, before, after)
	n.nameKey(after, fresh)
}

// nameKey gives the key of an account an id that no tombstone has.
func (n *Note) nameKey(account, otp object) {
	for i := 0; ; i++ {
		id := keyID(text(account, fieldID), otp, i)
		if n.buried[id] || n.buried[keyGrave(id)] {
			continue
		}
		if i > 0 {
			account[OTPID] = id
		}
		return
	}
}
