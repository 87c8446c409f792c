// Command fakes starts the fakes for cloud services on ports of 127.0.0.1, for
// scripts. It prints one JSON object and ends when its standard input does:
//
//	{"variables": {"NAME": "value", ...}, "keys": {"gcp_kms": "projects/...", ...}}
//
// A process with the variables may use the keys, which are named as in .sops.yaml.
// The keys are new in each run, and do not outlive it.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/sealcfg/sealcfg/internal/interop/fake/azurekv"
	"github.com/sealcfg/sealcfg/internal/interop/fake/gcpkms"
	"github.com/sealcfg/sealcfg/internal/test/fake"
	"github.com/sealcfg/sealcfg/internal/test/fake/aws"
	"github.com/sealcfg/sealcfg/internal/test/fake/hckms"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "fakes:", err)
		os.Exit(1)
	}
}

// report is the output for a script.
type report struct {
	Variables map[string]string `json:"variables"`
	Keys      map[string]string `json:"keys"`
}

func run(in io.Reader, out io.Writer) error {
	return fake.Run(func(variables map[string]string, all []fake.Service) error {
		r := report{variables, map[string]string{}}
		for _, s := range all {
			field, key := s.PolicyKey()
			r.Keys[field] = key
		}
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, in)
		return err
	}, as(aws.New), as(azurekv.New), as(gcpkms.New), as(hckms.New))
}

// as forgets of which service a fake is.
func as[S fake.Service](start func(*fake.CA) (S, error)) func(*fake.CA) (fake.Service, error) {
	return func(ca *fake.CA) (fake.Service, error) { return start(ca) }
}
