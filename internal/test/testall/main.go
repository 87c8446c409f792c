// Command testall runs go test for the packages of the module, or with -all for the
// packages of all modules in the repository. It prints a line for each package, the output
// of failed tests, and ends with one line: which tests were skipped, which modules it did
// not cover, and the command that runs all of them.
//
// go test ./... cannot do this: it drops the output of packages that pass, so no test can
// print a last line.
//
//	go run ./internal/test/testall [-all] [flags of go test] [packages]
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// everything is the command that skips no test and covers all modules.
const everything = ".ci/run"

func main() {
	args := os.Args[1:]
	all := len(args) > 0 && args[0] == "-all"
	if all {
		args = args[1:]
	}
	if err := run(os.Stdout, all, args); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run tests the module in the working directory, which is the root of the repository.
func run(out io.Writer, all bool, args []string) error {
	modules, err := modules(".")
	if err != nil {
		return err
	}
	workspace, err := inWorkspace(".")
	if err != nil {
		return err
	}
	covered := modules[:1]
	if all {
		covered = modules
	}
	if !slices.ContainsFunc(args, func(arg string) bool { return !strings.HasPrefix(arg, "-") }) {
		args = append(slices.Clone(args), "./...")
	}
	s := &summary{out: out, outputs: map[test][]string{}}
	failed := false
	for _, module := range covered {
		cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
		cmd.Dir, cmd.Stderr = module, os.Stderr
		if !workspace[module] {
			cmd.Env = append(os.Environ(), "GOWORK=off")
		}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		if err := s.read(stdout); err != nil {
			return err
		}
		failed = cmd.Wait() != nil || failed
	}
	fmt.Fprintln(out, s.line(modules[len(covered):]))
	if failed {
		return fmt.Errorf("FAIL")
	}
	return nil
}

// modules lists the directories with a go.mod, the root first.
func modules(root string) ([]string, error) {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == ".git") {
			return fs.SkipDir
		}
		if entry.Name() == "go.mod" {
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	slices.Sort(dirs)
	if err == nil && (len(dirs) == 0 || dirs[0] != root) {
		err = fmt.Errorf("no go.mod here; run it in the root of the repository")
	}
	return dirs, err
}

// inWorkspace returns the directories of the modules that go.work lists, or of the only
// module.
func inWorkspace(root string) (map[string]bool, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}")
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list the modules of the workspace: %w", err)
	}
	dirs := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		dir, err := filepath.Rel(root, strings.TrimRight(line, "\r\n"))
		if err != nil {
			return nil, err
		}
		dirs[dir] = true
	}
	return dirs, nil
}

// A test is one test of a package, or the package itself.
type test struct{ pkg, name string }

// An event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

// A summary collects the events of go test.
type summary struct {
	out     io.Writer
	outputs map[test][]string // of tests that have not ended
	skipped []string
}

func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.add(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) add(line []byte) {
	var e event
	if json.Unmarshal(line, &e) != nil { // such as the output of a compiler
		fmt.Fprintf(s.out, "%s", line)
		return
	}
	t := test{e.Package, e.Test}
	switch e.Action {
	case "output", "build-output":
		if e.Package == "" || e.Test == "" && isResult(e.Output) {
			fmt.Fprint(s.out, e.Output)
			return
		}
		s.outputs[t] = append(s.outputs[t], e.Output)
	case "fail":
		for _, text := range s.outputs[t] {
			fmt.Fprint(s.out, text)
		}
		delete(s.outputs, t)
	case "skip":
		if e.Test != "" {
			s.skipped = append(s.skipped, describe(e.Test, s.outputs[t]))
		}
		delete(s.outputs, t)
	case "pass":
		delete(s.outputs, t)
	}
}

// isResult reports whether a line is the result of a package.
func isResult(line string) bool {
	for _, prefix := range []string{"ok  \t", "FAIL\t", "?   \t", "---"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return strings.Contains(line, "[no test files]")
}

// describe names a skipped test with the reason that it printed.
func describe(name string, output []string) string {
	for _, line := range output {
		line = strings.TrimSpace(line)
		// FILE.go:LINE: REASON
		if file, rest, ok := strings.Cut(line, ".go:"); ok && !strings.Contains(file, " ") {
			if _, reason, ok := strings.Cut(rest, ": "); ok {
				return name + " (" + reason + ")"
			}
		}
	}
	return name
}

// line is the last line.
func (s *summary) line(uncovered []string) string {
	skipped := "none"
	if n := len(s.skipped); n > 0 {
		slices.Sort(s.skipped)
		skipped = fmt.Sprintf("%d: %s", n, strings.Join(s.skipped, ", "))
	}
	modules := "none"
	if len(uncovered) > 0 {
		modules = strings.Join(uncovered, ", ")
	}
	return fmt.Sprintf("skipped tests: %s; modules not covered: %s; to run everything: %s", skipped, modules, everything)
}
