package main

import (
	"strings"
	"testing"
)

func TestFlatten(t *testing.T) {
	got, err := flatten([]byte("a:\n  b: 1 # one\n  c: [x, 'y']\nd: \"z\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []field{{"A_B", "1"}, {"A_C_0", "x"}, {"A_C_1", "y"}, {"D", "z"}}
	if len(got) != len(want) {
		t.Fatalf("%v instead of %v", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%v instead of %v", got[i], want[i])
		}
	}
}

// TestCompare checks that an answer in any notation matches the plaintext, unless a setting is
// missing or wrong.
func TestCompare(t *testing.T) {
	want, err := flatten(plainText(work{openKind, settings, 10}, 0))
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != 10 {
		t.Fatalf("%d values instead of 10", len(want))
	}
	for format, text := range map[string]string{"env": string(dotenv(want)), "yaml": string(flatJSON(want))} {
		if err := compare([]byte(text), format, want); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		other := strings.Replace(text, "app_0", "app_1", 1)
		if other == text || compare([]byte(other), format, want) == nil {
			t.Errorf("%s: another value is taken for the same", format)
		}
		if compare([]byte(strings.Replace(text, "SERVICE_0000_URL", "SERVICE_0000_URI", 1)), format, want) == nil {
			t.Errorf("%s: a missing value is not missed", format)
		}
	}
}

// TestChangedText: there is a field that set changes, for each size.
func TestChangedText(t *testing.T) {
	for _, w := range allWorks() {
		if w.kind != setKind {
			continue
		}
		before, err1 := flatten(plainText(w, 0))
		after, err2 := flatten(changedText(w, plainText(w, 0), 7))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		changed := 0
		for i := range before {
			if before[i] != after[i] {
				changed++
				if after[i] != (field{flatName(changedField(w)), changedValue(7)}) {
					t.Errorf("%s: %v became %v", w, before[i], after[i])
				}
			}
		}
		if changed != 1 {
			t.Errorf("%s: %d values changed", w, changed)
		}
	}
}
