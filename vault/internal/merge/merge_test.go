package merge_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"npmotp/vault/internal/merge"
)

func parse(t *testing.T, text string) merge.Object {
	t.Helper()
	o, err := merge.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// The rules of a join, one by one; each holds from both sides. That they hold
// together is shown by random histories of whole vaults.
func TestJoin(t *testing.T) {
	for name, tt := range map[string]struct{ a, b, want string }{
		"a field of one copy": {`{"badge":"x"}`, `{}`, `{"badge":"x"}`},
		"the field that was written last": {
			`{"default":"a","changed_at":{"default":"2026-01-02T00:00:00Z"}}`,
			`{"default":"b","changed_at":{"default":"2026-01-03T00:00:00Z"}}`,
			`{"changed_at":{"default":"2026-01-03T00:00:00Z"},"default":"b"}`,
		},
		"of two written at once, the larger": {`{"default":"a"}`, `{"default":"b"}`, `{"default":"b"}`},
		"lists that are not known are joined by id": {
			`{"badges":[{"id":"x","n":1}]}`, `{"badges":[{"id":"y"},{"id":"x","n":2}]}`,
			`{"badges":[{"id":"x","n":2},{"id":"y"}]}`,
		},
		"what was removed in either is removed": {
			`{"accounts":[{"id":"x","name":"ada"}]}`, `{"tombstones":[{"id":"x"}]}`,
			`{"tombstones":[{"id":"x"}]}`,
		},
		"two accounts of one name": {
			`{"accounts":[{"id":"x","name":"ada"}]}`, `{"accounts":[{"id":"y","name":"ada"}]}`,
			`{"accounts":[{"id":"x","name":"ada"},{"id":"y","name":"ada (2)","own_name":"ada"}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, sides := range [][2]string{{tt.a, tt.b}, {tt.b, tt.a}} {
				joined := merge.Join(parse(t, sides[0]), parse(t, sides[1]))
				for name, v := range joined { // what has nothing in it is not written
					if list, ok := v.([]any); ok && len(list) == 0 {
						delete(joined, name)
					}
				}
				got, err := json.Marshal(joined)
				if err != nil || string(got) != tt.want {
					t.Errorf("got  %s, %v\nwant %s", got, err, tt.want)
				}
			}
		})
	}
}

// A note finds by comparison what was written and what was removed, and leaves
// what did not change as it is, to the byte.
func TestNote(t *testing.T) {
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	before := []json.RawMessage{[]byte(`{"id":"x","name":"ada"}`), []byte(`{"id":"y","name":"bob"}`), []byte(`{ "id":"z" }`)}
	after := []json.RawMessage{[]byte(`{"id":"x","name":"eve"}`), []byte(`{ "id":"z" }`)}
	n := merge.NewNote(now, []string{"w"})
	if err := n.List("devices", before, after, nil); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(after[0]), `"changed_at":{"name":"2026-03-04T05:06:07Z"}`) || string(after[1]) != `{ "id":"z" }` {
		t.Errorf("noted as %s", after)
	}
	if removed := n.Removed(); len(removed) != 1 || removed[0] != "y" {
		t.Errorf("removed %q", removed)
	}
	stamps, err := n.Stamp(nil, "default")
	if err != nil || !merge.StampOf(stamps, "default").Equal(now) || !merge.StampOf(stamps, "other").IsZero() {
		t.Errorf("stamped as %s, %v", stamps, err)
	}
	// A second change at the same time, or by a clock that is behind, is later.
	again, err := merge.NewNote(now.Add(-time.Hour), nil).Stamp(stamps, "default")
	if err != nil || !merge.StampOf(again, "default").After(now) {
		t.Errorf("stamped again as %s, %v", again, err)
	}
}
