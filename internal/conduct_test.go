package internal_test

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Functions and packages that libraries must not use, by package and name.
var (
	readsEnvironment = names("os", "Getenv LookupEnv Environ ExpandEnv UserHomeDir UserConfigDir UserCacheDir TempDir")
	ownContext       = names("context", "Background TODO")
	endsOrPrints     = append(names("os", "Exit Stdout Stderr"), names("fmt", "Print Println Printf")...)
	writesFiles      = names("os", "WriteFile Create CreateTemp OpenFile Rename Remove RemoveAll Mkdir MkdirAll MkdirTemp "+
		"Chmod Chown Chtimes Truncate Link Symlink")
)

func names(pkg, list string) []string {
	all := strings.Fields(list)
	for i := range all {
		all[i] = pkg + "." + all[i]
	}
	return all
}

// misconduct lists the violations in a file of a library.
func misconduct(file *source) []string {
	var found []string
	add := func(n ast.Node, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: ", file.fset.Position(n.Pos()))+fmt.Sprintf(format, args...))
	}
	local := map[string]string{} // name in this file → import path
	for _, i := range file.ast.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := path[strings.LastIndex(path, "/")+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		if name == "." {
			add(i, "imports %s into its own names", path)
		}
		local[name] = path
	}
	ast.Inspect(file.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && local[x.Name] != "" {
				used := local[x.Name] + "." + n.Sel.Name
				switch {
				case slices.Contains(readsEnvironment, used) && file.name != "option.go" && file.name != "services/azure/azurekv/environ.go":
					add(n, "%s reads the process environment", used)
				case slices.Contains(ownContext, used):
					add(n, "%s: the context is the caller's", used)
				case slices.Contains(endsOrPrints, used):
					add(n, "%s ends the program or prints", used)
				case slices.Contains(writesFiles, used):
					add(n, "%s writes to the disk", used)
				}
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
				add(n, "%s prints", f.Name)
			}
		case *ast.FuncDecl:
			if n.Name.Name == "init" && n.Recv == nil && !onlyRegisters(n) {
				add(n, "init does more than register")
			}
		}
		return true
	})
	return found
}

func onlyRegisters(init *ast.FuncDecl) bool {
	for _, stmt := range init.Body.List {
		expr, ok := stmt.(*ast.ExprStmt)
		if !ok {
			return false
		}
		call, ok := expr.X.(*ast.CallExpr)
		if !ok {
			return false
		}
		if f, ok := call.Fun.(*ast.SelectorExpr); !ok || f.Sel.Name != "Register" {
			return false
		}
	}
	return true
}

func TestConductOfLibraries(t *testing.T) {
	files := 0
	for _, p := range packages(t) {
		if !isLibrary(p.name()) {
			continue
		}
		for _, file := range p.files {
			if file.test {
				continue
			}
			files++
			for _, bad := range misconduct(&file) {
				t.Error(bad)
			}
		}
	}
	assert.Greater(t, files, 50)
}

// startsGit reports whether a file starts git itself.
func startsGit(file *source) bool {
	found := false
	ast.Inspect(file.ast, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		f, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := f.X.(*ast.Ident); ok && x.Name == "exec" {
			for _, arg := range call.Args {
				lit, ok := arg.(*ast.BasicLit)
				found = found || ok && lit.Value == `"git"`
			}
		}
		return true
	})
	return found
}

// git is started with its protection, which is in one package.
func TestGitIsStartedInOnePlace(t *testing.T) {
	starters := []string{}
	for _, p := range packages(t) {
		for _, file := range p.files {
			if !file.test && startsGit(&file) {
				starters = append(starters, file.name)
			}
		}
	}
	assert.Equal(t, []string{gitrun + "/gitrun.go"}, starters)
}

func TestMisconduct(t *testing.T) {
	for text, bad := range map[string]bool{
		`import "os"; var x = os.Getenv("A")`:                                 true,
		`import env "os"; var x, y = env.LookupEnv("A")`:                      true,
		`import . "os"; var x = Getenv("A")`:                                  true,
		`import "os"; var x = os.ReadFile`:                                    false,
		`import "os"; func f() { os.Exit(1) }`:                                true,
		`import "os"; var _ = os.WriteFile`:                                   true,
		`import "fmt"; func f() { fmt.Println() }`:                            true,
		`import "fmt"; func f() string { return fmt.Sprint() }`:               false,
		`import "context"; var x = context.Background()`:                      true,
		`func f() { println() }`:                                              true,
		`import "example.com/keys"; func init() { keys.Default.Register(1) }`: false,
		`var x int; func init() { x = 1 }`:                                    true,
	} {
		found := misconduct(parsed(t, "keys/x.go", "package x; "+text))
		assert.Equal(t, bad, len(found) > 0, "%s: %v", text, found)
	}
	option := parsed(t, "option.go", `package x; import "os"; var x = os.Getenv("A")`)
	assert.Empty(t, misconduct(option), "the one file that may")
}
