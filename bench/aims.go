package main

import (
	"fmt"
	"strings"
)

// An aim is a bound, and how what was measured is held against it.
type aim struct {
	text  string
	least bool // the bound is a lower one
	bound float64
	// measured is the number by processor time, and by the clock where that is another
	// question; of what was not measured there is none.
	measured []func(*results) (float64, bool)
}

// linear is how far from linear is still called so: two measurements, each with its spread.
const linear = 1.15

func aims() []aim {
	open := func(n int) work { return work{openKind, settings, n} }
	set := work{setKind, settings, 10_000}
	rekey := func(n int) work { return work{rekeyKind, settings, n} }
	start := work{startKind, settings, 0}
	// both are the two measures of time.
	both := func(of func(*results, metric) (float64, bool)) []func(*results) (float64, bool) {
		return []func(*results) (float64, bool){
			func(r *results) (float64, bool) { return of(r, cpu) },
			func(r *results) (float64, bool) { return of(r, wall) },
		}
	}
	sopsOver := func(w work) []func(*results) (float64, bool) {
		return both(func(r *results, m metric) (float64, bool) { return r.ratio(sopsName, w, sealcfgName, w, m) })
	}
	library := func(name, base string) []func(*results) (float64, bool) {
		return []func(*results) (float64, bool){func(r *results) (float64, bool) { return r.side(name).against(sealcfgName, base) }}
	}
	return []aim{
		{"`decrypt` of 10 values, against `age --version`", false, 1.5, both(func(r *results, m metric) (float64, bool) {
			return r.ratio(sealcfgName, open(10), ageName, start, m)
		})},
		{"`decrypt` of 1,000 values: how much less than sops", true, 8, sopsOver(open(1_000))},
		{"`decrypt` of 10,000 values: how much less than sops", true, 10, sopsOver(open(10_000))},
		{"`set` of one in 10,000 values: how much less than sops", true, 10, sopsOver(set)},
		{"`rekey`: a file among 1,000, against one among 100", false, linear, both(func(r *results, m metric) (float64, bool) {
			x, ok := r.ratio(sealcfgName, rekey(1_000), sealcfgName, rekey(100), m)
			return x / 10, ok
		})},
		{"`rekey` of 1,000 files, against the floor on all processors", false, 2, both(func(r *results, m metric) (float64, bool) {
			return r.ratio(sealcfgName, rekey(1_000), floorName, rekey(1_000), m)
		})},
		{"peak memory, against 5 × the file + 15 MB, where it is worst", false, 1, []func(*results) (float64, bool){worstPeak}},
		{"`Load` of 100 sealed values, against its floor", false, 1.3, library(load100, floorName)},
		{"the same, one pass of yaml.v3 counted to the floor", false, 1.3, library(load100, partsName)},
		{"bind 100 plain settings, against yaml.v3", false, 1.2, library(bind100, "yaml.v3")},
		{"bind 1,000 plain settings, against yaml.v3", false, 1.2, library(bind1000, "yaml.v3")},
	}
}

// worstPeak is the largest part of its allowance that sealcfg's memory reaches, whatever it does.
func worstPeak(r *results) (float64, bool) {
	worst, found := 0.0, false
	for _, s := range r.samples {
		if s.peer != sealcfgName || s.size == 0 {
			continue
		}
		if peak, ok := r.spread(s.peer, s.work, memory); ok {
			worst, found = max(worst, peak.median/(5*float64(s.size)/1e6+15)), true
		}
	}
	return worst, found
}

// verdict says whether numbers keep a bound: all of them, none, or which.
func (a aim) verdict(numbers []float64) string {
	var met []bool
	for _, n := range numbers {
		met = append(met, a.least && n >= a.bound || !a.least && n <= a.bound)
	}
	switch {
	case len(met) == 0:
		return "not measured"
	case len(met) == 2 && met[0] != met[1]:
		return map[bool]string{true: "met by processor time, **missed** by the clock", false: "**missed** by processor time, met by the clock"}[met[0]]
	case met[0]:
		return "met"
	}
	return "**missed**"
}

// aimTable holds all aims against what was measured.
func aimTable(r *results) string {
	var b strings.Builder
	b.WriteString("| | aim | measured | verdict |\n|---|---:|---|---|\n")
	for _, a := range aims() {
		var numbers []float64
		var cell string
		for _, of := range a.measured {
			if x, ok := of(r); ok {
				numbers = append(numbers, x)
			}
		}
		switch len(numbers) {
		case 1:
			cell = short(numbers[0]) + "×"
		case 2:
			cell = fmt.Sprintf("%s× (wall %s×)", short(numbers[0]), short(numbers[1]))
		}
		sign := "≤"
		if a.least {
			sign = "≥"
		}
		fmt.Fprintf(&b, "| %s | %s %g× | %s | %s |\n", a.text, sign, a.bound, cell, a.verdict(numbers))
	}
	return b.String()
}
