package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/sealcfg/sealcfg/crypto"
	"github.com/sealcfg/sealcfg/envfile"
)

// MissingMetadata returns an error for a file that has encrypted values but no metadata,
// as a merge can leave it. It returns nil for any other file. If such a file was encrypted
// again, its values could not be recovered.
func (t *Target) MissingMetadata(ctx context.Context, d *envfile.Document) error {
	for _, root := range d.Roots() {
		for path, n := range root.Leaves() {
			if !crypto.IsSealed(strings.TrimRight(n.Text, "\n")) {
				continue
			}
			err := fmt.Errorf("%s:%d: %s is encrypted, but the sops metadata that is required to decrypt it is missing%w",
				t.Shown, n.Line, path, Silent(envfile.ErrNotSealed))
			if version := t.encryptedVersion(ctx); version != "" {
				return WithHint(err, "to restore the newest version in git that has its metadata, run: git checkout %s -- %s", version, ShellWord(t.Shown))
			}
			return WithHint(err, "restore a version that has its metadata; find it: git log -p -- %s", ShellWord(t.Shown))
		}
	}
	return nil
}

// versions bounds how many versions of a file are searched for one with metadata.
const versions = 100

// encryptedVersion returns the newest commit in which the file has its metadata, or "".
func (t *Target) encryptedVersion(ctx context.Context) string {
	if t.Path == "" || t.stdin != nil {
		return ""
	}
	commits, objects, dir, err := t.App.Git.Versions(ctx, t.Path, versions)
	if err != nil {
		return ""
	}
	found := ""
	_ = t.App.Git.Blobs(ctx, dir, objects, func(i int, contents []byte, ok bool) { // without git, there is no version
		if _, encrypted := envfile.Detect(t.Path, contents); ok && encrypted && found == "" {
			found = commits[i]
		}
	})
	return found
}
