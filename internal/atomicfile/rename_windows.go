package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// openWait limits the wait for readers: Windows cannot replace a file that another
// program, such as a virus scanner, has open.
const openWait = 2 * time.Second

// rename renames temp to target and replaces an existing file.
func rename(temp, target string) error {
	return patiently(func() error { return os.Rename(temp, target) })
}

// Open opens a file for reading that a [Write] may be replacing, which keeps others
// from opening it for a moment.
func Open(path string) (f *os.File, err error) {
	err = patiently(func() error {
		f, err = os.Open(path)
		return err
	})
	return f, err
}

// patiently repeats try while another process has the file open.
func patiently(try func() error) error {
	for deadline := time.Now().Add(openWait); ; time.Sleep(5 * time.Millisecond) {
		err := try()
		if err == nil || !inUse(err) || time.Now().After(deadline) {
			return err
		}
	}
}

// replaceable returns an error if it is clear in advance that a file cannot be
// replaced.
func replaceable(old fs.FileInfo) error {
	if old.Mode().Perm()&0o200 == 0 {
		return errors.New("the file has the read-only attribute")
	}
	return nil
}
