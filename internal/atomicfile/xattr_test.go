//go:build linux

package atomicfile

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// setAttribute skips the test where the file system has no such attribute.
func setAttribute(t *testing.T, path, name string, value []byte) {
	t.Helper()
	err := unix.Lsetxattr(path, name, value, 0)
	if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EPERM) {
		t.Skipf("%s cannot be set here: %v", name, err)
	}
	require.NoError(t, err)
}

// accessControl is an access control list that lets the user 1234 read, as Linux keeps it.
func accessControl(owner, named, group, mask, other uint16) []byte {
	const undefined = ^uint32(0)
	list := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range []struct {
		tag, perm uint16
		id        uint32
	}{{1, owner, undefined}, {2, named, 1234}, {4, group, undefined}, {16, mask, undefined}, {32, other, undefined}} {
		list = binary.LittleEndian.AppendUint16(list, e.tag)
		list = binary.LittleEndian.AppendUint16(list, e.perm)
		list = binary.LittleEndian.AppendUint32(list, e.id)
	}
	return list
}

func attributesOf(t *testing.T, path string) map[string]string {
	t.Helper()
	names, err := attributes(path)
	require.NoError(t, err)
	all := map[string]string{}
	for _, name := range names {
		value, err := attribute(path, name)
		require.NoError(t, err)
		all[name] = string(value)
	}
	return all
}

func TestAttributesAreKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	setAttribute(t, path, "user.team", []byte("ops\x00dev"))
	setAttribute(t, path, "user.empty", nil)
	list := accessControl(6, 4, 4, 4, 0)
	setAttribute(t, path, accessList, list)
	for range 2 {
		require.NoError(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: []byte(content(t, path))}))
		all := attributesOf(t, path)
		assert.Equal(t, "ops\x00dev", all["user.team"])
		assert.Contains(t, all, "user.empty")
		assert.Equal(t, string(list), all[accessList])
		assert.EqualValues(t, 0o640, mode(t, path))
	}

	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("f", link))
	require.NoError(t, Write(t.Context(), link, []byte("newer"), Options{}))
	assert.Contains(t, attributesOf(t, path), "user.team")
}

func TestLabelIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	setAttribute(t, path, "security.selinux", []byte("system_u:object_r:container_file_t:s0\x00"))
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{}))
	assert.Equal(t, "system_u:object_r:container_file_t:s0\x00", attributesOf(t, path)["security.selinux"])
}

// Plaintext is readable only by its owner, even if other users could read the old
// file.
func TestPrivateHasNoAccessControlList(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	setAttribute(t, path, accessList, accessControl(6, 4, 4, 4, 4))
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{Private: true}))
	assert.NotContains(t, attributesOf(t, path), accessList)
	assert.EqualValues(t, 0o600, mode(t, path))
}

// A directory passes an access control list to new files. An existing file without
// a list does not get it when it is written.
func TestNoInheritedAccessControlList(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old")
	require.NoError(t, os.Chmod(path, 0o640))
	setAttribute(t, dir, "system.posix_acl_default", accessControl(7, 7, 7, 7, 7))
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{}))
	assert.NotContains(t, attributesOf(t, path), accessList)
	assert.EqualValues(t, 0o640, mode(t, path))
}

// Hashes and the system's own attributes describe the old contents.
func TestKeeps(t *testing.T) {
	for name, want := range map[string]bool{
		"user.team": true, accessList: true, "security.selinux": true, "security.capability": true, "com.apple.FinderInfo": true,
		"security.ima": false, "security.evm": false, "trusted.overlay.opaque": false, "trusted.gfid": false,
	} {
		assert.Equal(t, want, keeps(name), name)
	}
}

// A file system without attributes is no error.
func TestNoAttributes(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	require.NoError(t, keepAttributes(f, "/proc/self/status", false))
	assert.True(t, mayLack(unix.ENOTSUP))
	assert.False(t, mayLack(unix.ENOSPC), "an attribute that does not fit is an error")
}
