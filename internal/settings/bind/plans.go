package bind

import (
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/sealcfg/sealcfg/internal/settings/plan"
	"github.com/sealcfg/sealcfg/internal/settings/tree"
	"github.com/sealcfg/sealcfg/source"
)

var plans sync.Map // reflect.Type → *plan.Plan

// PlanOf returns the plan of a settings type. Its errors are mistakes in the type.
func PlanOf(t reflect.Type) (*plan.Plan, error) {
	if p, ok := plans.Load(t); ok {
		return p.(*plan.Plan), nil
	}
	p, err := PlanFor(t)
	if err != nil {
		return nil, fmt.Errorf("settings type %s: %w", plan.TypeName(t), err)
	}
	if p.Shape != plan.ShapeStruct {
		return nil, fmt.Errorf("settings type %s: expected a struct", plan.TypeName(t))
	}
	stored, _ := plans.LoadOrStore(t, p)
	return stored.(*plan.Plan), nil
}

// PlanFor returns the plan of any type.
func PlanFor(t reflect.Type) (*plan.Plan, error) { return plan.NewPlan(t, settle) }

// settle compiles the checks of a field. It returns an error if the default tag is invalid for the
// type or fails the checks. Otherwise this mistake would appear only when no source sets the field.
// Some defaults are checked only when they are used, because they may be valid on some machines
// only: time zones, and values that UnmarshalText rejects.
func settle(f *plan.Field) error {
	if f.Limits != nil {
		if err := f.Limits.Compile(f.Plan); err != nil {
			return err
		}
	}
	if f.Def == nil || tree.IsReference(*f.Def) { // DefaultReferences rejects references
		return nil
	}
	b := &Binder{planning: true}
	at := &tree.FieldPath{Parent: &tree.FieldPath{}}
	v, n := reflect.New(f.Plan.Type).Elem(), plan.FromText(f.Plan, *f.Def, source.Origin{Default: true})
	if b.Bind(f.Plan, v, n, at); b.Count() == 0 && f.Limits != nil {
		b.check(f.Limits, f.Plan, v, n, at)
	}
	problems := b.All()
	if len(problems) > 0 && problems[0].Cause == nil && f.Plan.Core().Type != plan.LocationType {
		return errors.New("its default tag: " + problems[0].Reason)
	}
	return nil
}
