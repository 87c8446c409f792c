package faultinject_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/test/faultinject"
)

var (
	onDisk = map[string]string{"dir/": "", "dir/f": "old text"}
	create = call("openat", "dir/temp", syscall.O_CREAT)
	write  = &faultinject.Call{Name: "write", Path: "/root/dir/temp", Data: []byte("new text"), Changes: true}
	flush  = call("fsync", "dir/temp", 0)
	rename = &faultinject.Call{Name: "renameat", Path: "/root/dir/temp", To: "/root/dir/f", Changes: true}
	folder = call("fsync", "dir", 0)
)

func call(name, path string, flags int) *faultinject.Call {
	return &faultinject.Call{Name: name, Path: "/root/" + path, Flags: flags, Changes: true}
}

// texts returns the possible contents of a file: at any time, and at the end.
func texts(name string, calls ...*faultinject.Call) (ever, last map[string]bool) {
	ever, last = map[string]bool{}, map[string]bool{}
	for _, s := range faultinject.PowerCuts("/root", onDisk, calls) {
		text, ok := s.Files[name]
		if !ok {
			text = "gone"
		}
		ever[text] = true
		if s.After == len(calls) {
			last[text] = true
		}
	}
	return ever, last
}

func set(all ...string) map[string]bool {
	m := map[string]bool{}
	for _, s := range all {
		m[s] = true
	}
	return m
}

func TestPowerCuts(t *testing.T) {
	t.Parallel()
	ever, last := texts("dir/f", create, write, flush, rename, folder)
	assert.Equal(t, set("old text", "new text"), ever, "flushed, renamed, flushed: nothing can be lost")
	assert.Equal(t, set("new text"), last)

	ever, last = texts("dir/f", create, write, flush, rename)
	assert.Equal(t, set("old text", "new text"), ever)
	assert.Equal(t, set("old text", "new text"), last, "the folder is not flushed: the rename may be lost")

	ever, _ = texts("dir/f", create, write, rename, folder)
	assert.Equal(t, set("old text", "new text", "", "new "), ever, "the file is not flushed: its text may be lost")

	over := &faultinject.Call{Name: "write", Path: "/root/dir/f", Data: []byte("new text"), Changes: true}
	ever, last = texts("dir/f", call("openat", "dir/f", syscall.O_TRUNC), over, call("fsync", "dir/f", 0))
	assert.Equal(t, set("old text", "new text", "", "new "), ever, "written in place")
	assert.Equal(t, set("new text"), last)

	ever, _ = texts("dir/f", create, write, flush, call("unlinkat", "dir/f", 0), rename)
	assert.Contains(t, ever, "gone")
}

func TestPowerCutsOfNewFolders(t *testing.T) {
	t.Parallel()
	mkdir, make, in := call("mkdirat", "sub", 0), call("openat", "sub/f", syscall.O_CREAT), call("fsync", "sub", 0)
	_, last := texts("sub/f", mkdir, make, in)
	assert.Equal(t, set("", "gone"), last, "what the folder is in has not been flushed")
	root := call("fsync", ".", 0)
	root.Path = "/root"
	_, last = texts("sub/f", mkdir, root, make, in)
	assert.Equal(t, set(""), last)
}
