package servicetest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// patience is how long a service may take to start or to end.
const patience = 30 * time.Second

// Launch runs a program that prints one line of JSON when it is ready, and
// decodes that into ready. stop closes the program's input, which ends it.
func Launch(ready any, program string, args ...string) (stop func() error, err error) {
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, ended := make(chan []byte, 1), make(chan error, 1)
	go func() {
		r := bufio.NewReader(stdout)
		text, _ := r.ReadBytes('\n')
		line <- text
		_, _ = io.Copy(io.Discard, r)
		ended <- cmd.Wait()
	}()
	stop = func() error {
		_ = stdin.Close()
		select {
		case err := <-ended:
			return err
		case <-time.After(patience):
			_ = cmd.Process.Kill()
			return fmt.Errorf("%s did not end", program)
		}
	}
	select {
	case text := <-line:
		if err = json.Unmarshal(text, ready); err == nil {
			return stop, nil
		}
		err = fmt.Errorf("%s printed %q: %w", program, text, err)
	case <-time.After(patience):
		err = fmt.Errorf("%s is not ready after %v", program, patience)
	}
	_ = stop()
	return nil, err
}
