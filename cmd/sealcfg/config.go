package main

import (
	"errors"
	"path/filepath"
	"slices"

	"github.com/sealcfg/sealcfg/environments"
)

// mustBeBound reports whether a sealcfg.yaml requires a binding of the file.
func (a *app) mustBeBound(t *target) (bool, error) {
	if t.path == "" {
		return false, nil // stdin has no path
	}
	config, err := a.finder.Config(t.path)
	if err != nil {
		return false, err
	}
	var unknown []error
	for _, e := range config.Unknown() {
		unknown = append(unknown, e)
	}
	if len(unknown) > 0 {
		return false, errors.Join(unknown...)
	}
	for _, file := range config.Files {
		if _, told := a.told.LoadOrStore(file.Path, true); !told {
			a.warnNoSuchEnvironment(file)
		}
	}
	return config.RequiresBinding(t.path), nil
}

// warnNoSuchEnvironment warns of names in a sealcfg.yaml that no environment has: the
// requirement of a misspelled one applies to none.
func (a *app) warnNoSuchEnvironment(config *environments.ConfigFile) {
	project, err := environments.Find(filepath.Dir(config.Path))
	if err != nil {
		return
	}
	envs, err := project.Environments()
	if err != nil || len(envs) == 0 { // no environments here, or opening them reports the error
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
