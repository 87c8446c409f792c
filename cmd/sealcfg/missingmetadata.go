package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// lostBlock returns an error for a file whose values are encrypted but which has no
// metadata, as a merge can leave it; nil for any other file. If it was encrypted again,
// nobody could decrypt these values.
func (t *target) lostBlock(ctx context.Context, d *envfile.Document) error {
	for _, root := range d.Roots() {
		for path, n := range root.Leaves() {
			if !crypto.IsSealed(strings.TrimRight(n.Text, "\n")) {
				continue
			}
			err := fmt.Errorf("%s:%d: %s is encrypted, but the sops metadata that is required to decrypt it is missing%w",
				t.shown, n.Line, path, silent(envfile.ErrNotSealed))
			if version := t.encryptedVersion(ctx); version != "" {
				return withHint(err, "to restore the newest version in git that has its metadata, run: git checkout %s -- %s", version, shellWord(t.shown))
			}
			return withHint(err, "restore a version that has its metadata; find it: git log -p -- %s", shellWord(t.shown))
		}
	}
	return nil
}

// versions bounds how many versions of a file are searched for one with metadata.
const versions = 100

// encryptedVersion returns the newest commit in which the file has its metadata, "" if
// git knows none.
func (t *target) encryptedVersion(ctx context.Context) string {
	if t.path == "" || t.stdin != nil {
		return ""
	}
	commits, objects, dir, err := t.app.git.Versions(ctx, t.path, versions)
	if err != nil {
		return ""
	}
	found := ""
	_ = t.app.git.Blobs(ctx, dir, objects, func(i int, contents []byte, ok bool) { // if it fails, there is none
		if _, encrypted := envfile.Detect(t.path, contents); ok && encrypted && found == "" {
			found = commits[i]
		}
	})
	return found
}
