package vault

import "strings"

// FileWithSlot returns file with its slots replaced by one of the given armor,
// with the id that belongs to it.
func FileWithSlot(armored []byte, file string) string {
	body := file[strings.Index(file, "\n"+bodyLine)+1+len(bodyLine):]
	return string(headOf([]slot{newSlot(slotPassphrase, "", armored)})) + body
}
