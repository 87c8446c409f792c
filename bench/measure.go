package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// measureArg makes this program start commands and report their cost. Linux counts the memory of
// the starting process into the peak of the started one, so a small separate process starts them.
const measureArg = "measure-child"

// A job is one measured run: its commands, in order.
type job struct {
	Dir      string
	Commands []command
}

// A command may read and write files of its directory.
type command struct {
	Argv          []string
	Stdin, Stdout string
}

// cost is the cost of a job. Peak is the peak memory of its largest process, in bytes.
type cost struct {
	Wall, CPU time.Duration
	Peak      int64
}

func (j job) run(env []string) (cost, error) {
	self, err := os.Executable()
	if err != nil {
		return cost{}, err
	}
	in, err := json.Marshal(j)
	if err != nil {
		return cost{}, err
	}
	cmd := exec.Command(self, measureArg)
	var stderr bytes.Buffer
	cmd.Env, cmd.Stdin, cmd.Stderr = env, bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		return cost{}, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	var c cost
	return c, json.Unmarshal(out, &c)
}

func measureMain() int {
	var j job
	if err := json.NewDecoder(os.Stdin).Decode(&j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var total cost
	for _, command := range j.Commands {
		c, err := command.start(j.Dir)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		total.Wall += c.Wall
		total.CPU += c.CPU
		total.Peak = max(total.Peak, c.Peak)
	}
	if err := json.NewEncoder(os.Stdout).Encode(total); err != nil {
		return 1
	}
	return 0
}

// start runs one command. It discards the output, unless the command fails or names an output file.
func (c command) start(dir string) (cost, error) {
	cmd := exec.Command(c.Argv[0], c.Argv[1:]...)
	cmd.Dir = dir
	stderr, err := os.CreateTemp("", "stderr-")
	if err != nil {
		return cost{}, err
	}
	defer func() { _, _ = stderr.Close(), os.Remove(stderr.Name()) }()
	cmd.Stderr = stderr // files, so that no goroutine of this program copies data
	if c.Stdin != "" {
		in, err := os.Open(filepath.Join(dir, c.Stdin))
		if err != nil {
			return cost{}, err
		}
		defer func() { _ = in.Close() }()
		cmd.Stdin = in
	}
	if c.Stdout != "" {
		out, err := os.Create(filepath.Join(dir, c.Stdout))
		if err != nil {
			return cost{}, err
		}
		defer func() { _ = out.Close() }()
		cmd.Stdout = out
	}
	began := time.Now()
	err = cmd.Run()
	wall := time.Since(began)
	if err != nil {
		text, _ := os.ReadFile(stderr.Name())
		return cost{}, fmt.Errorf("%v: %w\n%s", c.Argv[:min(len(c.Argv), 8)], err, text)
	}
	return costOf(cmd.ProcessState, wall)
}

func costOf(state *os.ProcessState, wall time.Duration) (cost, error) {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return cost{}, errors.New("no resource usage on this system")
	}
	peak := usage.Maxrss
	if runtime.GOOS != "darwin" {
		peak *= 1024 // other systems report kilobytes
	}
	return cost{Wall: wall, CPU: state.UserTime() + state.SystemTime(), Peak: peak}, nil
}
