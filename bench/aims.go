package main

import (
	"fmt"
	"strings"
)

// An aim is a bound and a rule for comparing measurements with it.
type aim struct {
	text    string
	least   bool // the bound is a lower one
	bound   float64
	measure func(*results) measured
}

// measured holds the numbers for an aim: processor time, and wall time where the aim concerns it.
// It is empty if the run left the work out.
type measured struct {
	numbers []float64
	where   string // "" if the text of the aim contains it
}

// linear is the tolerance for linear growth, because two spreads are involved.
const linear = 1.15

func aims() []aim {
	open := func(n int) work { return work{openKind, settings, n} }
	set := func(n int) work { return work{setKind, settings, n} }
	rekey := func(n int) work { return work{rekeyKind, settings, n} }
	start := work{startKind, settings, 0}
	return []aim{
		{"`decrypt` of 10 values, against `age --version`", false, 1.5, timed(sealcfgName, open(10), ageName, start, 1)},
		{"`decrypt` of 1,000 values: how much less than sops", true, 8, timed(sopsName, open(1_000), sealcfgName, open(1_000), 1)},
		{"`decrypt` of 10,000 values: how much less than sops", true, 10, timed(sopsName, open(10_000), sealcfgName, open(10_000), 1)},
		{"`set` of one in 10,000 values: how much less than sops", true, 10, timed(sopsName, set(10_000), sealcfgName, set(10_000), 1)},
		{"`rekey`: a file among 1,000, against one among 100", false, linear, timed(sealcfgName, rekey(1_000), sealcfgName, rekey(100), 10)},
		{"`rekey` of 1,000 files, against the floor on all processors", false, 2, timed(sealcfgName, rekey(1_000), floorName, rekey(1_000), 1)},
		{"peak memory, against 5 × the file + 15 MB, where it is worst", false, 1, worstPeak(func(w work) bool { return w.kind != rekeyKind })},
		{"the same of `rekey`, against 5 × all its files + 15 MB", false, 1, worstPeak(func(w work) bool { return w.kind == rekeyKind })},
		{"`Load` of 100 sealed values, against its floor", false, 1.3, librarySide(load100, floorName)},
		{"the same, one pass of yaml.v3 counted to the floor", false, 1.3, librarySide(load100, partsName)},
		{"bind 100 plain settings, against yaml.v3", false, 1.2, librarySide(bind100, "yaml.v3")},
		{"bind 1,000 plain settings, against yaml.v3", false, 1.2, librarySide(bind1000, "yaml.v3")},
	}
}

// timed returns the ratio of two times, divided by by.
func timed(peer string, w work, base string, ofBase work, by float64) func(*results) measured {
	return func(r *results) (m measured) {
		for _, metric := range []metric{cpu, wall} {
			if x, ok := r.ratio(peer, w, base, ofBase, metric); ok {
				m.numbers = append(m.numbers, x/by)
			}
		}
		return m
	}
}

// librarySide returns how many times as long as sealcfg a library takes for the same work.
func librarySide(name, base string) func(*results) measured {
	return func(r *results) (m measured) {
		if x, ok := r.side(name).against(sealcfgName, base); ok {
			m.numbers = []float64{x}
		}
		return m
	}
}

// worstPeak returns the largest share of its memory allowance that sealcfg uses, and the work.
func worstPeak(of func(work) bool) func(*results) measured {
	return func(r *results) (m measured) {
		worst := 0.0
		for _, s := range r.samples {
			peak, ok := r.spread(s.peer, s.work, memory)
			if !ok || s.peer != sealcfgName || s.size == 0 || !of(s.work) {
				continue
			}
			if part := peak.median / (5*float64(s.size)/1e6 + 15); part > worst {
				worst, m = part, measured{[]float64{part}, s.work.String()}
			}
		}
		return m
	}
}

// verdict reports whether all, none, or some of the numbers keep a bound.
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

// aimTable compares all aims with the measurements.
func aimTable(r *results) string {
	var b strings.Builder
	b.WriteString("| | aim | measured | verdict |\n|---|---:|---|---|\n")
	for _, a := range aims() {
		m := a.measure(r)
		cell := ""
		for i, x := range m.numbers {
			cell += [2]string{"", ", wall "}[i] + short(x) + "×"
		}
		if m.where != "" {
			cell += " (" + m.where + ")"
		}
		sign := "≤"
		if a.least {
			sign = "≥"
		}
		fmt.Fprintf(&b, "| %s | %s %g× | %s | %s |\n", a.text, sign, a.bound, cell, a.verdict(m.numbers))
	}
	return b.String()
}
