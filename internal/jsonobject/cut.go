package jsonobject

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// eachField calls f for each field of an object, in order. Name and value are parts
// of data; that the value ends where a value can is all that is known of it.
func eachField(data []byte, f func(name, value []byte) error) error {
	return eachPart(data, '{', '}', func(part []byte) (rest []byte, err error) {
		end := skipString(part)
		if end < 0 {
			return nil, errJSON
		}
		name := part[1 : end-1]
		if !isPlain(name) {
			var s string
			if err := decodeValue(part[:end], &s); err != nil {
				return nil, err
			}
			name = []byte(s)
		}
		part = skipSpace(part[end:])
		if len(part) == 0 || part[0] != ':' {
			return nil, errJSON
		}
		part = skipSpace(part[1:])
		if end = skipValue(part); end < 0 {
			return nil, errJSON
		}
		return part[end:], f(name, part[:end:end])
	})
}

// eachElement calls f for each element of an array, or not at all for nothing or null.
func eachElement(data []byte, f func(value []byte) error) error {
	if len(data) == 0 || string(data) == "null" {
		return nil
	}
	return eachPart(data, '[', ']', func(part []byte) (rest []byte, err error) {
		end := skipValue(part)
		if end < 0 {
			return nil, errJSON
		}
		return part[end:], f(part[:end:end])
	})
}

// eachPart calls take for what stands between the brackets and the commas of data,
// which is nothing else. It returns what comes after the part.
func eachPart(data []byte, opening, closing byte, take func(part []byte) (rest []byte, err error)) error {
	data = skipSpace(data)
	if len(data) == 0 || data[0] != opening {
		return errJSON
	}
	data = skipSpace(data[1:])
	for first := true; ; first = false {
		if len(data) > 0 && data[0] == closing && first {
			break
		}
		rest, err := take(data)
		if err != nil {
			return err
		}
		if data = skipSpace(rest); len(data) == 0 || data[0] != ',' && data[0] != closing {
			return errJSON
		}
		if data[0] == closing {
			break
		}
		data = skipSpace(data[1:])
	}
	if len(skipSpace(data[1:])) > 0 {
		return errJSON
	}
	return nil
}

func skipSpace(data []byte) []byte {
	for len(data) > 0 && (data[0] == ' ' || data[0] == '\n' || data[0] == '\t' || data[0] == '\r') {
		data = data[1:]
	}
	return data
}

// skipString returns the end of the string that data begins with, or -1.
func skipString(data []byte) int {
	if len(data) == 0 || data[0] != '"' {
		return -1
	}
	for end := 1; ; {
		at := bytes.IndexByte(data[end:], '"')
		if at < 0 {
			return -1
		}
		end += at + 1
		escapes := 0
		for data[end-2-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return end
		}
	}
}

// skipValue returns the end of the value that data begins with, or -1.
func skipValue(data []byte) int {
	if len(data) > 0 && data[0] == '"' {
		return skipString(data)
	}
	depth := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			end := skipString(data[i:])
			if end < 0 {
				return -1
			}
			i += end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\t', '\r':
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

// decodeText reads a string; null leaves it as it is, as with encoding/json.
func decodeText(value []byte, s *string) error {
	if len(value) < 2 || value[0] != '"' || !isPlain(value[1:len(value)-1]) {
		return decodeValue(value, s)
	}
	*s = string(value[1 : len(value)-1])
	return nil
}

// appendText writes a string as encoding/json does.
func appendText(b []byte, s string) []byte {
	if strings.ContainsAny(s, `"<>&`) || !isPlain(s) {
		text, err := json.Marshal(s)
		if err != nil {
			panic(err) // of values that are no JSON, which all strings are
		}
		return append(b, text...)
	}
	return append(append(append(b, '"'), s...), '"')
}

// isPlain reports whether what stands between quotes is what it means.
func isPlain[T string | []byte](text T) bool {
	for i := range len(text) {
		b := text[i]
		if b == '\\' || b < ' ' || b >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decodeInt reads a number without a fraction or an exponent.
func decodeInt(value []byte, n *int) error {
	got, err := strconv.Atoi(string(value))
	if err != nil || value[0] == '+' {
		return decodeValue(value, n)
	}
	*n = got
	return nil
}

// decodeValue reads whatever encoding/json can.
func decodeValue[T any](value []byte, v *T) error {
	if json.Unmarshal(value, v) != nil {
		return errJSON
	}
	return nil
}
