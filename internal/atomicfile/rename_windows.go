package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"time"
)

// openWait bounds the wait for readers: a file that somebody has open, be it a
// scanner for viruses, cannot be replaced here.
const openWait = 2 * time.Second

// rename gives temp the name target, in place of what has it.
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

// patiently tries again for as long as somebody else is in the way.
func patiently(try func() error) error {
	for deadline := time.Now().Add(openWait); ; time.Sleep(5 * time.Millisecond) {
		err := try()
		if err == nil || !inUse(err) || time.Now().After(deadline) {
			return err
		}
	}
}

// replaceable says whether a file may be replaced as far as it is known before.
func replaceable(old fs.FileInfo) error {
	if old.Mode().Perm()&0o200 == 0 {
		return errors.New("the file has the read-only attribute")
	}
	return nil
}
