// Package dotenv reads plaintext .env files in the syntax of the common tools:
// export, quotes, values of several lines, ${NAME}. They are for local work.
// Encrypted files, which a team shares, use a simpler syntax (see envfile.Dotenv).
//
// It is a separate package because its parser is in another module.
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

// File is an option that takes variables from a .env file. A file that does not
// exist is skipped. Use the option several times for several files: later ones win,
// and the variables of the process environment win over all. The prefix is the
// prefix of [sealcfg.WithEnvPrefix]; without one, every name is considered. Errors
// contain file and line, never a value. Each Load reads the file again.
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

// Parse returns the variables in text in the form of [os.Environ], sorted. path is
// for errors.
func Parse(path string, text []byte) ([]string, error) {
	values, err := godotenv.UnmarshalBytes(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: not a line of a .env file", path, brokenLine(text)) // the library's error quotes the line
	}
	var environ []string
	for name, value := range values {
		environ = append(environ, name+"="+value)
	}
	slices.Sort(environ)
	return environ, nil
}

// brokenLine returns the line of the first variable that cannot be parsed. It
// removes the lines that parse, and then tries longer sequences of lines, because a
// value can span several lines.
func brokenLine(text []byte) int {
	const longest = 1000 // lines of a value; otherwise a large file could take hours
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
