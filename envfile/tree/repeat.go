package tree

import (
	"fmt"
	"strconv"
	"strings"
)

// A Repeat is a name that occurs more than once, which sops allows in dotenv, INI and JSON. In
// dotenv, the last value is effective, as in a shell and in sops exec-env. In INI and JSON, the
// first value is effective, as in sops decrypt --extract.
type Repeat struct {
	Name  string // "" if it may be a part of a value
	Lines []int
	Line  int // the line of the effective value
}

func (r Repeat) String() string {
	lines := make([]string, len(r.Lines))
	for i, n := range r.Lines {
		lines[i] = strconv.Itoa(n)
	}
	last := len(lines) - 1
	where := strings.Join(lines[:last], ", ") + " and " + lines[last]
	if r.Name == "" {
		return "the same name occurs on lines " + where
	}
	return fmt.Sprintf("%s occurs on lines %s", r.Name, where)
}
