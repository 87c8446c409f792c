package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// slowKeys is the number of keys from which on sops takes minutes: its time
// grows with the square of the number.
const slowKeys = 80_000

// jsonCases encrypt to stdout, and decrypt what sealcfg sealed: sops would take
// minutes to seal the largest file.
func jsonCases(t *tools, work string, runs int) ([]compared, error) {
	var cases []compared
	for _, n := range []int{1_000, 20_000, slowKeys} {
		dir := filepath.Join(work, "json-"+strconv.Itoa(n))
		plain, sealed, err := t.sealedBeside(dir, "keys.json", []byte(generateJSON(n, 0)))
		if err != nil {
			return nil, err
		}
		slow, reps := n >= slowKeys, runs
		if n > 1_000 {
			reps = 3 // of sops, 20,000 keys take twenty seconds
		}
		if !slow { // what sops makes of the small ones, it makes of the large one
			if err := t.sameAnswer(dir, sealed); err != nil {
				return nil, err
			}
		}
		what := count(n, "key") + " of JSON"
		cases = append(cases, t.bothWays(dir, what, plain, sealed, reps, slow)...)
	}
	return cases, nil
}

// sealedBeside writes a text into a project, and what sealcfg makes of it.
func (t *tools) sealedBeside(dir, name string, text []byte) (plain, sealed string, err error) {
	if err := layOut(dir); err != nil {
		return "", "", err
	}
	plain, sealed = filepath.Join("environments", "plain-"+name), filepath.Join("environments", name)
	for _, path := range []string{plain, sealed} {
		if err := os.WriteFile(filepath.Join(dir, path), text, 0o644); err != nil {
			return "", "", err
		}
	}
	_, err = t.output(dir, t.sealcfg, "encrypt", sealed)
	return plain, sealed, err
}

// bothWays encrypts one file and decrypts the other, in both programs.
func (t *tools) bothWays(dir, what, plain, sealed string, runs int, slow bool) []compared {
	return []compared{{
		name: fmt.Sprintf("encrypt, %s", what), runs: runs, slow: slow,
		sealcfg: job{dir, [][]string{{t.sealcfg, "encrypt", plain, "-o", "-"}}},
		sops:    job{dir, [][]string{{t.sops, "encrypt", plain}}},
	}, {
		name: fmt.Sprintf("decrypt, %s", what), runs: runs, slow: slow,
		sealcfg: job{dir, [][]string{{t.sealcfg, "decrypt", sealed}}},
		sops:    job{dir, [][]string{{t.sops, "decrypt", sealed}}},
	}}
}
