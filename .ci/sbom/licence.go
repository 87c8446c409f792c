package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

// allowed are the licences under which a module may be linked, by words that no
// other licence contains. All permit the use and distribution of a program that links the
// module. MPL-2.0 requires the source of changed files of the module; we change none.
var allowed = []struct {
	id    string
	words []string
	not   string
}{
	{"Apache-2.0", []string{"apache license version 2.0, january 2004"}, ""},
	{"MPL-2.0", []string{"mozilla public license", "version 2.0"}, ""},
	{"MIT", []string{"permission is hereby granted, free of charge, to any person obtaining a copy", "the software is provided \"as is\""}, ""},
	{"BSD-3-Clause", []string{"redistribution and use in source and binary forms", "neither the name"}, ""},
	{"BSD-2-Clause", []string{"redistribution and use in source and binary forms", "above copyright notice"}, "neither the name"},
	{"ISC", []string{"permission to use, copy, modify, and", "distribute this software for any purpose with or without fee is hereby granted"}, ""},
}

// refused are words of licences that are not allowed, even if the same file also contains an allowed licence.
var refused = []string{"business source license", "server side public license", "elastic license", "commons clause", "noncommercial"}

// gnu is the family of the GPL. The MPL names it as well, among the licences that it gives way to.
const gnu = "general public license"

var (
	errUnknownLicence = errors.New("a licence that is not on the list")
	errNoLicence      = errors.New("no licence")
	licenceFile       = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)([.-].*)?$`)
	blanks            = regexp.MustCompile(`\s+`)
)

// licencesIn returns the SPDX identifiers of a licence's text: several, if it has several.
func licencesIn(text string) ([]string, error) {
	text = strings.NewReplacer("“", `"`, "”", `"`, "``", `"`, "''", `"`).Replace(strings.ToLower(text))
	text = blanks.ReplaceAllString(text, " ")
	for _, words := range refused {
		if strings.Contains(text, words) {
			return nil, fmt.Errorf("%w: %s", errUnknownLicence, words)
		}
	}
	var ids []string
	for _, l := range allowed {
		found := l.not == "" || !strings.Contains(text, l.not)
		for _, words := range l.words {
			found = found && strings.Contains(text, words)
		}
		if found {
			ids = append(ids, l.id)
		}
	}
	mozilla := strings.Contains(text, "mozilla public license")
	if len(ids) == 0 || strings.Contains(text, gnu) && !mozilla {
		return nil, errUnknownLicence
	}
	return ids, nil
}

// licencesOf returns the licences of the module in a folder.
func licencesOf(dir string) ([]string, error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []string
	seen := map[string]bool{}
	for _, f := range files {
		if !licenceFile.MatchString(f.Name()) || f.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, err
		}
		ids, err := licencesIn(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		for _, id := range ids {
			if !seen[id] {
				seen[id], all = true, append(all, id)
			}
		}
	}
	if len(all) == 0 {
		return nil, errNoLicence
	}
	return all, nil
}

// moduleDir is where the module cache has a module: there an upper-case letter is "!" and
// the letter in lower case.
func moduleDir(cache, path, version string) string {
	var b strings.Builder
	for _, r := range path + "@" + version {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
			r = unicode.ToLower(r)
		}
		b.WriteRune(r)
	}
	return filepath.Join(cache, filepath.FromSlash(b.String()))
}
