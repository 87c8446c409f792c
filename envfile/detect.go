package envfile

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
)

// formats are the formats by extension.
var formats = map[string]Format{".yaml": YAML, ".yml": YAML, ".json": JSON, ".env": Dotenv, ".ini": INI, ".toml": TOML}

// FormatOf returns the format for a file name, and whether the name is known: it has a known
// extension in upper or lower case, or it is .env.NAME, which is dotenv. The format of any other
// name is [Binary].
func FormatOf(path string) (f Format, known bool) {
	if f, known = formats[strings.ToLower(filepath.Ext(path))]; known {
		return f, true
	}
	if strings.HasPrefix(strings.ToLower(filepath.Base(path)), ".env.") {
		return Dotenv, true
	}
	return Binary, false
}

// SopsFormatOf returns the format that sops uses for a file of this name.
func SopsFormatOf(path string) Format {
	if f, known := formats[filepath.Ext(path)]; known && f != TOML {
		return f
	}
	return Binary
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
	for _, f := range byContents {
		if marked(f, src) {
			return f, true
		}
	}
	for _, f := range byContents {
		if looksLike(f, src) {
			return f, false
		}
	}
	return Binary, false
}

// byContents lists the formats to look for, the strictest first.
var byContents = []Format{JSON, Dotenv, TOML, INI, YAML}

// markedFormat returns the format of a file. isMarked reports whether the file
// seems to have metadata in this format.
func markedFormat(path string, src []byte) (f Format, isMarked bool) {
	f, known := FormatOf(path)
	if !bytes.Contains(src, []byte(sealedPrefix)) {
		return f, false
	}
	if known && marked(f, src) {
		if SopsFormatOf(path) != f && isSealedBinary(src) {
			return Binary, true
		}
		return f, true
	}
	for _, other := range byContents {
		if other == f || !marked(other, src) {
			continue
		}
		if found, err := hasMetadata(other, src); !found && !isConflict(orConflict(src, err)) {
			continue
		}
		if other == JSON && isSealedBinary(src) {
			other = Binary
		}
		return other, true
	}
	if marked(JSON, src) { // broken; no other format begins with a brace
		return JSON, true
	}
	return f, false
}

func isConflict(err error) bool {
	var syntax *SyntaxError
	return errors.As(err, &syntax) && syntax.Conflict
}

// hasMetadata reports whether a document in src has a block of metadata.
func hasMetadata(f Format, src []byte) (bool, error) {
	p, err := f.parse(src)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(p.blocks, func(b *block) bool {
		if b == nil {
			return false
		}
		_, err := parseMetadata(b.tree)
		return err == nil || b.tree.Get("mac") != nil
	}), nil
}

// isSealedBinary reports whether src is a file that was encrypted as one value.
func isSealedBinary(src []byte) bool {
	p, err := Binary.parse(src)
	return err == nil && p.blocks[0] != nil
}

// marked reports whether src seems to have metadata in format f. It uses no parser,
// so it is fast and works for a broken file.
func marked(f Format, src []byte) bool {
	src = bytes.TrimPrefix(src, []byte(byteOrderMark))
	switch f {
	case JSON, Binary:
		return looksSealedBinary(src)
	case Dotenv:
		return fieldIs(src, metaPrefix+"mac", func([]byte) bool { return true })
	case INI, TOML:
		quoted := func(value []byte) bool { return len(value) > 0 && (value[0] == '"' || value[0] == '\'') }
		return hasTable(src) && fieldIs(src, "mac", quoted) == (f == TOML)
	}
	return anyOccurrence(src, metaKey, func(before, after []byte) bool {
		before, after = bytes.TrimRight(before, `"'`), bytes.TrimLeft(after, `"'`)
		before, after = bytes.TrimRight(before, " \t"), bytes.TrimLeft(after, " \t")
		key := len(before) == 0 || before[len(before)-1] == '{' || before[len(before)-1] == ','
		return key && bytes.HasPrefix(after, []byte(":"))
	})
}

// hasTable reports whether src has the header of the metadata in INI or TOML.
func hasTable(src []byte) bool {
	return anyOccurrence(src, metaKey, func(before, after []byte) bool {
		before, isHeader := bytes.CutSuffix(bytes.TrimRight(before, " \t"), []byte("["))
		return isHeader && len(bytes.TrimRight(before, " \t")) == 0 && bytes.HasPrefix(bytes.TrimLeft(after, " \t"), []byte("]"))
	})
}

// fieldIs reports whether a line is the field NAME=VALUE with such a value.
func fieldIs(src []byte, name string, is func(value []byte) bool) bool {
	return anyOccurrence(src, name, func(before, after []byte) bool {
		value, isField := bytes.CutPrefix(bytes.TrimLeft(after, " \t"), []byte("="))
		return isField && len(bytes.TrimRight(before, " \t")) == 0 && is(bytes.TrimLeft(value, " \t"))
	})
}

// anyOccurrence reports whether is returns true for an occurrence of word. It gets
// the rest of the line, before and after the word.
func anyOccurrence(src []byte, word string, is func(before, after []byte) bool) bool {
	for len(src) > 0 {
		i := bytes.Index(src, []byte(word))
		if i < 0 {
			return false
		}
		start := bytes.LastIndexByte(src[:i], '\n') + 1
		end := len(src)
		if n := bytes.IndexByte(src[i:], '\n'); n >= 0 {
			end = i + n
		}
		line := src[start:end]
		for at := i - start; at >= 0; {
			if is(line[:at], line[at+len(word):]) {
				return true
			}
			next := bytes.Index(line[at+len(word):], []byte(word))
			if next < 0 {
				break
			}
			at += len(word) + next
		}
		src = src[end:]
	}
	return false
}

// looksLike reports whether src is plaintext in format f, with at least one field.
// Prose and certificates are not.
func looksLike(f Format, src []byte) bool {
	p, err := f.parse(src)
	if err != nil || p.roots[0].Len() == 0 {
		return false
	}
	root := p.roots[0]
	switch f {
	case Dotenv:
		given := false
		for e := range root.Entries() {
			if !isVariable(strings.TrimPrefix(e.Key, "export ")) {
				return false
			}
			given = given || strings.Trim(e.Text, "=") != "" // otherwise it may be base64
		}
		return given
	case INI: // without a header, it may be another language
		for e := range root.Entries() {
			if e.Kind == Map && e.Len() > 0 && e.Key != iniDefault {
				return true
			}
		}
		return false
	}
	return true
}

func isVariable(name string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
	return name != "" && strings.Contains(letters, name[:1]) && strings.Trim(name, letters+"0123456789.-") == ""
}
