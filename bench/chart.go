package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

const valuesChart, filesChart = "values.svg", "files.svg"

// charts draws the two pictures of a run, by file name.
func charts(r *results) map[string]string {
	line := func(k kind, sizes ...int) []series {
		var all []series
		for i, p := range r.peers {
			s := series{name: p.name, colour: colours[i%len(colours)]}
			for _, n := range sizes {
				if t, ok := r.spread(p.name, work{k, settings, n}, cpu); ok && t.median > 0 {
					s.points = append(s.points, point{float64(n), t.median})
				}
			}
			if len(s.points) > 0 {
				all = append(all, s)
			}
		}
		return all
	}
	return map[string]string{
		valuesChart: chart{"Open a file", "number of values", line(openKind, 10, 100, 1_000, 10_000)}.svg(),
		filesChart:  chart{"New keys for files of " + count(manyValues, "value"), "number of files", line(rekeyKind, 1, 10, 100, 1_000)}.svg(),
	}
}

// colours are distinguishable on white and on black, also with color blindness (from Paul Tol's and
// Okabe and Ito's palettes). They are in the order of peers.
var colours = []string{"#1f7fd1", "#d55e00", "#009e73", "#aa6fc5", "#b58900", "#9c755f", "#d0588f", "#888888", "#808080"}

type point struct{ x, y float64 }

type series struct {
	name, colour string
	points       []point
}

// A chart has logarithmic axes: a straight line at 45 degrees is linear cost.
type chart struct {
	title, across string
	lines         []series
}

// The picture, in its own units.
const (
	width, height           = 760, 420
	left, right, top, under = 70, 130, 48, 52
)

// A scale maps numbers from low to high, powers of ten, onto an axis.
type scale struct{ low, high, from, to float64 }

// scaleOver spans numbers by whole powers of ten.
func scaleOver(numbers []float64, from, to float64) scale {
	low, high := math.Floor(math.Log10(slices.Min(numbers))), math.Ceil(math.Log10(slices.Max(numbers)))
	if low == high {
		high++
	}
	return scale{low, high, from, to}
}

func (s scale) at(v float64) float64 {
	return s.from + (math.Log10(v)-s.low)/(s.high-s.low)*(s.to-s.from)
}

// ticks are the powers of ten of an axis.
func (s scale) ticks() []float64 {
	var all []float64
	for e := s.low; e <= s.high; e++ {
		all = append(all, math.Pow(10, e))
	}
	return all
}

// style follows the reader's light or dark background. Without either, it uses gray, which is
// visible on both.
const style = `<style>
text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #6a737d }
.title { font-size: 15px; font-weight: 600 }
.grid { stroke: #8b949e; stroke-opacity: .3 }
@media (prefers-color-scheme: dark) { text { fill: #adbac7 } }
@media (prefers-color-scheme: light) { text { fill: #424a53 } }
.line { fill: none; stroke-width: 2; stroke-linejoin: round }
</style>
`

func (c chart) svg() string {
	var xs, ys []float64
	for _, l := range c.lines {
		for _, p := range l.points {
			xs, ys = append(xs, p.x), append(ys, p.y)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="%s">`+"\n",
		width, height, width, height, c.title)
	b.WriteString(style)
	fmt.Fprintf(&b, `<text class="title" x="%d" y="22">%s: processor time, ms</text>`+"\n", left, c.title)
	if len(xs) > 0 {
		x, y := scaleOver(xs, left, width-right), scaleOver(ys, height-under, top)
		c.axes(&b, x, y)
		c.draw(&b, x, y)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

func (c chart) axes(b *strings.Builder, x, y scale) {
	for _, v := range x.ticks() {
		fmt.Fprintf(b, `<line class="grid" x1="%[1]s" x2="%[1]s" y1="%d" y2="%d"/>`+"\n", px(x.at(v)), top, height-under)
		fmt.Fprintf(b, `<text x="%s" y="%d" text-anchor="middle">%s</text>`+"\n", px(x.at(v)), height-under+20, number(v))
	}
	for _, v := range y.ticks() {
		fmt.Fprintf(b, `<line class="grid" x1="%d" x2="%d" y1="%[3]s" y2="%[3]s"/>`+"\n", left, width-right, px(y.at(v)))
		fmt.Fprintf(b, `<text x="%d" y="%s" text-anchor="end">%s</text>`+"\n", left-8, px(y.at(v)+4), number(v))
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n", (left+width-right)/2, height-10, c.across)
}

// draw puts each line's name next to its end, and moves names that would overlap.
func (c chart) draw(b *strings.Builder, x, y scale) {
	ends := make([]float64, len(c.lines))
	for i, l := range c.lines {
		var path []string
		for _, p := range l.points {
			path = append(path, px(x.at(p.x))+","+px(y.at(p.y)))
			fmt.Fprintf(b, `<circle cx="%s" cy="%s" r="3" fill="%s"/>`+"\n", px(x.at(p.x)), px(y.at(p.y)), l.colour)
		}
		extra := ""
		switch l.name {
		case sealcfgName:
			extra = ` style="stroke-width:4"`
		case floorName:
			extra = ` stroke-dasharray="5 4"`
		}
		fmt.Fprintf(b, `<polyline class="line" stroke="%s"%s points="%s"/>`+"\n", l.colour, extra, strings.Join(path, " "))
		ends[i] = y.at(l.points[len(l.points)-1].y)
	}
	for i, at := range apart(ends, 16, top, height-under) {
		l := c.lines[i]
		end := x.at(l.points[len(l.points)-1].x)
		fmt.Fprintf(b, `<path class="line" style="stroke-width:1;stroke-opacity:.5" stroke="%s" d="M%s %sL%d %s"/>`+"\n",
			l.colour, px(end+4), px(ends[i]), width-right+10, px(at))
		fmt.Fprintf(b, `<text x="%d" y="%s" style="fill:%s">%s</text>`+"\n", width-right+14, px(at+4), l.colour, l.name)
	}
}

// apart moves positions along an axis until each has a gap to the next. It keeps their order, and
// keeps them between low and high if there is room.
func apart(places []float64, gap, low, high float64) []float64 {
	order := make([]int, len(places))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(places[a], places[b]) })
	out := slices.Clone(places)
	for n, i := range order {
		out[i] = max(out[i], low)
		if n > 0 {
			out[i] = max(out[i], out[order[n-1]]+gap)
		}
	}
	for n := len(order) - 1; n >= 0; n-- {
		limit := high
		if n+1 < len(order) {
			limit = out[order[n+1]] - gap
		}
		out[order[n]] = min(out[order[n]], limit)
	}
	return out
}

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }

func number(v float64) string {
	if v < 1 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	digits, _, _ := strings.Cut(count(int(math.Round(v)), "x"), " ")
	return digits
}
