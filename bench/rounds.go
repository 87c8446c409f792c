package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// A slot is one program at one work.
type slot struct {
	peer  string
	work  work
	dir   string
	task  *task
	costs []cost
	size  int64 // of the encrypted files, in bytes
	turns int   // counted turns, limited by the budget
}

// long is the duration above which the first turn counts as well: it needs no warm-up, and its
// result is checked in a smaller work of the same program. Very long turns run once.
const long, tooLong = 5 * time.Second, time.Minute

// prepare creates a slot for each work that a program can do.
func (l *lab) prepare(p peer, works []work) ([]*slot, error) {
	var slots []*slot
	for _, w := range works {
		dir := filepath.Join(l.work, "programs", p.name(), w.folder())
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, err
		}
		t, err := p.prepare(l, dir, w)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", w, err)
		}
		if t == nil {
			continue
		}
		s := &slot{peer: p.name(), work: w, dir: dir, task: t}
		if w.kind != setKind || len(t.files) > 0 {
			s.size, _ = sizeOf(inFolder(dir, t.files)) // 0 if the first turn encrypts them
		}
		slots = append(slots, s)
	}
	return slots, nil
}

// measure runs all slots in turns, round by round, so that other load on the machine affects all of
// them alike.
func (l *lab) measure(r *results, slots []*slot, p plan) error {
	for round := range p.rounds + 1 {
		fmt.Fprintf(os.Stderr, "round %d of %d: %d turns\n", round, p.rounds, countTurns(slots, round, p.rounds))
		for _, s := range slots {
			if round > 0 && !due(round, p.rounds, s.turns) {
				continue
			}
			if r.describe(s.peer).missing != "" {
				continue // after a failure
			}
			if err := s.turn(l, p, round); err != nil {
				err = fmt.Errorf("%s: %s: %w", s.peer, s.work, err)
				if required[s.peer] || p.name == smoke.name {
					return err
				}
				fmt.Fprintln(os.Stderr, "left out:", err)
				r.describe(s.peer).missing = "failed: " + oneLine(err)
			}
		}
	}
	for _, s := range slots {
		if r.describe(s.peer).missing == "" {
			r.samples = append(r.samples, sample{s.peer, s.work, s.size, s.costs})
		}
	}
	return nil
}

// turn runs a slot. The first turn determines how many more fit the budget.
func (s *slot) turn(l *lab, p plan, round int) error {
	if s.task.before != nil {
		if err := s.task.before(round); err != nil {
			return err
		}
	}
	was := s.bytes(round)
	c, err := s.task.job(round).run(l.env)
	if err != nil {
		return err
	}
	if round > 0 {
		s.costs = append(s.costs, c)
		return nil
	}
	s.turns = max(1, min(p.rounds, int(p.budget/c.Wall.Seconds())))
	if c.Wall > long {
		fmt.Fprintf(os.Stderr, "  %s: %s: %.1f s\n", s.peer, s.work, c.Wall.Seconds())
		s.costs = append(s.costs, c)
		if !p.heavy || c.Wall > tooLong {
			s.turns = 0
		}
		return nil
	}
	if s.work.kind == setKind || s.work.kind == rekeyKind {
		if bytes.Equal(was, s.bytes(round)) {
			return fmt.Errorf("the file did not change")
		}
	}
	if s.size == 0 && len(s.task.files) > 0 {
		if s.size, err = sizeOf(inFolder(s.dir, s.task.files)); err != nil {
			return err
		}
	}
	return s.task.check(s.work, round)
}

// bytes returns the first encrypted file before and after the first turn.
func (s *slot) bytes(round int) []byte {
	if round > 0 || len(s.task.files) == 0 {
		return nil
	}
	text, _ := os.ReadFile(filepath.Join(s.dir, s.task.files[0])) // missing before it is encrypted
	return text
}

// due spreads turns evenly over the rounds from 1 on.
func due(round, rounds, turns int) bool {
	return round*turns/rounds > (round-1)*turns/rounds
}

func countTurns(slots []*slot, round, rounds int) int {
	n := 0
	for _, s := range slots {
		if round == 0 || due(round, rounds, s.turns) {
			n++
		}
	}
	return n
}
