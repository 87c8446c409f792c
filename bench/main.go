// Command bench measures sealcfg, similar programs, and the floor that none of them can go below,
// in one run on the same work. README.md describes the method and the results.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
)

// A plan sets how much is measured.
type plan struct {
	name   string
	rounds int     // that are counted
	budget float64 // seconds for one program and one work; slower programs get fewer turns
	heavy  bool    // includes works that take minutes
	works  func(work) bool
	sides  int  // rounds of the libraries
	fetch  bool // missing programs are built or installed
}

var (
	full  = plan{name: "full", rounds: 21, budget: 12, heavy: true, works: func(work) bool { return true }, sides: 25, fetch: true}
	quick = plan{name: "quick", rounds: 5, budget: 2, works: func(w work) bool { return !w.heavy() }, sides: 5, fetch: true}
	smoke = plan{name: "smoke", rounds: 1, budget: 1, works: func(w work) bool { return w.smallest() }}
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == measureArg {
		os.Exit(measureMain())
	}
	write := flag.Bool("write", false, "write README.md and its charts")
	isQuick := flag.Bool("quick", false, "few rounds, without works that take minutes")
	isSmoke := flag.Bool("smoke", false, "one round of the smallest work with the programs that are there: do the adapters work?")
	only := flag.Bool("sides", false, "only the libraries side by side")
	flag.Parse()
	p := full
	switch {
	case *isSmoke:
		p = smoke
	case *isQuick:
		p = quick
	}
	if err := run(p, *write, *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(p plan, write, onlySides bool) error {
	if write && (onlySides || p.name != full.name) {
		return fmt.Errorf("-write wants everything: leave -quick, -smoke and -sides out")
	}
	var r results
	if !onlySides {
		if err := measureAll(&r, p); err != nil {
			return err
		}
	}
	if p.sides > 0 {
		fmt.Fprintln(os.Stderr, "libraries side by side ...")
		var err error
		if r.sides, err = measureSides(p.sides); err != nil {
			return err
		}
	}
	if onlySides {
		fmt.Print(sideTable(r.sides))
		return nil
	}
	r.conditions = machine() + fmt.Sprintf("Go %s; a %s run.\n", goVersion(), p.name)
	text, charts := report(&r), charts(&r)
	fmt.Print(text)
	if !write {
		return nil
	}
	for name, svg := range charts {
		if err := os.WriteFile(name, []byte(svg), 0o644); err != nil {
			return err
		}
	}
	return rewrite("README.md", text)
}

// measureAll finds the programs, prepares the works, and runs the programs in turns.
func measureAll(r *results, p plan) error {
	l, err := newLab(p)
	if err != nil {
		return err
	}
	defer l.close()
	var slots []*slot
	for _, peer := range peers() {
		d := described{name: peer.name(), differs: peer.differs()}
		fmt.Fprintf(os.Stderr, "%s: ", d.name)
		if d.version, err = peer.find(l); err != nil {
			if required[d.name] {
				return fmt.Errorf("%s: %w", d.name, err)
			}
			d.missing = oneLine(err)
			fmt.Fprintf(os.Stderr, "not there: %s\n", d.missing)
			r.peers = append(r.peers, d)
			continue
		}
		fmt.Fprintf(os.Stderr, "%s; preparing\n", d.version)
		mine, err := l.prepare(peer, slices.DeleteFunc(allWorks(), func(w work) bool { return !p.works(w) }))
		if err != nil {
			return fmt.Errorf("prepare %s: %w", d.name, err)
		}
		r.peers = append(r.peers, d)
		slots = append(slots, mine...)
	}
	// Programs that do the same work run one after the other.
	order := allWorks()
	slices.SortStableFunc(slots, func(a, b *slot) int {
		return cmp.Compare(slices.Index(order, a.work), slices.Index(order, b.work))
	})
	return l.measure(r, slots, p)
}
