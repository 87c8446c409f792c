package main

import "time"

// results holds the measurements of a run.
type results struct {
	conditions string
	peers      []described
	samples    []sample
	sides      []sideResult
}

// described is the description of a program. missing is the reason why it was not measured.
type described struct{ name, version, differs, missing string }

// A sample is the cost of one program for one work, by turn. size is the size of its encrypted
// files.
type sample struct {
	peer  string
	work  work
	size  int64
	costs []cost
}

// A metric is one of the three costs.
type metric struct {
	name string
	of   func(cost) float64
}

var (
	cpu    = metric{"user + system, ms", func(c cost) float64 { return milliseconds(c.CPU) }}
	wall   = metric{"wall, ms", func(c cost) float64 { return milliseconds(c.Wall) }}
	memory = metric{"peak memory, MB", func(c cost) float64 { return float64(c.Peak) / 1e6 }}
)

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (r *results) describe(peer string) *described {
	for i := range r.peers {
		if r.peers[i].name == peer {
			return &r.peers[i]
		}
	}
	return &described{}
}

// sample returns the cost of a program for a work, or nil if it was not measured.
func (r *results) sample(peer string, w work) *sample {
	for i := range r.samples {
		if s := &r.samples[i]; s.peer == peer && s.work == w && len(s.costs) > 0 {
			return s
		}
	}
	return nil
}

func (r *results) spread(peer string, w work, m metric) (spread, bool) {
	s := r.sample(peer, w)
	if s == nil {
		return spread{}, false
	}
	numbers := make([]float64, len(s.costs))
	for i, c := range s.costs {
		numbers[i] = m.of(c)
	}
	return spreadOf(numbers), true
}

// ratio returns the ratio of two medians.
func (r *results) ratio(peer string, w work, base string, ofBase work, m metric) (float64, bool) {
	a, ok1 := r.spread(peer, w, m)
	b, ok2 := r.spread(base, ofBase, m)
	if !ok1 || !ok2 || b.median == 0 {
		return 0, false
	}
	return a.median / b.median, true
}

func (r *results) side(name string) *sideResult {
	for i := range r.sides {
		if r.sides[i].Name == name {
			return &r.sides[i]
		}
	}
	return &sideResult{}
}
