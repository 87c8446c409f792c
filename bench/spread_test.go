package main

import "testing"

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		numbers []float64
		want    spread
	}{
		{[]float64{7}, spread{7, 7, 7}},
		{[]float64{4, 2}, spread{3, 2.5, 3.5}},
		{[]float64{5, 1, 3}, spread{3, 2, 4}},
		{[]float64{50, 10, 20, 40, 30}, spread{30, 20, 40}},
		{[]float64{4, 3, 2, 1}, spread{2.5, 1.75, 3.25}},
	} {
		if got := spreadOf(c.numbers); got != c.want {
			t.Errorf("%v: %v instead of %v", c.numbers, got, c.want)
		}
	}
	unsorted := []float64{3, 1, 2}
	spreadOf(unsorted)
	if unsorted[0] != 3 {
		t.Error("the caller's numbers are sorted")
	}
}

func TestShort(t *testing.T) {
	for f, want := range map[float64]string{0: "0.00", 0.00456: "0.0046", 0.123: "0.12", 9.994: "9.99", 12.34: "12.3", 123.4: "123", 12345.6: "12346"} {
		if got := short(f); got != want {
			t.Errorf("%v: %q instead of %q", f, got, want)
		}
	}
}
