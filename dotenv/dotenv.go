// Package dotenv reads plain .env files as the tools of that name do: export,
// quotes, values of several lines, ${NAME}. They are for local work; what a team
// shares is sealed, in which the format is plainer (see envfile.Dotenv).
//
// It is a package of its own because its parser is a module more.
package dotenv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/joho/godotenv"

	"github.com/sealcfg/sealcfg"
)

// File has [sealcfg.Load] take variables from a .env file, which is passed over if
// it does not exist. Give the option several times for several files: later ones
// win, and the variables of the process environment win over all. The prefix is
// that of [sealcfg.WithEnvPrefix]; without one, every name is considered. Errors
// name file and line, never a value. The file is read anew by each Load.
func File(path string) sealcfg.Option {
	return sealcfg.WithVariables(path, func(ctx context.Context) ([]string, error) { return read(ctx, path) })
}

func read(ctx context.Context, path string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return Parse(path, text)
}

// Parse returns the variables of a text in the form of [os.Environ], sorted.
// path is for errors.
func Parse(path string, text []byte) ([]string, error) {
	values, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: not a line of a .env file", path, brokenLine(text)) // the library's words quote it
	}
	var environ []string
	for name, value := range values {
		environ = append(environ, name+"="+value)
	}
	slices.Sort(environ)
	return environ, nil
}

// brokenLine finds the line of the first variable that cannot be read. What can
// be read up to a line is done with; a value of several lines can be at its end.
func brokenLine(text []byte) int {
	const longest = 1000 // lines of a value, so that a large file takes no hours
	var open strings.Builder
	broken, n := 1, 0
	for line := range strings.Lines(string(text)) {
		n++
		open.WriteString(line)
		if _, err := godotenv.Unmarshal(open.String()); err == nil {
			open.Reset()
			broken = n + 1
		} else if n-broken > longest {
			break
		}
	}
	return broken
}
