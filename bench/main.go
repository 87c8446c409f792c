// Command bench measures sealcfg against sops: whole processes, one after the
// other in turns, on the same files. See README.md for what the numbers mean.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == measureArg {
		os.Exit(measureMain())
	}
	runs := flag.Int("runs", 15, "measured `runs` of each command; the loop over many files gets a third")
	only := flag.String("only", "", "only the cases whose name contains `TEXT`")
	write := flag.Bool("write", false, "rewrite the tables in README.md")
	inProcess := flag.Bool("inprocess", true, "also run the Go benchmarks")
	quick := flag.Bool("quick", false, "leave the cases out for which sops takes minutes")
	sides := flag.Bool("sides", false, "only the libraries side by side; with -write, only their tables")
	flag.Parse()
	err := runSides(*write)
	if err == nil && !*sides {
		err = run(*runs, *only, *write, *inProcess, *quick)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(runs int, only string, write, inProcess, quick bool) error {
	if write && (only != "" || !inProcess || quick) {
		return fmt.Errorf("-write wants all cases: leave -only, -inprocess and -quick out")
	}
	work, err := os.MkdirTemp("", "sealcfg-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(work) }()

	tools, err := findTools(work)
	if err != nil {
		return err
	}
	cases, err := makeCases(tools, work, runs, quick)
	if err != nil {
		return err
	}
	var results []result
	for _, c := range cases {
		if !strings.Contains(c.name, only) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s ...\n", c.name)
		r, err := c.measure(tools.env)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		results = append(results, r)
	}
	text := processTable(results)
	if inProcess {
		fmt.Fprintln(os.Stderr, "Go benchmarks ...")
		out, err := exec.Command("go", "test", "-run=^$", "-bench=.", "-benchtime=300ms", "-count=5", ".").CombinedOutput()
		if err != nil {
			return fmt.Errorf("go test -bench: %w\n%s", err, out)
		}
		table, err := goTable(string(out))
		if err != nil {
			return err
		}
		text += "\n" + table
	}
	fmt.Print(text)
	if !write {
		return nil
	}
	conditions, err := tools.conditions()
	if err != nil {
		return err
	}
	return rewrite("README.md", beginTables, endTables, conditions+"\n"+text)
}
