package sealcfg_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/sealcfg/sealcfg"
)

// A vending machine for secrets, for one program.
type machine map[string]string

func (machine) Schemes() []string { return []string{"machine"} }

func (m machine) Resolve(_ context.Context, ref sealcfg.Reference) (string, error) {
	if err := ref.Parameters(); err != nil { // it knows none
		return "", err
	}
	secret, ok := m[ref.Name]
	if !ok {
		return "", errors.New("no such secret")
	}
	return secret, nil
}

// A manager of secrets that no package is for. Those of AWS, Azure, Google and
// HashiCorp are imported: github.com/sealcfg/sealcfg/managers/awssm and its neighbours.
func ExampleResolver() {
	type settings struct {
		Password sealcfg.Secret[string]
		Prompt   string
	}
	s, err := sealcfg.Load[settings](context.Background(),
		sealcfg.WithoutFiles(),
		sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_PASSWORD=ref+machine://db#user/password", "APP_PROMPT=ref+echo://ref+machine://you"),
		sealcfg.WithResolver(machine{"db": `{"user": {"name": "app", "password": "correct horse"}}`}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(s.Password.Expose())
	fmt.Println(s.Prompt)
	// Output:
	// correct horse
	// ref+machine://you
}

// References are limited to the secrets of the program, in files and in variables.
func ExampleAllowReferences() {
	type settings struct{ Password, Token string }
	_, err := sealcfg.Load[settings](context.Background(),
		sealcfg.WithoutFiles(),
		sealcfg.WithEnvPrefix("APP_"),
		sealcfg.WithEnviron("APP_PASSWORD=ref+machine://app/db", "APP_TOKEN=ref+machine://admin/token"),
		sealcfg.WithResolver(machine{"app/db": "correct horse", "admin/token": "battery staple"}),
		sealcfg.AllowReferences("machine://app/", "awssm://prod/app/"),
		sealcfg.AllowVariableReferences("machine://app/"))
	fmt.Println(err)
	// Output:
	// settings: 1 problem
	//   token  $APP_TOKEN: ref+machine://admin/token  the program does not allow this reference; to allow it, add it to sealcfg.AllowVariableReferences
}
