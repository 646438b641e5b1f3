package recoverycode

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"npmotp/internal/secret"
)

// groupLen is how many characters of a code stand together on paper.
const groupLen = 4

// Groups returns a recovery code as it is written on paper: in groups of four
// characters. A code that has hyphens of its own is one group.
func Groups(code secret.Text) []string {
	rest := code.Reveal()
	if strings.ContainsAny(rest, "-_") {
		return []string{rest}
	}
	var groups []string
	for len(rest) > groupLen {
		groups = append(groups, rest[:groupLen])
		rest = rest[groupLen:]
	}
	return append(groups, rest)
}

// CheckGroup returns the four hexadecimal digits that stand behind a recovery
// code on paper, after an equals sign. They are the CRC-16 of the code with the
// polynomial 0x1021 and the register set to 0xFFFF (CRC-16/IBM-3740 in Greg
// Cook's catalogue), which finds every mistyped character and every two
// neighbours that were exchanged.
func CheckGroup(code secret.Text) string { return checkGroup(code.Reveal()) }

func checkGroup(code string) string { return fmt.Sprintf("%04x", crc16([]byte(code))) }

func crc16(data []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, b := range data {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// A CheckError says that a code was typed in a way that its check group does
// not agree with.
type CheckError struct {
	Line, Last int // the code stands in these lines and between
	Group      int // where one wrong digit would explain it, from 1; 0 if it is not known
}

// Error implements error.
func (e *CheckError) Error() string {
	where := ""
	if e.Group > 0 {
		where = fmt.Sprintf(", likely in group %d", e.Group)
	}
	return fmt.Sprintf("the code in line %d is not the one that its check group belongs to: something is mistyped%s; nothing was added",
		e.Line, where)
}

// verify returns the code that was typed, as it was printed: in the case, and
// with the digits for letters that look like them, that agree with the check
// group.
func verify(typed, check string) (string, bool) {
	check = strings.ToLower(check)
	for _, code := range spellings(typed) {
		if checkGroup(code) == check {
			return code, true
		}
	}
	return "", false
}

// spellings returns what may have been printed where typed was typed.
func spellings(typed string) []string {
	all := []string{typed}
	if digits := asHex(typed); digits != "" {
		all = append(all, digits, strings.ToUpper(digits))
	}
	return all
}

// asHex returns hexadecimal digits that were typed in any case, with hyphens
// between, or with letters that look like digits; or "" if s is something else.
func asHex(s string) string {
	s = strings.NewReplacer("-", "", "o", "0", "i", "1", "l", "1").Replace(strings.ToLower(s))
	if !isHex(s) {
		return ""
	}
	return s
}

// suspect returns the group that one wrong digit, or two exchanged ones, may
// stand in, or 0 when there is none or more than one.
func suspect(typed, check string) int {
	digits := asHex(typed)
	want, err := strconv.ParseUint(check, 16, 16)
	if err != nil {
		return 0
	}
	found := 0
	for _, code := range []string{digits, strings.ToUpper(digits)} {
		for i := range code {
			if !mends([]byte(code), i, uint16(want)) {
				continue
			}
			group := i/groupLen + 1
			if found != 0 && found != group {
				return 0
			}
			found = group
		}
	}
	return found
}

// mends reports whether another digit at i, or an exchange with the one after
// it, gives code the sum.
func mends(code []byte, i int, sum uint16) bool {
	digits, was := "0123456789abcdef", code[i]
	if bytes.ContainsAny(code, "ABCDEF") {
		digits = "0123456789ABCDEF"
	}
	for _, digit := range []byte(digits) {
		code[i] = digit
		if crc16(code) == sum {
			return true
		}
	}
	code[i] = was
	if i+1 == len(code) {
		return false
	}
	code[i], code[i+1] = code[i+1], code[i]
	return crc16(code) == sum
}
