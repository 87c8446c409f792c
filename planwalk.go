package sealcfg

import (
	"slices"
	"strings"

	"github.com/sealcfg/sealcfg/envfile"
)

// eachField calls visit for each field that has a path of its own: those of
// structs in structs and of variants of unions (one of each name), but not of what
// lists and maps hold. path is valid during the call. A type that contains itself is
// followed once.
func (p *plan) eachField(visit func(path envfile.Path, f *field)) { p.walk(nil, nil, visit) }

func (p *plan) walk(path envfile.Path, above []*plan, visit func(envfile.Path, *field)) {
	if slices.Contains(above, p) {
		return
	}
	above = append(above, p)
	for _, f := range p.every {
		at := append(path, envfile.Step{Key: f.name})
		visit(at, f)
		if inner := f.plan.core(); inner.shape == shapeStruct {
			inner.walk(at, above, visit)
		}
	}
}

// variables returns the names that variables of the process environment can
// have, without prefix.
func (p *plan) variables() []string {
	var names []string
	p.eachField(func(path envfile.Path, _ *field) { names = append(names, variableOf(path)) })
	return names
}

// explicitVariables returns the names that env tags give.
func (p *plan) explicitVariables() []string {
	p.explicitOnce.Do(func() {
		p.eachField(func(_ envfile.Path, f *field) { p.explicit = append(p.explicit, f.explicit...) })
	})
	return p.explicit
}

// variableOf spells a path as a variable, without prefix.
func variableOf(path envfile.Path) string {
	names := make([]string, len(path))
	for i, s := range path {
		names[i] = variableName(s.Key)
	}
	return strings.Join(names, levels)
}

// explicitFor returns the variables that the env tag of the field under path names.
func (p *plan) explicitFor(path string) (names []string) {
	if p == nil || len(p.explicitVariables()) == 0 {
		return nil
	}
	p.eachField(func(at envfile.Path, f *field) {
		if len(f.explicit) > 0 && at.String() == path {
			names = f.explicit
		}
	})
	return names
}
