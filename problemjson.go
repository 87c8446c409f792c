package sealcfg

import (
	"encoding/json"
)

// problemJSON is the stable JSON form of a [Problem].
type problemJSON struct {
	Path   string      `json:"path"`
	Kind   Kind        `json:"kind"`
	Origin *originJSON `json:"origin,omitempty"`
	Reason string      `json:"reason"`
	Hint   string      `json:"hint,omitempty"`
}

type originJSON struct {
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Variable string `json:"variable,omitempty"`
	Default  bool   `json:"default,omitempty"`
	Place    string `json:"place,omitempty"`
}

// MarshalJSON returns an object with path, kind, origin, reason and hint. It omits an empty
// origin and an empty hint. It contains no value.
func (p *Problem) MarshalJSON() ([]byte, error) {
	form := problemJSON{Path: p.Path, Kind: p.Kind, Reason: p.Reason, Hint: p.Hint}
	if p.Origin != (Origin{}) {
		o := originJSON(p.Origin)
		form.Origin = &o
	}
	return json.Marshal(form)
}

// MarshalJSON returns an object with env, omitted if empty, and the list problems. It
// contains no value.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Env      string     `json:"env,omitempty"`
		Problems []*Problem `json:"problems"`
	}{e.Env, e.Problems})
}
