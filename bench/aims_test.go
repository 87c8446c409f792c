package main

import (
	"strings"
	"testing"
	"time"
)

func TestVerdict(t *testing.T) {
	most, least := aim{bound: 2}, aim{bound: 8, least: true}
	for _, c := range []struct {
		aim     aim
		numbers []float64
		want    string
	}{
		{most, nil, "not measured"},
		{most, []float64{2}, "met"},
		{most, []float64{2.01}, "**missed**"},
		{least, []float64{8}, "met"},
		{least, []float64{7.99}, "**missed**"},
		{most, []float64{1, 2}, "met"},
		{most, []float64{3, 2.5}, "**missed**"},
		{most, []float64{1, 2.5}, "met by processor time, **missed** by the clock"},
		{least, []float64{7, 9}, "**missed** by processor time, met by the clock"},
	} {
		if got := c.aim.verdict(c.numbers); got != c.want {
			t.Errorf("%v of %+v: %q instead of %q", c.numbers, c.aim, got, c.want)
		}
	}
}

// turns are three of the same work, of which the one in the middle is given.
func turns(peer string, w work, size int64, cpu, wall time.Duration, peak int64) sample {
	var costs []cost
	for _, d := range []time.Duration{-1, 0, 1} {
		costs = append(costs, cost{CPU: cpu + d, Wall: wall + d, Peak: peak + int64(d)})
	}
	return sample{peer, w, size, costs}
}

func TestAims(t *testing.T) {
	const ms = time.Millisecond
	rekey := func(n int) work { return work{rekeyKind, settings, n} }
	r := &results{samples: []sample{
		turns(ageName, work{startKind, settings, 0}, 0, 4*ms, 4*ms, 6e6),
		turns(sealcfgName, work{openKind, settings, 10}, 4_000, 5*ms, 7*ms, 10e6),
		turns(sealcfgName, work{openKind, settings, 10_000}, 2_000_000, 40*ms, 30*ms, 30e6), // of 25 MB
		turns(sopsName, work{openKind, settings, 10_000}, 2_000_000, 500*ms, 290*ms, 90e6),
		turns(sealcfgName, rekey(100), 500_000, 100*ms, 100*ms, 10e6),
		turns(sealcfgName, rekey(1_000), 5_000_000, 1_200*ms, 1_100*ms, 10e6),
		turns(floorName, rekey(1_000), 5_000_000, 800*ms, 400*ms, 10e6),
	}}
	r.sides = []sideResult{{Name: load100, Libraries: []string{sealcfgName, floorName}, Rounds: [][]float64{{130, 100}, {260, 200}, {900, 300}}}}
	table := aimTable(r)
	for _, want := range []string{
		"| 1.25×, wall 1.75× | met by processor time, **missed** by the clock |",
		"| 12.5×, wall 9.67× | met by processor time, **missed** by the clock |",
		"| 1.20×, wall 1.10× | **missed** by processor time, met by the clock |",
		"| 1.50×, wall 2.75× | met by processor time, **missed** by the clock |",
		"against 5 × the file + 15 MB, where it is worst | ≤ 1× | 1.20× (open, 10,000 values) | **missed** |",
		"against 5 × all its files + 15 MB | ≤ 1× | 0.57× (rekey, 100 files) | met |",
		"against its floor | ≤ 1.3× | 1.30× | met |",
		"how much less than sops | ≥ 8× |  | not measured |",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if got, want := strings.Count(table, "\n"), len(aims())+2; got != want {
		t.Errorf("%d lines instead of %d", got, want)
	}
}

func TestDue(t *testing.T) {
	for _, c := range []struct {
		turns int
		want  []int
	}{{0, nil}, {1, []int{21}}, {3, []int{7, 14, 21}}} {
		var got []int
		for round := 1; round <= 21; round++ {
			if due(round, 21, c.turns) {
				got = append(got, round)
			}
		}
		if len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("%d turns: in rounds %v instead of %v", c.turns, got, c.want)
		}
	}
	for turns := range 22 {
		n := 0
		for round := 1; round <= 21; round++ {
			if due(round, 21, turns) {
				n++
			}
		}
		if n != turns {
			t.Errorf("%d turns become %d", turns, n)
		}
	}
}
