package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/cmd/internal/cli"
	"github.com/sealcfg/sealcfg/cmd/internal/editing"
	"github.com/sealcfg/sealcfg/envfile"
	"github.com/sealcfg/sealcfg/environments"
	"github.com/sealcfg/sealcfg/internal/atomicfile"
	"github.com/sealcfg/sealcfg/internal/gitrun"
	"github.com/sealcfg/sealcfg/internal/pattern"
)

// ciphertext occurs in encrypted files of every format.
const ciphertext = "ENC[AES256_GCM,"

// A repository holds the files that a command without arguments may work on. All paths
// are absolute.
type repository struct {
	root       string
	candidates []candidate
	others     []string // files without a ciphertext
	absent     []absentFile
	nested     []string // submodules and nested repositories
	unread     []string // messages about files and directories that could not be read

	environments map[string]string // names of the project's environments and layers, by path
}

// A candidate is a file that contains a ciphertext.
type candidate struct {
	path    string
	aliases []string // other names of the same file: hard links
}

// An absentFile is tracked, but a sparse checkout left it out.
type absentFile struct {
	path      string
	encrypted bool // it contains a ciphertext
	unknown   bool // its contents are not in this clone
}

// noFilesHere is the hint where there is no project to search.
const noFilesHere = "if the project is in another directory, add: -C DIR\nto start a project here, run: sealcfg init"

// findRepository searches the repository that contains dir. Outside of git it searches
// the project's directory tree.
func findRepository(ctx context.Context, a *cli.App, dir string) (*repository, error) {
	if _, err := os.Getwd(); err != nil {
		_, err = a.Project() // it names the way back
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	project, err := environments.Find(dir)
	if err != nil {
		return nil, err
	}
	r := &repository{}
	root, err := a.Git.Root(ctx, dir)
	var refused *gitrun.RefusedError
	switch {
	case err == nil:
		r.root = reachedAs(project.Root, root)
		err = r.searchGit(ctx, a.Git)
	case errors.As(err, &refused) && refused.Remedy != "":
		return nil, cli.WithHint(err, "if you trust the repository: %s", refused.Remedy)
	case errors.Is(err, gitrun.ErrNoGit):
		if at := gitDirAbove(project.Root); at != "" {
			return nil, cli.WithHint(fmt.Errorf("%s is a git repository, and %w", filepath.Dir(at), err), "install git, or name the files: sealcfg rekey FILE")
		}
		err = r.searchTree(ctx, project)
	case errors.Is(err, gitrun.ErrNotRepository):
		if at := gitDirAbove(project.Root); at != "" {
			a.Warn("%s is not a repository that git can read; searched the directory tree instead", cli.Shown(at))
		}
		err = r.searchTree(ctx, project)
	}
	if err != nil {
		return nil, err
	}
	r.addLayers(project)
	// A killed process left these, and the next one that writes there removes them.
	r.drop(func(path string) bool {
		temporary, _ := filepath.Match(atomicfile.TempPattern, filepath.Base(path))
		return temporary
	})
	for _, place := range slices.Concat(a.StateDirs(editing.DraftsDir), a.StateDirs(cli.CopiesDir)) {
		for _, dir := range append(place.Dirs(), place.Path) {
			r.drop(func(path string) bool { return cli.Below(path, dir) })
		}
	}
	r.uniqueFiles()
	r.nameEnvironments(project)
	return r, nil
}

// reachedAs returns the name under which the directory dir reaches root, a path
// without symbolic links.
func reachedAs(dir, root string) string {
	for at := dir; ; at = filepath.Dir(at) {
		if actual, err := filepath.EvalSymlinks(at); err == nil && actual == root {
			return at
		}
		if at == filepath.Dir(at) {
			return root
		}
	}
}

// gitDirAbove returns the path of the nearest .git in dir or above, or "".
func gitDirAbove(dir string) string {
	for {
		at := filepath.Join(dir, ".git")
		if _, err := os.Lstat(at); err == nil {
			return at
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
		dir = filepath.Dir(dir)
	}
}

// searchGit lists the tracked files, and the untracked files that git does not ignore.
func (r *repository) searchGit(ctx context.Context, git *gitrun.Git) error {
	files, unread, err := git.Files(ctx, r.root)
	if err != nil {
		return err
	}
	r.unread = unread
	hits, unread, err := git.Containing(ctx, r.root, ciphertext)
	if err != nil {
		return err
	}
	for _, message := range unread {
		r.complain(message)
	}
	found := make(map[string]bool, len(hits))
	for _, path := range hits {
		found[path] = true
	}
	var absent []gitrun.File
	for _, f := range files {
		if f.Kind == gitrun.Repository {
			r.nested = append(r.nested, f.Path)
			continue
		}
		if f.Kind == gitrun.Link {
			continue
		}
		hit := found[f.Path]
		if f.Unseen {
			info, err := os.Lstat(f.Path)
			if errors.Is(err, fs.ErrNotExist) {
				absent = append(absent, f)
				continue
			}
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			if hit, err = contains(f.Path, ciphertext); err != nil {
				r.complain(err.Error())
			}
		}
		if hit {
			r.candidates = append(r.candidates, candidate{path: f.Path})
		} else {
			r.others = append(r.others, f.Path)
		}
	}
	return r.lookUpAbsent(ctx, git, absent)
}

// lookUpAbsent reads the files of a sparse checkout from git.
func (r *repository) lookUpAbsent(ctx context.Context, git *gitrun.Git, files []gitrun.File) error {
	objects := make([]string, len(files))
	for i, f := range files {
		objects[i] = f.Blob
	}
	return git.Blobs(ctx, r.root, objects, func(i int, contents []byte, ok bool) {
		r.absent = append(r.absent, absentFile{files[i].Path, bytes.Contains(contents, []byte(ciphertext)), !ok})
	})
}

// skippedDirs are not searched outside of git, because other tools own them.
var skippedDirs = []string{".git", "node_modules", "vendor"}

// searchTree walks the directory tree of the project. Without a policy, it only walks the
// directory of environments.
func (r *repository) searchTree(ctx context.Context, project *environments.Project) error {
	r.root = project.Root
	top := r.root
	if project.PolicyPath == "" {
		top = filepath.Join(r.root, environments.Folder)
		if info, err := os.Stat(top); err != nil || !info.IsDir() {
			return cli.WithHint(fmt.Errorf("no environments in %s", r.root), noFilesHere)
		}
	}
	return r.walk(ctx, top, math.MaxInt)
}

// errManyFiles is returned if a directory tree has more files than the caller wants to
// read.
var errManyFiles = errors.New("too many files")

// walk adds the files of a directory tree, at most limit of them.
func (r *repository) walk(ctx context.Context, top string, limit int) error {
	return filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return cli.ErrInterrupted
		case len(r.candidates)+len(r.others) >= limit:
			return fmt.Errorf("%w in %s", errManyFiles, cli.Shown(top))
		case err != nil:
			r.complain(err.Error())
			return nil
		case entry.IsDir() && path != top && slices.Contains(skippedDirs, entry.Name()):
			return fs.SkipDir
		case entry.IsDir() && path != top:
			if _, err := os.Lstat(filepath.Join(path, ".git")); err == nil {
				r.nested = append(r.nested, path)
				return fs.SkipDir
			}
			return nil
		case !entry.Type().IsRegular():
			return nil
		}
		r.add(path)
		return nil
	})
}

// add adds a file if it can be read.
func (r *repository) add(path string) {
	switch hit, err := contains(path, ciphertext); {
	case err != nil:
		r.complain(err.Error())
	case hit:
		r.candidates = append(r.candidates, candidate{path: path})
	default:
		r.others = append(r.others, path)
	}
}

// addLayers adds files that the search misses: .local layers, which git usually ignores,
// and links in a directory of environments.
func (r *repository) addLayers(project *environments.Project) {
	own := filepath.Join(project.Root, environments.Folder)
	dirs := []string{own}
	for _, c := range r.candidates {
		if dir := filepath.Dir(c.path); filepath.Base(dir) == environments.Folder && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	known := map[string]bool{}
	for _, c := range r.candidates {
		known[c.path] = true
	}
	for _, path := range r.others {
		known[path] = true
	}
	for _, dir := range dirs {
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			r.complain(err.Error())
			continue
		}
		info, err := os.Lstat(dir)
		linked := err == nil && info.Mode()&fs.ModeSymlink != 0
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			ext := filepath.Ext(path)
			local := strings.HasSuffix(strings.TrimSuffix(path, ext), localSuffix)
			if _, isLayer := envfile.FormatOf(path); known[path] || !isLayer || !local && !linked && e.Type()&fs.ModeSymlink == 0 {
				continue
			}
			switch info, err := os.Stat(path); {
			case err == nil && info.IsDir():
			case err == nil && !info.Mode().IsRegular():
				r.complain(path + ": not a regular file")
			default:
				r.add(path)
			}
		}
	}
}

// complain adds a message about a file or directory that could not be read.
func (r *repository) complain(message string) {
	if !slices.Contains(r.unread, message) {
		r.unread = append(r.unread, message)
	}
}

// drop removes the files for which unwanted is true.
func (r *repository) drop(unwanted func(path string) bool) {
	r.candidates = slices.DeleteFunc(r.candidates, func(c candidate) bool { return unwanted(c.path) })
	r.absent = slices.DeleteFunc(r.absent, func(f absentFile) bool { return unwanted(f.path) })
	r.others = slices.DeleteFunc(r.others, unwanted)
	r.nested = slices.DeleteFunc(r.nested, unwanted)
}

// uniqueFiles sorts the candidates and joins the names of one file. Of a link and its
// target, it keeps the name in a directory of environments.
func (r *repository) uniqueFiles() {
	rank := func(c candidate) int {
		if filepath.Base(filepath.Dir(c.path)) == environments.Folder {
			if info, err := os.Lstat(c.path); err == nil && info.Mode().IsRegular() {
				return 0
			}
			return 1
		}
		return 2
	}
	slices.SortFunc(r.candidates, func(a, b candidate) int { return strings.Compare(a.path, b.path) })
	byActual := map[string]int{}
	var unique []candidate
	for _, c := range r.candidates {
		actual, err := filepath.EvalSymlinks(c.path)
		if err != nil {
			actual = c.path
		}
		i, ok := byActual[actual]
		switch {
		case !ok:
			byActual[actual] = len(unique)
			unique = append(unique, c)
		case rank(c) < rank(unique[i]):
			unique[i] = c
		}
	}
	r.candidates = linkedOnce(unique)
}

// environmentName matches the names of environments and their layers.
var environmentName = pattern.New(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// nameEnvironments sets the names of the files in the directory of environments. If two
// files have the same name, neither gets it.
func (r *repository) nameEnvironments(project *environments.Project) {
	dir := filepath.Join(project.Root, environments.Folder)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // the project has no such directory
	}
	r.environments = map[string]string{}
	byName := map[string]string{}
	for _, e := range entries {
		if _, known := envfile.FormatOf(e.Name()); !known || e.IsDir() {
			continue
		}
		name := strings.TrimSuffix(e.Name(), filepath.Ext(e.Name()))
		if other, twice := byName[name]; twice {
			delete(r.environments, other)
		} else if environmentName().MatchString(name) {
			byName[name] = filepath.Join(dir, e.Name())
			r.environments[byName[name]] = name
		}
	}
}

// linkedOnce joins candidates that are hard links to one file.
func linkedOnce(all []candidate) []candidate {
	type seen struct {
		index int
		info  fs.FileInfo
	}
	bySize := map[int64][]seen{}
	var unique []candidate
next:
	for _, c := range all {
		info, err := os.Stat(c.path)
		if err != nil {
			unique = append(unique, c)
			continue
		}
		for _, s := range bySize[info.Size()] {
			if os.SameFile(s.info, info) {
				unique[s.index].aliases = append(unique[s.index].aliases, c.path)
				continue next
			}
		}
		bySize[info.Size()] = append(bySize[info.Size()], seen{len(unique), info})
		unique = append(unique, c)
	}
	return unique
}

// contains reports whether a file contains text.
func contains(path, text string) (found bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	buf := make([]byte, 64<<10)
	kept := 0 // bytes from the end of the last block: text may begin in them
	for {
		n, err := f.Read(buf[kept:])
		if bytes.Contains(buf[:kept+n], []byte(text)) {
			return true, nil
		}
		switch {
		case errors.Is(err, io.EOF):
			return false, nil
		case err != nil:
			return false, err
		}
		end := kept + n
		kept = copy(buf, buf[max(0, end-len(text)+1):end])
	}
}
