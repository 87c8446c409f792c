//go:build linux || darwin

package atomicfile

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// accessList is the attribute in which Linux keeps the access control list of a
// file.
const accessList = "system.posix_acl_access"

// keepAttributes gives f the extended attributes of the file at old: user attributes,
// the access control list, the SELinux label. It leaves out attributes that the
// system does not let us set and, if private is true, the access control list. It
// also removes an access control list that f inherited from its directory.
func keepAttributes(f *os.File, old string, private bool) error {
	names, err := attributes(old)
	if err != nil {
		return err
	}
	listed := false
	for _, name := range names {
		if !keeps(name) || private && name == accessList {
			continue
		}
		value, err := attribute(old, name)
		if err == nil {
			err = unix.Fsetxattr(int(f.Fd()), name, value, 0)
		}
		if err != nil && !mayLack(err) {
			return fmt.Errorf("keep the attribute %s: %w", name, err)
		}
		listed = listed || name == accessList
	}
	if !listed {
		// The default list of the directory may give access that the old file did not.
		if err := unix.Fremovexattr(int(f.Fd()), accessList); err != nil && !mayLack(err) {
			return fmt.Errorf("remove the inherited access control list: %w", err)
		}
	}
	return nil
}

// keeps reports whether a new file gets an attribute of the old one. The system owns
// the namespace trusted and the hashes of the contents.
func keeps(name string) bool {
	switch {
	case name == "security.ima", name == "security.evm", strings.HasPrefix(name, "trusted."):
		return false
	}
	return true
}

// mayLack reports whether an error of an attribute means that the file system or
// the system does not have it, or does not let us set it.
func mayLack(err error) bool {
	for _, e := range []error{unix.ENOTSUP, unix.ENOSYS, unix.EPERM, unix.EACCES, unix.EINVAL, noAttribute} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// attributes lists the names of the attributes of a file.
func attributes(path string) ([]string, error) {
	list, err := grow(func(to []byte) (int, error) { return unix.Llistxattr(path, to) })
	if err != nil {
		if mayLack(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("list its extended attributes: %w", err)
	}
	var names []string
	for name := range bytes.SplitSeq(list, []byte{0}) {
		if len(name) > 0 {
			names = append(names, string(name))
		}
	}
	return names, nil
}

func attribute(path, name string) ([]byte, error) {
	return grow(func(to []byte) (int, error) { return unix.Lgetxattr(path, name, to) })
}

// grow calls get with a buffer that is large enough.
func grow(get func(to []byte) (int, error)) ([]byte, error) {
	for {
		size, err := get(nil)
		if err != nil || size == 0 {
			return nil, err
		}
		buf := make([]byte, size)
		size, err = get(buf)
		if !errors.Is(err, unix.ERANGE) { // it has grown in the meantime
			return buf[:max(size, 0)], err
		}
	}
}
