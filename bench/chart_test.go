package main

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestScale(t *testing.T) {
	s := scaleOver([]float64{3, 4_000}, 100, 500)
	for v, want := range map[float64]float64{1: 100, 10: 200, 100: 300, 10_000: 500} {
		if got := s.at(v); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v is at %v instead of %v", v, got, want)
		}
	}
	if got := s.ticks(); !slices.Equal(got, []float64{1, 10, 100, 1_000, 10_000}) {
		t.Errorf("ticks at %v", got)
	}
	down := scaleOver([]float64{1, 10}, 300, 0) // pictures count from above
	if down.at(10) != 0 || down.at(1) != 300 {
		t.Errorf("1 is at %v, 10 at %v", down.at(1), down.at(10))
	}
	if one := scaleOver([]float64{10}, 0, 100); math.IsNaN(one.at(10)) || math.IsInf(one.at(10), 0) {
		t.Error("a single number has no place")
	}
}

func TestApart(t *testing.T) {
	for _, c := range []struct{ places, want []float64 }{
		{[]float64{10, 50}, []float64{10, 50}},
		{[]float64{50, 10}, []float64{50, 10}},
		{[]float64{20, 21, 22}, []float64{20, 30, 40}},
		{[]float64{99, 98}, []float64{100, 90}},
		{[]float64{-5}, []float64{0}},
	} {
		if got := apart(c.places, 10, 0, 100); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v instead of %v", c.places, got, c.want)
		}
	}
}

func TestChart(t *testing.T) {
	r := &results{samples: []sample{
		turns(sealcfgName, work{openKind, settings, 10}, 0, 5*time.Millisecond, 0, 0),
		turns(sealcfgName, work{openKind, settings, 100}, 0, 50*time.Millisecond, 0, 0),
		turns(floorName, work{openKind, settings, 10}, 0, 2*time.Millisecond, 0, 0),
	}}
	for _, name := range []string{sealcfgName, "absent", floorName} {
		r.peers = append(r.peers, described{name: name})
	}
	svg := charts(r)[valuesChart]
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	// On axes from 10 to 100 values and from 1 to 100 ms, 5 and 50 ms are 0.35 and 0.85 of the way up.
	if want := `points="70.0,256.2 630.0,96.2"`; !strings.Contains(svg, want) {
		t.Errorf("no line %s in\n%s", want, svg)
	}
	if !strings.Contains(svg, ">the floor</text>") || strings.Contains(svg, "absent") {
		t.Error("the wrong names")
	}
	if charts(r)[filesChart] == "" {
		t.Error("no empty chart")
	}
}
