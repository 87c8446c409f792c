package main

import (
	"fmt"
	"slices"
	"strconv"
)

// A spread is a median and the quartiles.
type spread struct{ median, low, high float64 }

func spreadOf(numbers []float64) spread {
	s := slices.Sorted(slices.Values(numbers))
	return spread{quantile(s, 0.5), quantile(s, 0.25), quantile(s, 0.75)}
}

// quantile returns the q-quantile of sorted numbers, with linear interpolation.
func quantile(sorted []float64, part float64) float64 {
	at := part * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func (s spread) String() string {
	return fmt.Sprintf("%s (%s–%s)", short(s.median), short(s.low), short(s.high))
}

// short formats a number with two or three digits.
func short(f float64) string {
	switch {
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	case f < 0.1 && f > 0.0001:
		return strconv.FormatFloat(f, 'g', 2, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}
