package settings_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/sealcfg/sealcfg"
	"github.com/sealcfg/sealcfg/sealcfgtest"
)

// These tests run in bubbles, where the clock advances when all goroutines wait. They do not depend
// on the speed of the machine. A bubble also fails if a goroutine remains.

// A watched is a Watch in the background.
type watched struct {
	t      *testing.T
	mu     sync.Mutex
	calls  []string // "changed: …" or "error: …"
	failed bool     // the last one was an error
	end    context.CancelFunc
	ended  chan error
}

func watch[T any](t *testing.T, h *sealcfg.Handle[T], opts ...sealcfg.WatchOption) *watched {
	ctx, cancel := context.WithCancel(t.Context())
	w := &watched{t: t, end: cancel, ended: make(chan error, 1)}
	go func() {
		w.ended <- h.Watch(ctx, func(changed []string, err error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(changed) > 0 && err != nil || len(changed) == 0 && err == nil && !w.failed {
				t.Errorf("called with %v and %v", changed, err)
			}
			w.failed = err != nil
			if err != nil {
				w.calls = append(w.calls, "error: "+err.Error())
			} else {
				w.calls = append(w.calls, fmt.Sprint("changed: ", changed))
			}
		}, opts...)
	}()
	synctest.Wait()
	t.Cleanup(w.stop)
	return w
}

func (w *watched) stop() {
	w.end()
	assert.ErrorIs(w.t, <-w.ended, context.Canceled)
	w.ended <- context.Canceled
}

// after lets time pass and returns the calls since the last time.
func (w *watched) after(d time.Duration) []string {
	time.Sleep(d)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	calls := w.calls
	w.calls = nil
	return calls
}

// long is enough time to notice a change, wait until it settles, and load it.
const long = 7 * time.Second

type watchable struct {
	A, B, C int                    `cfg:",optional"`
	Token   sealcfg.Secret[string] `cfg:",optional"`
	DB      struct {
		Password sealcfg.Secret[string] `cfg:",optional"`
	}
}

func TestWatchFilesOfTheEnvironment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		h, err := sealcfg.New[watchable](append(env.Options(), sealcfg.WithLocal())...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		assert.Empty(t, w.after(time.Minute))

		env.Write(t, "prod", "a: 2\ntoken: x\n")
		assert.Equal(t, []string{"changed: [a token]"}, w.after(long))
		assert.Equal(t, 2, h.Get().A)
		env.Write(t, "base", "b: 1\n")
		assert.Equal(t, []string{"changed: [b]"}, w.after(long), "a file that was not there")
		env.Write(t, "prod.local", "c: 1\n")
		assert.Equal(t, []string{"changed: [c]"}, w.after(long))
		require.NoError(t, os.Remove(env.Path("prod.local")))
		assert.Equal(t, []string{"changed: [c]"}, w.after(long), "a file that is there no more")
		env.Write(t, "dev", "a: 9\n")
		env.Write(t, "prod", "token: x # once more\na: 2\n")
		assert.Empty(t, w.after(long), "no setting has changed")
	})
}

func TestWatchBeginsWhereLoadEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		h, err := sealcfg.New[watchable](env.Options()...).Load(t.Context())
		require.NoError(t, err)
		env.Write(t, "prod", "a: 2\n")
		w := watch(t, h)
		assert.Equal(t, []string{"changed: [a]"}, w.after(0))
	})
}

func TestWatchWaitsUntilAChangeHasSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		h, err := sealcfg.New[watchable](env.Options()...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h, sealcfg.PollInterval(time.Second))
		for range 5 {
			require.NoError(t, os.WriteFile(env.Path("prod"), []byte("half a fi"), 0o600))
			assert.Empty(t, w.after(500*time.Millisecond))
			env.Write(t, "prod", "a: 2\n")
			assert.Empty(t, w.after(500*time.Millisecond), "it was another one a moment ago")
		}
		assert.Equal(t, []string{"changed: [a]"}, w.after(2*time.Second))
	})
}

func TestWatchTellsOfFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		h, err := sealcfg.New[watchable](env.Options()...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		require.NoError(t, os.Remove(env.Path("prod")))
		calls := w.after(long)
		require.Len(t, calls, 1)
		assert.Contains(t, calls[0], `error: load settings for "prod": no environment "prod"`)
		assert.Equal(t, 1, h.Get().A)
		assert.Empty(t, w.after(time.Hour), "the same error is told once")

		env.Write(t, "prod", "a: "+hushed+"\n")
		calls = w.after(long)
		require.Len(t, calls, 1)
		assert.Contains(t, calls[0], `expected int, got an encrypted string`)
		assertHushed(t, calls[0])
		env.Write(t, "prod", "a: 2\n")
		assert.Equal(t, []string{"changed: [a]"}, w.after(long))
	})
}

// remote is a source without files.
type remote struct {
	mu   sync.Mutex
	text string
	err  error
	read int
}

// say changes the settings of the source and returns how often they were read since the last call.
func (s *remote) say(text string, err error) (read int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	read = s.read
	s.text, s.err, s.read = text, err, 0
	return read
}

func (s *remote) Name() string { return "service" }

func (s *remote) Read(_ context.Context, r *sealcfg.Reading) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	if s.err != nil {
		return s.err
	}
	return r.Set("token", s.text, sealcfg.Origin{Place: "service"})
}

func TestWatchTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		s := &remote{text: "x"}
		h, err := sealcfg.New[watchable](append(env.Options(), sealcfg.WithSource(s))...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		down := errors.New("service is down")
		s.say("x", down)
		env.Write(t, "prod", "a: 2\n")
		assert.Equal(t, []string{`error: load settings for "prod": service is down`}, w.after(long))
		assert.Empty(t, w.after(time.Hour))
		read := s.say("x", nil)
		assert.Less(t, read, 70, "but not all the time")
		assert.Greater(t, read, 30)
		assert.Equal(t, []string{"changed: [a]"}, w.after(2*time.Minute))
		s.say("x", down)
		env.Write(t, "prod", "a: 2\nb: 0\n")
		assert.Equal(t, []string{`error: load settings for "prod": service is down`}, w.after(long))
		s.say("x", nil)
		assert.Equal(t, []string{"changed: []"}, w.after(2*time.Minute), "what it was told of is over")
		s.say("x", nil)
		assert.Empty(t, w.after(time.Hour))
		assert.Zero(t, s.say("x", nil), "what nobody asked for is not asked")
	})
}

func TestWatchEvery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &remote{text: "x"}
		h, err := sealcfg.New[watchable](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(s)).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h, sealcfg.Every(time.Hour), nil)
		assert.Equal(t, 2, s.say("y", nil), "by Load, and when Watch began")
		assert.Empty(t, w.after(59*time.Minute))
		assert.Equal(t, []string{"changed: [token]"}, w.after(2*time.Minute))
		assert.Equal(t, 1, s.say("y", nil))
		assert.Empty(t, w.after(10*time.Hour))
		assert.Equal(t, 10, s.say("y", nil))
	})
}

func TestWatchWithoutAFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		h, err := sealcfg.New[watchable](env.Options()...).Load(t.Context())
		require.NoError(t, err)
		env.Write(t, "prod", "a: 2\n")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, h.Watch(ctx, nil), context.DeadlineExceeded)
		assert.Equal(t, 2, h.Get().A)
	})
}

func TestWatchRefusesIntervals(t *testing.T) {
	h := sealcfgtest.LoadHandle[watchable](t, nil)
	for _, opt := range []sealcfg.WatchOption{
		sealcfg.PollInterval(0), sealcfg.PollInterval(-time.Second), sealcfg.Every(0), sealcfg.Every(-time.Second),
	} {
		require.ErrorContains(t, h.Watch(t.Context(), nil, opt), "interval")
	}
}

// A cancellation in the middle of a reload is not an error of the settings.
func TestWatchEndsInTheMiddleOfAReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		h, err := sealcfg.New[watchable](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(s)).Load(t.Context())
		require.NoError(t, err)
		s.wait.Store(int64(time.Hour))
		w := watch(t, h)
		time.Sleep(time.Second)
		w.stop()
		assert.Empty(t, w.calls)
	})
}

// slow is a source that takes time.
type slow struct{ wait atomic.Int64 }

func (s *slow) Name() string { return "slow" }

func (s *slow) Read(ctx context.Context, _ *sealcfg.Reading) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(s.wait.Load())):
		return nil
	}
}

// A changing is a file system in memory that changes while it is read. Its files have no
// modification times, except those that a test sets.
type changing struct {
	mu    sync.Mutex
	files fstest.MapFS
}

func (c *changing) write(name string, f *fstest.MapFile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f == nil {
		delete(c.files, name)
		return
	}
	c.files[name] = f
}

func (c *changing) Open(name string) (fs.File, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.files.Open(name)
}

func TestWatchAFileSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fsys := &changing{files: files(t, "prod", "a: 1\n")}
		h, err := sealcfg.New[watchable](append(options(t, nil), sealcfg.WithFS(fsys, "environments"))...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		assert.Empty(t, w.after(time.Minute))
		fsys.write("environments/prod.yaml", &fstest.MapFile{Data: seal(t, "a: 2\n")})
		assert.Equal(t, []string{"changed: [a]"}, w.after(long))
		fsys.write("environments/base.yaml", &fstest.MapFile{Data: seal(t, "b: 2\n")})
		assert.Equal(t, []string{"changed: [b]"}, w.after(long))
		fsys.write("environments/base.yaml", nil)
		fsys.write("environments/prod.yaml", &fstest.MapFile{Data: seal(t, "a: 3\n"), ModTime: time.Now()})
		assert.Equal(t, []string{"changed: [a b]"}, w.after(long))
		fsys.write("environments/prod.yaml", &fstest.MapFile{Data: seal(t, "a: 4\n"), ModTime: time.Now()})
		assert.Equal(t, []string{"changed: [a]"}, w.after(long))
	})
}

// mount writes secrets as Kubernetes mounts them: files in a directory with a timestamp in its
// name, a link ..data to it, and links through ..data. A change creates a new directory and
// replaces ..data.
func mount(t *testing.T, dir, generation string, secrets map[string]string) {
	t.Helper()
	files := filepath.Join(dir, "..2024_"+generation)
	require.NoError(t, os.MkdirAll(files, 0o755))
	for name, text := range secrets {
		require.NoError(t, os.WriteFile(filepath.Join(files, name), []byte(text), 0o600))
		link := filepath.Join(dir, name)
		if _, err := os.Lstat(link); err != nil {
			require.NoError(t, os.Symlink(filepath.Join("..data", name), link))
		}
	}
	old, _ := os.Readlink(filepath.Join(dir, "..data"))
	require.NoError(t, os.Symlink(filepath.Base(files), filepath.Join(dir, "..data_tmp")))
	require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
	if old != "" {
		require.NoError(t, os.RemoveAll(filepath.Join(dir, old)))
	}
}

func TestWatchSecretsOfKubernetes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		dir := filepath.Join(t.TempDir(), "secrets")
		h, err := sealcfg.New[watchable](append(env.Options(), sealcfg.WithSecretsDir(dir))...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		assert.Empty(t, w.after(time.Minute))

		mount(t, dir, "01", map[string]string{"token": "one", "other": "x"})
		assert.Equal(t, []string{"changed: [token]"}, w.after(long), "the folder was not there")
		assert.Equal(t, "one", h.Get().Token.Expose())
		mount(t, dir, "02", map[string]string{"token": "two", "other": "x"})
		assert.Equal(t, []string{"changed: [token]"}, w.after(long))
		assert.Equal(t, "two", h.Get().Token.Expose())
		mount(t, dir, "03", map[string]string{"token": "two", "other": "x", "db.password": "p"})
		assert.Equal(t, []string{"changed: [db.password]"}, w.after(long))
		assert.Empty(t, w.after(time.Hour))
		require.NoError(t, os.RemoveAll(dir))
		assert.Equal(t, []string{"changed: [token db.password]"}, w.after(long))
	})
}

func TestWatchSecretsInFolders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		dir := t.TempDir()
		h, err := sealcfg.New[watchable](append(env.Options(), sealcfg.WithSecretsDir(dir))...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		require.NoError(t, os.Mkdir(filepath.Join(dir, "db"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "db", "password"), []byte("x"), 0o600))
		assert.Equal(t, []string{"changed: [db.password]"}, w.after(long))
	})
}

// filed is a source of another package that reads a file.
type filed struct{ path string }

func (s filed) Name() string      { return s.path }
func (s filed) Watched() []string { return []string{s.path} }

func (s filed) Read(_ context.Context, r *sealcfg.Reading) error {
	text, err := os.ReadFile(s.path)
	if err != nil {
		return nil
	}
	return r.Set("token", string(text), sealcfg.Origin{File: s.path})
}

func TestWatchedSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "token")
		h, err := sealcfg.New[watchable](sealcfg.WithoutFiles(), sealcfg.WithEnviron(), sealcfg.WithSource(filed{path})).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		require.NoError(t, os.WriteFile(path, []byte("a"), 0o600))
		assert.Equal(t, []string{"changed: [token]"}, w.after(long))
		require.NoError(t, os.WriteFile(path, []byte("other"), 0o600))
		assert.Equal(t, []string{"changed: [token]"}, w.after(long))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
		assert.Empty(t, w.after(long), "it was only touched")
	})
}

// A file that replaces another may have the same size and time.
func TestWatchSeesAReplacedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		env := sealcfgtest.NewEnvironment(t, "prod", "a: 1\n")
		when := time.Unix(1e9, 0)
		require.NoError(t, os.Chtimes(env.Path("prod"), when, when))
		before, err := os.Stat(env.Path("prod"))
		require.NoError(t, err)
		h, err := sealcfg.New[watchable](env.Options()...).Load(t.Context())
		require.NoError(t, err)
		w := watch(t, h)
		env.Write(t, "prod", "a: 2\n")
		require.NoError(t, os.Chtimes(env.Path("prod"), when, when))
		after, err := os.Stat(env.Path("prod"))
		require.NoError(t, err)
		require.Equal(t, before.Size(), after.Size())
		require.True(t, before.ModTime().Equal(after.ModTime()))
		assert.Equal(t, []string{"changed: [a]"}, w.after(long))
	})
}
