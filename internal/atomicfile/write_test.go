package atomicfile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// names lists the files in dir: every test ends without a temporary file in it.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

// readAll reads a file as a command does.
func readAll(path string) ([]byte, error) {
	f, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(f)
}

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

func TestWriteCreatesAndReplaces(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "prod.yaml")
	for _, text := range []string{"a: 1\n", "", strings.Repeat("long\n", 100_000), "short"} {
		require.NoError(t, Write(t.Context(), path, []byte(text), Options{}))
		require.Equal(t, text, content(t, path))
	}
	assert.Equal(t, []string{"prod.yaml"}, names(t, dir))
}

func TestWriteTakesARelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, Write(t.Context(), "prod.yaml", []byte("a"), Options{}))
	require.NoError(t, Write(t.Context(), "./prod.yaml", []byte("b"), Options{IfUnchanged: []byte("a")}))
	assert.Equal(t, "b", content(t, "prod.yaml"))
	assert.Equal(t, []string{"prod.yaml"}, names(t, "."))
}

// A reader must see one of the contents whole, never a mixture or an empty file.
func TestReadersSeeWholeFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	texts := [][]byte{bytes.Repeat([]byte("a"), 1<<16), bytes.Repeat([]byte("b"), 1<<15)}
	require.NoError(t, Write(t.Context(), path, texts[0], Options{}))
	done := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			if runtime.GOOS == "windows" {
				time.Sleep(time.Millisecond) // otherwise the file is never closed
			}
			got, err := readAll(path)
			if !assert.NoError(t, err) ||
				!assert.True(t, bytes.Equal(got, texts[0]) || bytes.Equal(got, texts[1]), "%d bytes", len(got)) {
				return
			}
		}
	})
	for i := range 50 {
		require.NoError(t, Write(t.Context(), path, texts[i%2], Options{}))
	}
	close(done)
	reader.Wait()
}

func TestIfUnchangedLarge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "prod.bin")
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 200_000} {
		old := bytes.Repeat([]byte("0123456"), size)[:size]
		require.NoError(t, os.WriteFile(path, old, 0o600))
		for name, other := range map[string][]byte{
			"shorter":   old[:size-1],
			"longer":    append(bytes.Clone(old), 'x'),
			"last byte": append(bytes.Clone(old[:size-1]), 'x'),
			"first":     append([]byte("x"), old[1:]...),
		} {
			require.ErrorIs(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: other}), ErrChanged, "%d: %s", size, name)
		}
		require.NoError(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: old}))
	}
}

func TestIfUnchanged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	put(t, path, "old")

	require.ErrorIs(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: []byte("other")}), ErrChanged)
	require.ErrorIs(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: []byte{}}), ErrChanged)
	assert.Equal(t, "old", content(t, path))

	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{IfUnchanged: []byte("old")}))
	assert.Equal(t, "new", content(t, path))

	require.NoError(t, os.Remove(path))
	require.ErrorIs(t, Write(t.Context(), path, []byte("x"), Options{IfUnchanged: []byte("new")}), ErrChanged)
	require.ErrorIs(t, Write(t.Context(), path, []byte("x"), Options{IfUnchanged: []byte{}}), ErrChanged)
	assert.Empty(t, names(t, dir))
}

// Each writer reads, adds one and writes on condition. Were compare and rename
// not one step, additions would be lost.
func TestConcurrentWritersLoseNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "count")
	put(t, path, "0")
	const writers = 8
	each := 12
	if runtime.GOOS == "windows" {
		each = 3 // a wait takes longer there
	}
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for done := 0; done < each; {
				old, err := readAll(path)
				if !assert.NoError(t, err) {
					return
				}
				n, err := strconv.Atoi(string(old))
				if !assert.NoError(t, err) {
					return
				}
				err = Write(t.Context(), path, []byte(strconv.Itoa(n+1)), Options{IfUnchanged: old})
				switch {
				case err == nil:
					done++
				case !assert.ErrorIs(t, err, ErrChanged):
					return
				}
			}
		})
	}
	all.Wait()
	assert.Equal(t, strconv.Itoa(writers*each), content(t, path))
	assert.Equal(t, []string{"count"}, names(t, dir))
}

func TestNoClobber(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys.txt")
	require.NoError(t, Write(t.Context(), path, []byte("mine"), Options{Mode: 0o600, NoClobber: true}))
	err := Write(t.Context(), path, []byte("yours"), Options{NoClobber: true})
	require.ErrorIs(t, err, ErrExists)
	require.ErrorIs(t, err, fs.ErrExist)
	assert.Equal(t, "mine", content(t, path))
	assert.Equal(t, []string{"keys.txt"}, names(t, dir))

	assert.Error(t, Write(t.Context(), path, nil, Options{NoClobber: true, IfUnchanged: []byte("mine")}))
}

func TestNoClobberHasOneWinner(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	var all sync.WaitGroup
	won := make(chan string, 16)
	for i := range 16 {
		all.Go(func() {
			text := strconv.Itoa(i)
			err := Write(t.Context(), path, []byte(text), Options{NoClobber: true})
			if err == nil {
				won <- text
				return
			}
			assert.ErrorIs(t, err, ErrExists)
		})
	}
	all.Wait()
	require.Len(t, won, 1)
	assert.Equal(t, <-won, content(t, path))
	assert.Equal(t, []string{"f"}, names(t, dir))
}

// The check at the last moment decides, not the check at the start.
func TestMoveNewDoesNotReplace(t *testing.T) {
	dir := t.TempDir()
	temp, target := filepath.Join(dir, "temp"), filepath.Join(dir, "target")
	put(t, temp, "new")
	put(t, target, "old")
	require.ErrorIs(t, moveNew(temp, target), ErrExists)
	assert.Equal(t, "old", content(t, target))
}

func TestFailuresLeaveNothingBehind(t *testing.T) {
	dir := t.TempDir()
	sub := filepath.Join(dir, "sub")
	require.NoError(t, os.Mkdir(sub, 0o755))
	put(t, filepath.Join(dir, "file"), "old")

	err := Write(t.Context(), sub, []byte("x"), Options{})
	require.ErrorIs(t, err, ErrNotRegular)
	assert.Contains(t, err.Error(), sub, "the error names the path")
	require.ErrorIs(t, Write(t.Context(), filepath.Join(dir, "none", "f"), []byte("x"), Options{}), fs.ErrNotExist)
	require.Error(t, Write(t.Context(), filepath.Join(dir, "file", "f"), []byte("x"), Options{}))
	assert.ElementsMatch(t, []string{"sub", "file"}, names(t, dir))
	assert.Equal(t, "old", content(t, filepath.Join(dir, "file")))
}

// The rename itself fails: the target has become a directory in the meantime.
func TestFailedRename(t *testing.T) {
	dir := t.TempDir()
	temp, target := filepath.Join(dir, "temp"), filepath.Join(dir, "target")
	put(t, temp, "new")
	require.NoError(t, os.Mkdir(target, 0o755))
	assert.Error(t, replace(target, temp, target, Options{}))
	assert.Equal(t, "new", content(t, temp), "the caller removes it")
}

func TestTempName(t *testing.T) {
	ignored := func(name string) bool {
		ok, err := filepath.Match(TempPattern, name)
		require.NoError(t, err)
		return ok
	}
	for _, base := range []string{
		"prod.yaml", ".env", "x", strings.Repeat("n", 255), strings.Repeat("ü", 127),
	} {
		name := tempName(base)
		assert.True(t, ignored(name), name)
		assert.LessOrEqual(t, len(name), 255)
		assert.True(t, utf8.ValidString(name))
		assert.NotEqual(t, name, tempName(base))
	}
	assert.Regexp(t, `^\.prod\.yaml\.sealcfg-`, tempName("prod.yaml"))
	assert.Regexp(t, `^\.env\.sealcfg-`, tempName(".env"))
	assert.False(t, ignored("prod.yaml"))
}

func TestLongNames(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the whole path is limited there")
	}
	path := filepath.Join(t.TempDir(), strings.Repeat("n", 255))
	require.NoError(t, Write(t.Context(), path, []byte("a"), Options{}))
	require.NoError(t, Write(t.Context(), path, []byte("b"), Options{}))
	assert.Equal(t, "b", content(t, path))
}

func TestMkdirAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a", "b")
	require.NoError(t, MkdirAll(path, 0o700))
	require.NoError(t, MkdirAll(path, 0o700))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, info.IsDir())
	put(t, filepath.Join(dir, "file"), "x")
	assert.Error(t, MkdirAll(filepath.Join(dir, "file", "c"), 0o700))
	assert.Error(t, MkdirAll(filepath.Join(dir, "file"), 0o700))
}

func TestErrorsCarryNoContent(t *testing.T) {
	const canary = "CANARY-6f1d"
	path := filepath.Join(t.TempDir(), "f")
	put(t, path, "old")
	for _, err := range []error{
		Write(t.Context(), path, []byte(canary), Options{IfUnchanged: []byte(canary)}),
		Write(t.Context(), path, []byte(canary), Options{NoClobber: true}),
		Write(t.Context(), filepath.Dir(path), []byte(canary), Options{}),
	} {
		require.Error(t, err)
		assert.NotContains(t, err.Error(), canary)
	}
	assert.False(t, errors.Is(ErrChanged, ErrExists))
}

func BenchmarkWrite(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	data := bytes.Repeat([]byte("x"), 4096)
	for b.Loop() {
		if err := Write(b.Context(), path, data, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRelink(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, alias := filepath.Join(dir, "file"), filepath.Join(dir, "alias")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o640))
	require.NoError(t, os.Link(path, alias))
	require.NoError(t, Write(t.Context(), path, []byte("new"), Options{}))
	require.NoError(t, Relink(t.Context(), path, alias, []byte("old")))
	text, err := os.ReadFile(alias)
	require.NoError(t, err)
	assert.Equal(t, "new", string(text))
	one, err := os.Stat(path)
	require.NoError(t, err)
	other, err := os.Stat(alias)
	require.NoError(t, err)
	assert.True(t, os.SameFile(one, other))

	require.NoError(t, Write(t.Context(), alias, []byte("theirs"), Options{}))
	err = Relink(t.Context(), path, alias, []byte("old"))
	require.ErrorIs(t, err, ErrChanged)
	text, err = os.ReadFile(alias)
	require.NoError(t, err)
	assert.Equal(t, "theirs", string(text))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 2, "no temporary file stays")
}
