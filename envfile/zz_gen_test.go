package envfile_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/sealcfg/sealcfg/envfile"
)

func TestZZGen(t *testing.T) {
	var c map[string][][2]string
	b, _ := os.ReadFile("/tmp/fullcore/cases.json")
	json.Unmarshal(b, &c)
	out, _ := os.Create("/tmp/fullcore/gen.out")
	emit := func(kind string, l [][2]string) {
		for _, x := range l {
			d, err := envfile.Parse(envfile.YAML, []byte(x[1]))
			if err != nil {
				fmt.Println("!!", kind, x[0], err)
				continue
			}
			s, _, err := envfile.Seal(context.Background(), d, envfile.Rules{}, sealedTo(alice))
			if err != nil {
				fmt.Println("!!", kind, x[0], err)
				continue
			}
			back := document(t, open(t, s))
			at := sopsKey.FindStringIndex(string(s.Bytes()))
			bd := "???"
			if at != nil {
				bd = body(t, string(s.Bytes()))
			}
			mark := ""
			if (back == x[1]) != (kind == "r") {
				mark = "   <<<<<<<<<<<"
			}
			fmt.Fprintf(out, "%s\t%q\n\t%q\n\t%q\n", x[0]+mark, x[1], bd, back)
			if mark != "" {
				fmt.Printf("%s %s\n %q\n %q\n %q\n", kind, x[0], x[1], bd, back)
			}
		}
	}
	emit("r", c["r"])
	emit("c", c["c"])
}
