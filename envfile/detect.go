package envfile

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/sealcfg/sealcfg/envfile/internal/layout"
	"github.com/sealcfg/sealcfg/envfile/tree"
)

// byExtension returns the format for a file name by its extension, or nil. Names must be in lower
// case.
func byExtension(path string) Format {
	for _, f := range formats {
		if slices.Contains(f.Properties().Extensions, filepath.Ext(path)) {
			return f
		}
	}
	return nil
}

// wholeFormat returns the format of files that are encrypted as one value.
func wholeFormat() Format {
	return formats[slices.IndexFunc(formats, func(f Format) bool { return f.Properties().Whole })]
}

// FormatOf returns the format for a file name, and whether the name is known: it has a known
// extension in upper or lower case, or it is .env.NAME, which is dotenv. The format of any other
// name is [Binary].
func FormatOf(path string) (f Format, known bool) {
	path = strings.ToLower(path)
	if f := byExtension(path); f != nil {
		return f, true
	}
	// .env.production is dotenv, although its extension is .production.
	if base, _, ok := strings.Cut(strings.TrimPrefix(filepath.Base(path), "."), "."); ok && strings.HasPrefix(filepath.Base(path), ".") {
		if f := byExtension("." + base); f != nil && f.Properties().Dotted {
			return f, true
		}
	}
	return wholeFormat(), false
}

// SopsFormatOf returns the format that sops uses for a file of this name.
func SopsFormatOf(path string) Format {
	if f := byExtension(path); f != nil && !f.Properties().Foreign {
		return f
	}
	return wholeFormat()
}

// FormatFor returns the format to parse a file with. It is the format of the file's name (see
// [FormatOf]), unless the contents have the metadata of another format. For example, sops encrypts
// .env.production and config.toml as one value, and with --input-type it encrypts a file of any
// name in any format.
func FormatFor(path string, src []byte) Format {
	f, _ := markedFormat(path, src)
	return f
}

// Detect is [FormatFor] and also reports whether the file is encrypted. A broken file counts as
// encrypted if it has the extension of its format, is JSON, or contains merge conflict markers.
func Detect(path string, src []byte) (f Format, encrypted bool) {
	f, marked := markedFormat(path, src)
	if !marked {
		return f, false
	}
	found, err := hasMetadata(f, src)
	return f, found || err != nil
}

// Guess returns the format that src looks like, regardless of its name, or [Binary]. encrypted
// reports whether src seems to contain metadata. That may also be an example in documentation.
func Guess(src []byte) (f Format, encrypted bool) {
	if f, marked := markedFormat("", src); marked {
		return f, true
	}
	strict := byStrictness()
	for _, f := range strict {
		if f.Marked(trimMark(src)) {
			return f, true
		}
	}
	for _, f := range strict {
		if looksLike(f, src) {
			return f, false
		}
	}
	return wholeFormat(), false
}

// byStrictness returns the formats to look for in the contents of a file, the strictest first.
func byStrictness() []Format {
	var list []Format
	for _, f := range formats {
		if !f.Properties().Whole {
			list = append(list, f)
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Properties().Strictness < list[j].Properties().Strictness })
	return list
}

func trimMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte(layout.ByteOrderMark)) }

// markedFormat returns the format of a file. isMarked reports whether the file
// seems to have metadata in this format.
func markedFormat(path string, src []byte) (f Format, isMarked bool) {
	f, known := FormatOf(path)
	if !bytes.Contains(src, []byte(layout.SealedPrefix)) {
		return f, false
	}
	if known && f.Marked(trimMark(src)) {
		if SopsFormatOf(path) != f && isSealedWhole(src) {
			return wholeFormat(), true
		}
		return f, true
	}
	for _, other := range byStrictness() {
		if other == f || !other.Marked(trimMark(src)) {
			continue
		}
		if found, err := hasMetadata(other, src); !found && !isConflict(orConflict(src, err)) {
			continue
		}
		if other.Properties().Container && isSealedWhole(src) {
			other = wholeFormat()
		}
		return other, true
	}
	for _, other := range byStrictness() {
		if other.Properties().Container && other.Marked(trimMark(src)) { // broken; no other format begins with a brace
			return other, true
		}
	}
	return f, false
}

func isConflict(err error) bool {
	var syntax *tree.SyntaxError
	return errors.As(err, &syntax) && syntax.Conflict
}

// hasMetadata reports whether a document in src has a block of metadata.
func hasMetadata(f Format, src []byte) (bool, error) {
	p, err := f.Parse(src)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(p.Blocks, func(b *layout.Block) bool {
		if b == nil {
			return false
		}
		_, err := parseMetadata(b.Tree)
		return err == nil || b.Tree.Get("mac") != nil
	}), nil
}

// isSealedWhole reports whether src is a file that was encrypted as one value.
func isSealedWhole(src []byte) bool {
	p, err := wholeFormat().Parse(src)
	return err == nil && p.Blocks[0] != nil
}

// looksLike reports whether src is plaintext in format f, with at least one field.
// Prose and certificates are not.
func looksLike(f Format, src []byte) bool {
	p, err := f.Parse(src)
	return err == nil && p.Roots[0].Len() > 0 && f.LooksLike(p.Roots[0])
}
