package sealcfg_test

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/sealcfg/sealcfg"
)

// What there is to set, for people. A program that writes this into a file stands
// behind a go:generate line; see examples/webservice/gen.
func ExampleDescribe() {
	type Settings struct {
		Mode string `oneof:"dev prod" default:"dev" desc:"how the program runs"`
		DB   struct {
			Port     uint16                 `default:"5432" env:"PGPORT"`
			Password sealcfg.Secret[string] `desc:"of the user app"`
		}
	}
	d, err := sealcfg.Describe[Settings](sealcfg.WithEnvPrefix("APP_"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = d.WriteMarkdown(os.Stdout)
	fmt.Println()
	_ = d.WriteEnvExample(os.Stdout)
	fmt.Println()
	_ = d.WriteYAML(os.Stdout)
	// Output:
	// | setting | type | default | variable | |
	// |---|---|---|---|---|
	// | `mode` | `string` | `"dev"` | `APP_MODE` | how the program runs; one of dev, prod |
	// | `db.port` | `uint16` | `5432` | `PGPORT`, `APP_DB__PORT` |  |
	// | `db.password` | `string` |  | `APP_DB__PASSWORD` | of the user app; secret; required |
	//
	// # how the program runs
	// # string; one of dev, prod
	// #APP_MODE=dev
	//
	// # uint16
	// #PGPORT=5432
	//
	// # of the user app
	// # string; secret; required
	// APP_DB__PASSWORD=
	//
	// # how the program runs
	// # mode: "dev" # string; one of dev, prod
	// db:
	//   # port: 5432 # uint16
	//   # of the user app
	//   password: "" # string; secret; required
}

// The schema of a file, which can be checked and completed without a key: the sealed
// value of the right type is valid too.
func ExampleSchema() {
	type Settings struct {
		Port  uint16 `default:"5432" desc:"where the database listens"`
		Token sealcfg.Secret[string]
	}
	text, err := sealcfg.Schema[Settings]()
	if err != nil {
		fmt.Println(err)
		return
	}
	var schema struct {
		Required   []string
		Properties map[string]struct {
			Description string
			WriteOnly   bool
		}
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(schema.Required, schema.Properties["port"].Description, schema.Properties["token"].WriteOnly)
	// Output: [token] where the database listens true
}
