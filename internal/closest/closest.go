// Package closest finds the word that a person probably meant.
package closest

import (
	"strings"
	"unicode/utf8"
)

// Of returns the candidate that word is most likely a misspelling of, and false if
// no candidate is close. A candidate that differs only in case wins at once.
// Otherwise one edit (a rune left out, added, changed, or two swapped) is allowed
// for every three runes of word, three at most. If no candidate is that close, Of
// returns a candidate that shares a beginning with word ("prod" for "production"),
// provided it is the only one. Among equals the first wins.
func Of(word string, candidates []string) (string, bool) {
	for _, c := range candidates {
		if strings.EqualFold(word, c) {
			return c, true
		}
	}
	folded := strings.ToLower(word)
	limit := min((utf8.RuneCountInString(word)+1)/3, 3)
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if d := Distance(folded, strings.ToLower(c)); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	if bestDistance <= limit {
		return best, true
	}
	return byPrefix(folded, candidates)
}

// minPrefix is the least number of bytes that two words must share: below it,
// too many words begin alike.
const minPrefix = 3

func byPrefix(folded string, candidates []string) (string, bool) {
	best, found := "", 0
	for _, c := range candidates {
		lower := strings.ToLower(c)
		if min(len(lower), len(folded)) < minPrefix {
			continue
		}
		if strings.HasPrefix(lower, folded) || strings.HasPrefix(folded, lower) {
			best = c
			found++
		}
	}
	if found != 1 {
		return "", false
	}
	return best, true
}

// Distance counts the slips between two words: insertions, deletions,
// substitutions and swaps of neighbours, in runes (optimal string alignment).
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	// Three rows suffice: a swap looks back two.
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}
