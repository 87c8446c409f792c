package readers_test

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// python is one process for all documents, because starting it takes longer than parsing them.
var python struct {
	sync.Mutex
	once sync.Once
	in   io.Writer
	out  *bufio.Reader
	err  error
}

func startPython() {
	cmd := exec.Command("/usr/bin/python3", "reader.py")
	in, err := cmd.StdinPipe()
	if err != nil {
		python.err = err
		return
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		python.err = err
		return
	}
	python.in, python.out, python.err = in, bufio.NewReader(out), cmd.Start() // it ends with this process
}

// readPython returns the view of a reader of Python, "error" if it rejects the text.
func readPython(t *testing.T, format string, text []byte) string {
	t.Helper()
	python.once.Do(startPython)
	require.NoError(t, python.err, "python3 and python3-yaml are needed")
	python.Lock()
	defer python.Unlock()
	_, err := fmt.Fprintf(python.in, "%s %d\n%s", format, len(text), text)
	require.NoError(t, err)
	var n int
	_, err = fmt.Fscanf(python.out, "%d\n", &n)
	require.NoError(t, err, "reader.py ended: is python3-yaml there?")
	view := make([]byte, n)
	_, err = io.ReadFull(python.out, view)
	require.NoError(t, err)
	return string(view)
}
