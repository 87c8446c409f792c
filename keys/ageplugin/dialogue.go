package ageplugin

import (
	"context"
	"errors"
	"strings"
	"sync"

	"filippo.io/age/plugin"

	"github.com/sealcfg/sealcfg/keys"
)

// A dialogue is the exchange between a person and one run of a plugin.
type dialogue struct {
	ctx     context.Context
	program string
	src     keys.Source

	mu      sync.Mutex
	known   map[string]string // answers that were right before
	answers map[string]string // of this run
	open    string            // a question without an answer
}

func newDialogue(ctx context.Context, program string, src keys.Source) *dialogue {
	return &dialogue{ctx: ctx, program: program, src: src, answers: map[string]string{}}
}

func (d *dialogue) know(answers map[string]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known = answers
}

func (d *dialogue) unanswered() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open
}

// answersSoFar returns the answers of this run by question.
func (d *dialogue) answersSoFar() map[string]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	answers := make(map[string]string, len(d.answers))
	for q, a := range d.answers {
		answers[q] = a
	}
	return answers
}

// withoutAnswers removes the answers of this run from a message of the plugin.
func (d *dialogue) withoutAnswers(text string) string {
	for _, answer := range d.answersSoFar() {
		if answer != "" {
			text = strings.ReplaceAll(text, answer, "[answer]")
		}
	}
	return text
}

var errNoAnswer = errors.New("no answer")

func (d *dialogue) ui() *plugin.ClientUI {
	return &plugin.ClientUI{
		DisplayMessage: func(_, message string) error {
			d.tell(message)
			return nil // there is no one to notify
		},
		RequestValue: d.request,
		Confirm:      d.confirm,
		WaitTimer:    func(string) { d.tell("waiting for it ...") },
	}
}

func (d *dialogue) tell(message string) {
	if d.src.Notify != nil && d.ctx.Err() == nil {
		d.src.Notify(d.program + ": " + message)
	}
}

// request prompts a person. It repeats an earlier answer that decrypted a file, but
// only once in a run: if a plugin repeats its question, the answer was wrong, and
// tokens lock themselves after a few wrong answers.
func (d *dialogue) request(_, question string, secret bool) (string, error) {
	if a, ok := d.recall(question); ok {
		return a, nil
	}
	if d.src.Prompt == nil || d.ctx.Err() != nil {
		return "", d.leaveOpen(question)
	}
	answer, err := d.src.Prompt(d.ctx, d.program+": "+question)
	if err != nil {
		return "", d.leaveOpen(question)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if secret {
		d.answers[question] = string(answer)
	}
	return string(answer), nil
}

func (d *dialogue) recall(question string) (string, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	a, ok := d.known[question]
	delete(d.known, question)
	return a, ok
}

func (d *dialogue) confirm(_, question, yes, no string) (bool, error) {
	if d.src.Confirm == nil || d.ctx.Err() != nil {
		return false, d.leaveOpen(question)
	}
	choseYes, err := d.src.Confirm(d.ctx, d.program+": "+question, yes, no)
	if err != nil {
		return false, d.leaveOpen(question)
	}
	return choseYes, nil
}

func (d *dialogue) leaveOpen(question string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open = question
	return errNoAnswer
}
