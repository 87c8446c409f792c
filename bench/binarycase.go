package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"path/filepath"
)

// binarySize is that of the largest file that is meant to be sealed as one value.
const binarySize = 50_000_000

// binaryCases seal and open a file that is no text.
func binaryCases(t *tools, work string, runs int) ([]compared, error) {
	dir := filepath.Join(work, "binary")
	content := make([]byte, binarySize)
	_, _ = rand.NewChaCha8([32]byte{}).Read(content) // does not fail
	plain, sealed, err := t.sealedBeside(dir, "image.bin", content)
	if err != nil {
		return nil, err
	}
	for _, tool := range []string{t.sealcfg, t.sops} {
		out, err := t.output(dir, tool, "decrypt", sealed)
		if err != nil {
			return nil, err
		}
		if !bytes.Equal(out, content) {
			return nil, fmt.Errorf("%s does not open %s to what was sealed", filepath.Base(tool), sealed)
		}
	}
	return t.bothWays(dir, "50 MB of binary", plain, sealed, 3, false), nil
}
