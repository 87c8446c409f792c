package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// spread is the median of some numbers, and the smallest and largest of them.
type spread struct{ median, low, high float64 }

func spreadOf(numbers []float64) spread {
	s := slices.Sorted(slices.Values(numbers))
	mid := len(s) / 2
	median := s[mid]
	if len(s)%2 == 0 {
		median = (s[mid-1] + s[mid]) / 2
	}
	return spread{median, s[0], s[len(s)-1]}
}

func (s spread) String() string {
	return fmt.Sprintf("%s (%s–%s)", short(s.median), short(s.low), short(s.high))
}

func short(f float64) string {
	switch {
	case f >= 100:
		return strconv.FormatFloat(f, 'f', 0, 64)
	case f >= 10:
		return strconv.FormatFloat(f, 'f', 1, 64)
	}
	return strconv.FormatFloat(f, 'f', 2, 64)
}

// processTable shows whole processes.
func processTable(results []result) string {
	if len(results) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Whole processes\n\nMedian (lowest–highest); ratio = sops / sealcfg of the medians.\n\n")
	b.WriteString("| | runs | | sealcfg | sops | ratio |\n|---|---:|---|---:|---:|---:|\n")
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	for _, r := range results {
		name, runs := r.name, strconv.Itoa(len(r.sealcfg))
		if len(r.sops) != len(r.sealcfg) {
			runs += fmt.Sprintf(", sops %d", len(r.sops))
		}
		for _, m := range []struct {
			what string
			of   func(cost) float64
		}{
			{"wall, ms", func(c cost) float64 { return ms(c.Wall) }},
			{"user + system, ms", func(c cost) float64 { return ms(c.CPU) }},
			{"peak memory, MiB", func(c cost) float64 { return float64(c.Peak) / (1 << 20) }},
		} {
			ours, theirs := pick(r.sealcfg, m.of), pick(r.sops, m.of)
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", name, runs, m.what, ours, theirs, ratio(theirs.median, ours.median))
			name, runs = "", ""
		}
	}
	return b.String()
}

func pick(costs []cost, of func(cost) float64) spread {
	numbers := make([]float64, len(costs))
	for i, c := range costs {
		numbers[i] = of(c)
	}
	return spreadOf(numbers)
}

func ratio(theirs, ours float64) string { return "**" + short(theirs/ours) + "×**" }

// goBench is what go test -bench printed for one benchmark.
type goBench struct {
	name                string
	nanos, bytes, alloc []float64
}

// goTable makes a table of the output of go test -bench.
func goTable(out string) (string, error) {
	var all []*goBench
	byName := map[string]*goBench{}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) != 8 || f[3] != "ns/op" || f[5] != "B/op" || f[7] != "allocs/op" {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimPrefix(f[0], "Benchmark"), "-")
		g := byName[name]
		if g == nil {
			g = &goBench{name: name}
			byName[name] = g
			all = append(all, g)
		}
		for i, to := range []*[]float64{&g.nanos, &g.bytes, &g.alloc} {
			n, err := strconv.ParseFloat(f[2+2*i], 64)
			if err != nil {
				return "", fmt.Errorf("read benchmark output: %w", err)
			}
			*to = append(*to, n)
		}
	}
	if len(all) == 0 {
		return "", fmt.Errorf("no benchmark in the output of go test:\n%s", out)
	}
	var b strings.Builder
	b.WriteString("### In process\n\nMedian (lowest–highest) of an operation.\n\n")
	b.WriteString("| | runs | ms | KiB allocated | allocations |\n|---|---:|---:|---:|---:|\n")
	scaled := func(numbers []float64, by float64) spread {
		s := spreadOf(numbers)
		return spread{s.median / by, s.low / by, s.high / by}
	}
	for _, g := range all {
		fmt.Fprintf(&b, "| %s | %d | %s | %s | %s |\n", g.name, len(g.nanos), scaled(g.nanos, 1e6),
			short(scaled(g.bytes, 1024).median), short(spreadOf(g.alloc).median))
	}
	ours, theirs := byName["Load100/sealcfg"], byName["Load100/sops"]
	if ours != nil && theirs != nil {
		fmt.Fprintf(&b, "\n`Load` of 100 values: %s faster than sops/v3/decrypt + yaml.v3, %s fewer bytes allocated.\n",
			ratio(spreadOf(theirs.nanos).median, spreadOf(ours.nanos).median),
			ratio(spreadOf(theirs.bytes).median, spreadOf(ours.bytes).median))
	}
	b.WriteString(growth(byName))
	return b.String(), nil
}

// growth says what a hundred times as much JSON costs.
func growth(byName map[string]*goBench) string {
	var b strings.Builder
	for _, what := range []string{"SealJSON", "OpenJSON"} {
		small, large := byName[what+"/1000"], byName[what+"/100000"]
		if small != nil && large != nil {
			fmt.Fprintf(&b, "\n`%s`: 100,000 keys take **%s** times as long as 1,000 (aim: about 100 at most).\n",
				what, short(spreadOf(large.nanos).median/spreadOf(small.nanos).median))
		}
	}
	return b.String()
}

// Tables in README.md stand between these lines.
const (
	beginTables = "<!-- tables: written by go run . -write -->\n"
	endTables   = "<!-- end of tables -->\n"

	beginSides = "<!-- side by side: written by go run . -sides -write -->\n"
	endSides   = "<!-- end of side by side -->\n"
)

func rewrite(path, begin, end, tables string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no place for tables", path)
	}
	return os.WriteFile(path, []byte(before+begin+"\n"+tables+"\n"+end+after), 0o644)
}
