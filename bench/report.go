package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// report returns the part of README.md that a run writes.
func report(r *results) string {
	var b strings.Builder
	b.WriteString("## Aims\n\n" + aimTable(r))
	b.WriteString("\nProcessor time (user + system) and wall time are measured: an aim is met if both meet it.\n")
	b.WriteString("\n" + r.conditions)
	b.WriteString("\n## Cost against size\n\n")
	b.WriteString("![Processor time of opening a file, by its number of values](" + valuesChart + ")\n\n")
	b.WriteString("![Processor time of new keys for many files, by their number](" + filesChart + ")\n\n")
	b.WriteString("## Programs\n\nProcessor time in ms: median (quartiles) and, in bold, the ratio to sealcfg.\n")
	for _, g := range groups() {
		b.WriteString(g.table(r, cpu, (*results).costCell))
	}
	b.WriteString("\n## From the floor\n\nHow many times the floor's processor time.\n")
	for _, g := range groups()[:3] {
		b.WriteString(g.table(r, cpu, (*results).floorCell))
	}
	for _, m := range []metric{wall, memory} {
		fmt.Fprintf(&b, "\n<details><summary>The same, %s</summary>\n", m.name)
		for _, g := range groups() {
			b.WriteString(g.table(r, m, (*results).costCell))
		}
		b.WriteString("\n</details>\n")
	}
	b.WriteString("\n## Libraries\n\nProcessor time of a call: median (quartiles); ratios are taken within a round of turns.\n" + sideTable(r.sides))
	b.WriteString("\n## Measured programs\n\n" + peerTable(r))
	return b.String()
}

// A group is a table: works of a kind, in columns.
type group struct {
	title string
	works []work
}

func groups() []group {
	var all [5]group
	titles := [5]string{"Open a file", "Change one value", "New keys for files of " + count(manyValues, "value"), "Other shapes of a file", "Start: print the version"}
	for i, title := range titles {
		all[i].title = title
	}
	for _, w := range allWorks() {
		i := 3
		switch {
		case w.kind == startKind:
			i = 4
		case w.shape == settings:
			i = map[kind]int{openKind: 0, setKind: 1, rekeyKind: 2}[w.kind]
		}
		all[i].works = append(all[i].works, w)
	}
	return all[:]
}

// table returns a table with a row for each program that did any of the works.
func (g group) table(r *results, m metric, cell func(*results, string, work, metric) string) string {
	var b, rows strings.Builder
	fmt.Fprintf(&b, "\n| %s |", g.title)
	for _, w := range g.works {
		heading := w.sizeText()
		if w.shape != settings {
			heading = w.String()
		}
		b.WriteString(" " + heading + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(g.works)) + "\n")
	for _, p := range r.peers {
		cells := make([]string, len(g.works))
		for i, w := range g.works {
			cells[i] = cell(r, p.name, w, m)
		}
		if slices.ContainsFunc(cells, func(c string) bool { return c != "" }) {
			fmt.Fprintf(&rows, "| %s | %s |\n", p.name, strings.Join(cells, " | "))
		}
	}
	if rows.Len() == 0 {
		return ""
	}
	return b.String() + rows.String()
}

// costCell returns a cost and its ratio to sealcfg's cost. It marks samples with few turns.
func (r *results) costCell(peer string, w work, m metric) string {
	s, ok := r.spread(peer, w, m)
	if !ok {
		return ""
	}
	text := s.String()
	if n := len(r.sample(peer, w).costs); n < 5 {
		text = fmt.Sprintf("%s (%s)", short(s.median), count(n, "turn"))
	}
	if x, ok := r.ratio(peer, w, sealcfgName, w, m); ok && peer != sealcfgName {
		text += " **" + short(x) + "×**"
	}
	return text
}

func (r *results) floorCell(peer string, w work, m metric) string {
	x, ok := r.ratio(peer, w, floorName, w, m)
	if !ok || peer == floorName {
		return ""
	}
	return short(x)
}

// peerTable lists the measured programs, and the others with the reason.
func peerTable(r *results) string {
	var b strings.Builder
	b.WriteString("| | version | differences |\n|---|---|---|\n")
	for _, p := range r.peers {
		if p.missing != "" {
			p.version, p.differs = "not there", p.missing
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.name, p.version, p.differs)
	}
	if names, err := libraryVersions(); err == nil {
		b.WriteString("\nLibraries: " + names + ".\n")
	}
	return b.String()
}

// A run replaces the text of README.md between these lines.
const (
	beginRun = "<!-- written by go run . -write -->\n"
	endRun   = "<!-- end of the generated part -->\n"
)

func rewrite(path, text string) error {
	was, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(was), beginRun)
	_, after, ok2 := strings.Cut(rest, endRun)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s has no place for the run", path)
	}
	return os.WriteFile(path, []byte(before+beginRun+"\n"+text+"\n"+endRun+after), 0o644)
}
