package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// warmUp is the number of runs before those that count.
const warmUp = 2

// manyFiles is a repository with an environment for each customer.
const (
	manyFiles  = 100
	manyValues = 20
)

// A compared is one thing that both programs do.
type compared struct {
	name    string
	runs    int
	slow    bool // sops takes minutes: it runs once, and -quick leaves the case out
	sealcfg job
	sops    job
}

// result holds the costs of the runs of one comparison, in order.
type result struct {
	name          string
	sealcfg, sops []cost
}

// measure runs both in turns, so that whatever else the machine does hits both.
func (c compared) measure(env []string) (result, error) {
	r := result{name: c.name}
	for i := range warmUp + c.runs {
		a, err := c.sealcfg.run(env)
		if err != nil {
			return r, err
		}
		if i >= warmUp {
			r.sealcfg = append(r.sealcfg, a)
		}
		if c.slow && i != warmUp {
			continue
		}
		b, err := c.sops.run(env)
		if err != nil {
			return r, err
		}
		if i >= warmUp {
			r.sops = append(r.sops, b)
		}
	}
	return r, nil
}

// makeCases writes the inputs of all cases.
func makeCases(t *tools, work string, runs int, quick bool) ([]compared, error) {
	cases := []compared{{
		name: "start", runs: 2 * runs,
		sealcfg: job{work, [][]string{{t.sealcfg, "version"}}},
		sops:    job{work, [][]string{{t.sops, "--disable-version-check", "--version"}}},
	}}
	for _, group := range []func(*tools, string, int) ([]compared, error){yamlCases, jsonCases, binaryCases} {
		more, err := group(t, work, runs)
		if err != nil {
			return nil, err
		}
		cases = append(cases, more...)
	}
	if quick {
		cases = slices.DeleteFunc(cases, func(c compared) bool { return c.slow })
	}
	return cases, nil
}

// yamlCases write their inputs. Both programs read the same bytes, which sops
// sealed; each has its own copy of what is written to.
func yamlCases(t *tools, work string, runs int) ([]compared, error) {
	var cases []compared
	for _, n := range []int{10, 1_000, 10_000} {
		p, err := t.project(filepath.Join(work, strconv.Itoa(n)), 1, n)
		if err != nil {
			return nil, err
		}
		if err := t.sameAnswer(p.dir, p.files[0]); err != nil {
			return nil, err
		}
		reps := runs
		if n >= 10_000 {
			reps = max(3, runs/3)
		}
		cases = append(cases, compared{
			name: fmt.Sprintf("decrypt, %s", count(n, "value")), runs: reps,
			sealcfg: job{p.dir, [][]string{{t.sealcfg, "decrypt", p.files[0]}}},
			sops:    job{p.dir, [][]string{{t.sops, "decrypt", p.files[0]}}},
		}, p.rekeyCase(t, fmt.Sprintf("rekey, 1 file of %s", count(n, "value")), reps))
	}
	p, err := t.project(filepath.Join(work, "many"), manyFiles, manyValues)
	if err != nil {
		return nil, err
	}
	return append(cases, p.rekeyCase(t, fmt.Sprintf("rekey, %s of %s", count(manyFiles, "file"), count(manyValues, "value")), max(3, runs/3))), nil
}

// project is a repository as sops's users have it.
type project struct {
	dir   string
	files []string // relative to dir, sealed by sops
}

func (t *tools) project(dir string, files, values int) (*project, error) {
	if err := layOut(dir); err != nil {
		return nil, err
	}
	p := &project{dir: dir}
	for i := range files {
		name := filepath.Join("environments", fmt.Sprintf("customer-%03d.yaml", i))
		if err := os.WriteFile(filepath.Join(dir, name), []byte(generate(values, uint64(i))), 0o644); err != nil {
			return nil, err
		}
		if _, err := t.output(dir, t.sops, "encrypt", "-i", name); err != nil {
			return nil, err
		}
		p.files = append(p.files, name)
	}
	return p, nil
}

// layOut makes the folders of a project, and its policy.
func layOut(dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "environments"), 0o755); err != nil {
		return err
	}
	policy := "creation_rules:\n  - path_regex: ^environments/\n    age: " + demoRecipient + "\n"
	return os.WriteFile(filepath.Join(dir, ".sops.yaml"), []byte(policy), 0o644)
}

// rekeyCase gives every file of the project a new data key. sops has no command
// for many files: it is run once for each, without a shell in between.
func (p *project) rekeyCase(t *tools, name string, runs int) compared {
	var loop [][]string
	for _, f := range p.files {
		loop = append(loop, []string{t.sops, "rotate", "-i", f})
	}
	other := p.dir + "-sops"
	if err := os.CopyFS(other, os.DirFS(p.dir)); err != nil {
		panic(err) // a fresh temporary folder
	}
	return compared{
		name: name, runs: runs,
		sealcfg: job{p.dir, [][]string{{t.sealcfg, "rekey", "--yes"}}},
		sops:    job{other, loop},
	}
}

// sameAnswer makes sure that both programs do the same work: what they print
// reads as the same values. JSON is read as the YAML that it is.
func (t *tools) sameAnswer(dir, file string) error {
	var answers [2]any
	for i, tool := range []string{t.sealcfg, t.sops} {
		out, err := t.output(dir, tool, "decrypt", file)
		if err != nil {
			return err
		}
		if err := yaml.Unmarshal(out, &answers[i]); err != nil {
			return fmt.Errorf("read the answer of %s: %w", filepath.Base(tool), err)
		}
	}
	if !reflect.DeepEqual(answers[0], answers[1]) {
		return fmt.Errorf("sealcfg and sops decrypt %s to different values", file)
	}
	return nil
}

func (t *tools) output(dir string, argv ...string) ([]byte, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, t.env
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, stderr.String())
	}
	return out, nil
}

// count spells a number of things: "1,000 values".
func count(n int, what string) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	if n != 1 {
		what += "s"
	}
	return digits + " " + what
}
