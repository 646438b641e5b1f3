package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"npmotp/internal/secret"
)

const canary = "canary-7f3a"

type exported struct{ T secret.Text }
type unexported struct{ t secret.Text }
type nested struct{ inner *unexported }

func holders() map[string]any {
	t := secret.New(canary)
	return map[string]any{
		"value":           t,
		"pointer":         &t,
		"exported":        exported{t},
		"exported ptr":    &exported{t},
		"unexported":      unexported{t},
		"unexported ptr":  &unexported{t},
		"nested":          nested{&unexported{t}},
		"slice":           []secret.Text{t},
		"array":           [1]secret.Text{t},
		"map":             map[string]secret.Text{"k": t},
		"slice of struct": []unexported{{t}},
		"any":             []any{t, unexported{t}},
		"error":           fmt.Errorf("wrapping %v", t),
	}
}

func TestFormatRedacts(t *testing.T) {
	verbs := []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%p", "%T", "%5.2s", "%e"}
	for name, h := range holders() {
		for _, verb := range verbs {
			out := fmt.Sprintf(verb, h)
			if leaks(out) {
				t.Errorf("%s with %s prints the secret: %s", name, verb, out)
			}
		}
		if out := fmt.Sprint(h) + fmt.Sprintln(h); leaks(out) {
			t.Errorf("%s with Sprint prints the secret: %s", name, out)
		}
	}
}

func TestLogRedacts(t *testing.T) {
	for name, h := range holders() {
		var buf bytes.Buffer
		slog.New(slog.NewJSONHandler(&buf, nil)).Info("m", "k", h)
		slog.New(slog.NewTextHandler(&buf, nil)).Info("m", "k", h)
		if leaks(buf.String()) {
			t.Errorf("%s reaches a log: %s", name, buf.String())
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	text := secret.New(canary)
	for name, marshal := range map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"xml":  xml.Marshal,
		"gob": func(v any) ([]byte, error) {
			var buf bytes.Buffer
			err := gob.NewEncoder(&buf).Encode(v)
			return buf.Bytes(), err
		},
	} {
		out, err := marshal(exported{text})
		if err == nil {
			t.Errorf("%s marshals a Text: %s", name, out)
		} else if leaks(err.Error()) {
			t.Errorf("%s leaks in its error: %v", name, err)
		}
	}
}

func TestText(t *testing.T) {
	a, b := secret.New("x"), secret.New("x")
	if !a.Equal(b) || a.Equal(secret.New("y")) || a.Equal(secret.New("xx")) {
		t.Error("Equal compares wrongly")
	}
	var zero secret.Text
	if zero.Reveal() != "" || zero.Len() != 0 || !zero.Equal(secret.New("")) {
		t.Error("the zero Text is not empty")
	}
	if a.Reveal() != "x" || a.Len() != 1 {
		t.Error("Reveal does not return what New was given")
	}
}

// leaks looks for the canary as text and as the hex and decimal dumps of fmt.
func leaks(out string) bool {
	return strings.Contains(out, canary) ||
		strings.Contains(strings.ToLower(out), fmt.Sprintf("%x", canary)) ||
		strings.Contains(out, strings.Trim(fmt.Sprintf("%d", []byte(canary)), "[]"))
}
