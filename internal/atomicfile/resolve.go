package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLinks is the maximum number of links in a row, as in Linux.
const maxLinks = 40

// resolve follows the links at path to the end. It returns the path of the target
// and its FileInfo, or nil if the target does not exist. The end of a dangling link
// counts as a file that does not exist yet.
func resolve(path string, noClobber bool) (target string, old fs.FileInfo, err error) {
	target = path
	for range maxLinks {
		// The directory first: ".." in a link is seen from where the link
		// really is, not from how it was reached.
		// So neither Dir nor Join may see it before: they strike out dir/.. as text.
		dir, base := filepath.Split(target)
		if dir == "" {
			dir = "."
		}
		dir, err := filepath.EvalSymlinks(dir)
		if err != nil {
			return "", nil, fmt.Errorf("find the directory: %w", err)
		}
		target = filepath.Join(dir, base)
		info, err := os.Lstat(target)
		if errors.Is(err, fs.ErrNotExist) {
			return target, nil, nil
		}
		if err != nil {
			return "", nil, err
		}
		if noClobber {
			return "", nil, ErrExists
		}
		if info.Mode().IsRegular() {
			return target, info, nil
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			return "", nil, ErrNotRegular
		}
		next, err := os.Readlink(target)
		if err != nil {
			return "", nil, err
		}
		if !filepath.IsAbs(next) {
			next = dir + string(filepath.Separator) + next
		}
		target = next
	}
	return "", nil, errors.New("too many links")
}
