package faultinject

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"syscall"
)

// A State is a possible state of the disk after a power cut.
type State struct {
	After int               // so many calls had been made
	Files map[string]string // contents by name below the root; directories end in a slash
}

// PowerCuts returns the possible states of the disk below root after a power cut.
// The power may fail after any of the calls, which a run without faults has made on
// the files in before. The last states are the states after the end of the program.
//
// PowerCuts assumes only the guarantees of POSIX:
//
//   - The content of a file is on disk once the file has been flushed. Before that, it may
//     be the content at the last flush, or empty, or its first half, or complete. A file
//     that is overwritten in place may also be half new and half old.
//   - A name (made, renamed, linked, removed) is on disk once its directory has been
//     flushed. Before that, each change to a name may or may not be on disk, in any
//     order and independently of the contents. A rename is one change.
//   - The files from before the start of the program had been flushed.
//
// File systems guarantee more: ext4 keeps the order of names and flushes a new file
// before a rename. A write without an offset goes to the end of a file here.
func PowerCuts(root string, before map[string]string, calls []*Call) []State {
	d := newDisk(root, before)
	states := d.states(0, nil)
	seen := map[string]bool{}
	for i, c := range calls {
		if c.Err == 0 && c.Changes && d.apply(c) {
			states = d.states(i+1, states)
		}
	}
	last := len(calls)
	end := d.states(last, nil)
	states = slices.DeleteFunc(states, func(s State) bool {
		key := fmt.Sprint(s.Files)
		was := seen[key]
		seen[key] = true
		return was
	})
	return append(states, end...)
}

// inode is a file or a directory, independent of its names.
type inode struct {
	folder       bool
	text, onDisk string
}

// naming is a change to names that may not be on disk yet.
type naming struct {
	folders []string // that have to be flushed; either will do for a rename within one
	gone    string   // "" if no name goes
	name    string   // "" if none comes
	node    *inode
}

type disk struct {
	root    string
	names   map[string]*inode // as the programs see them
	onDisk  map[string]*inode
	pending []naming
}

func newDisk(root string, before map[string]string) *disk {
	d := &disk{root: root, names: map[string]*inode{}, onDisk: map[string]*inode{}}
	top := &inode{folder: true}
	d.names["."], d.onDisk["."] = top, top
	for name, text := range before {
		n := &inode{folder: strings.HasSuffix(name, "/"), text: text, onDisk: text}
		name = strings.TrimSuffix(name, "/")
		d.names[name], d.onDisk[name] = n, n
	}
	return d
}

// name is a path below the root, and whether it is one.
func (d *disk) name(path string) (string, bool) {
	rel, err := filepath.Rel(d.root, path)
	return rel, err == nil && filepath.IsLocal(rel)
}

// apply performs a call on the model, and reports whether the disk may have
// changed.
func (d *disk) apply(c *Call) bool {
	name, ok := d.name(c.Path)
	if !ok {
		return false
	}
	n := d.names[name]
	switch c.Name {
	case "open", "openat", "openat2":
		if n == nil && c.Flags&syscall.O_CREAT != 0 {
			d.change(naming{name: name, node: new(inode)})
			return true
		}
		if n != nil && c.Flags&syscall.O_TRUNC != 0 {
			n.text = ""
			return true
		}
		return false
	case "mkdir", "mkdirat":
		d.change(naming{name: name, node: &inode{folder: true}})
	case "write":
		if n == nil {
			return false
		}
		n.text += string(c.Data)
	case "pwrite64":
		if n == nil {
			return false
		}
		from := int(c.Offset)
		to := from + len(c.Data)
		text := n.text + strings.Repeat("\x00", max(0, to-len(n.text)))
		n.text = text[:from] + string(c.Data) + text[to:]
	case "ftruncate":
		if n == nil || int(c.Offset) > len(n.text) {
			return false
		}
		n.text = n.text[:c.Offset]
	case "rename", "renameat", "renameat2":
		if n == nil {
			return false
		}
		to, _ := d.name(c.To)
		d.change(naming{gone: name, name: to, node: n})
	case "link", "linkat":
		to, _ := d.name(c.To)
		d.change(naming{name: to, node: n})
	case "unlink", "unlinkat", "rmdir":
		d.change(naming{gone: name})
	case "fsync":
		d.flush(name)
	default:
		return false
	}
	return true
}

func (d *disk) change(n naming) {
	n.applyTo(d.names)
	for _, name := range []string{n.gone, n.name} {
		if name != "" {
			n.folders = append(n.folders, filepath.Dir(name))
		}
	}
	d.pending = append(d.pending, n)
}

func (n naming) applyTo(names map[string]*inode) {
	if n.gone != "" {
		delete(names, n.gone)
	}
	if n.name != "" {
		names[n.name] = n.node
	}
}

func (d *disk) flush(name string) {
	n := d.names[name]
	switch {
	case n == nil:
	case !n.folder:
		n.onDisk = n.text
	default:
		d.pending = slices.DeleteFunc(d.pending, func(p naming) bool {
			if !slices.Contains(p.folders, name) {
				return false
			}
			p.applyTo(d.onDisk)
			return true
		})
	}
}

// mostPending bounds the changes to names of which every selection is tried: beyond,
// the first of them are taken to be on disk in order.
const mostPending = 8

// states adds the possible states of the disk at this point.
func (d *disk) states(after int, to []State) []State {
	loose := d.pending[max(0, len(d.pending)-mostPending):]
	for selection := range 1 << len(loose) {
		names := maps.Clone(d.onDisk)
		for _, p := range d.pending[:len(d.pending)-len(loose)] {
			p.applyTo(names)
		}
		for i, p := range loose {
			if selection>>i&1 != 0 {
				p.applyTo(names)
			}
		}
		for _, text := range []func(*inode) string{
			func(n *inode) string { return n.onDisk },
			func(n *inode) string { return n.text },
			func(n *inode) string { return "" },
			func(n *inode) string { return n.text[:len(n.text)/2] },
			func(n *inode) string { return n.text[:len(n.text)/2] + n.onDisk[min(len(n.onDisk), len(n.text)/2):] },
		} {
			to = append(to, State{after, files(names, text)})
		}
	}
	return to
}

// files returns the content of inodes by name; text returns the content of an inode
// that has not been flushed.
func files(names map[string]*inode, text func(*inode) string) map[string]string {
	all := map[string]string{}
	sorted := slices.Collect(maps.Keys(names))
	sort.Strings(sorted) // a directory before its files
	for _, name := range sorted {
		parent := filepath.Dir(name)
		if _, ok := all[parent+"/"]; !ok && parent != "." {
			continue // its directory does not exist
		}
		n := names[name]
		switch {
		case name == ".":
		case n.folder:
			all[name+"/"] = ""
		case n.text == n.onDisk:
			all[name] = n.text
		default:
			all[name] = text(n)
		}
	}
	return all
}
