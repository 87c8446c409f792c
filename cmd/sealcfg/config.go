package main

import (
	"path/filepath"
	"slices"

	"github.com/sealcfg/sealcfg/environments"
)

// mustBeBound reports whether sealcfg.yaml demands a binding of the file.
func (a *app) mustBeBound(t *target) (bool, error) {
	if t.path == "" {
		return false, nil // it comes from stdin, from nobody knows where
	}
	config, err := environments.FindConfig(t.path)
	if err != nil {
		return false, err
	}
	if config.Path != "" {
		if _, told := a.told.LoadOrStore(config.Path, true); !told {
			a.warnNoSuchEnvironment(config)
		}
	}
	return config.RequiresBinding(t.path), nil
}

// warnNoSuchEnvironment tells of names in a sealcfg.yaml that nothing is called:
// what is demanded of a misspelt one is demanded of none.
func (a *app) warnNoSuchEnvironment(config *environments.Config) {
	project, err := environments.Find(filepath.Dir(config.Path))
	if err != nil {
		return
	}
	envs, err := project.Environments()
	if err != nil || len(envs) == 0 { // they lie elsewhere, or whoever opens them says what is wrong
		return
	}
	for _, e := range config.Environments() {
		if slices.ContainsFunc(envs, func(env environments.Environment) bool { return env.Name == e.Name }) {
			continue
		}
		guess := ""
		if near := project.Closest(e.Name); near != "" {
			guess = "; did you mean " + near + "?"
		}
		a.warn("%s:%d:%d: there is no environment %s%s", shown(config.Path), e.Line, e.Column, e.Name, guess)
	}
}
