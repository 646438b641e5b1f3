package jsonobject_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"npmotp/internal/jsonobject"
)

// FuzzFields holds the cutting of objects against encoding/json: what that takes
// for an object is cut into the same fields, and what it does not is an error, or
// has a value in it that is none.
func FuzzFields(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, ` { "a" : "x\"y\\" , "b":[1,{"c":"]"}],"a":null}`, `{"\u0061":"é"}`, `{"a":1,}`, `{"a" 1}`, `{"a":"\\"}`, `[1]`, `{"a":1}x`, `{"a":tru}`, `{"a":}`, `{,}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		cut := map[string]json.RawMessage{}
		valid := true
		err := jsonobject.EachField(data, func(name, value []byte) error {
			cut[string(name)] = value
			valid = valid && json.Valid(value)
			return nil
		})
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil {
			if err == nil && valid && json.Valid(data) {
				t.Fatalf("%q is cut, and encoding/json does not take it", data)
			}
			return
		}
		if err != nil || len(cut) != len(want) {
			t.Fatalf("%q: %d fields, %v, want %d", data, len(cut), err, len(want))
		}
		for name, value := range want {
			if !bytes.Equal(bytes.TrimSpace(cut[name]), bytes.TrimSpace(value)) {
				t.Errorf("%q: %q is %s, want %s", data, name, cut[name], value)
			}
		}
	})
}
