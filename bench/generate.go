package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
)

// Three values in ten are not strings, and each section has comments, as in the settings of a
// typical service.
const perSection = 10

// generate returns the settings of n/10 services, n values in all. The same n
// and seed give the same text.
func generate(n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	var b strings.Builder
	b.WriteString("# Settings of all services. Made by the benchmark; none of this opens anything.\n")
	for i := range (n + perSection - 1) / perSection {
		fmt.Fprintf(&b, "service_%04d:\n", i)
		fmt.Fprintf(&b, "  # Owned by team %d.\n", r.IntN(40))
		fmt.Fprintf(&b, "  url: https://svc-%d.example.com:%d/v1\n", i, 8000+r.IntN(1000))
		fmt.Fprintf(&b, "  enabled: %t\n", r.IntN(2) == 0)
		b.WriteString("  database:\n")
		fmt.Fprintf(&b, "    host: db-%d.internal.example.com\n", r.IntN(90))
		fmt.Fprintf(&b, "    port: %d\n", 5432+r.IntN(10))
		fmt.Fprintf(&b, "    user: \"app_%d\"\n", i)
		fmt.Fprintf(&b, "    password: '%s' # rotated by hand\n", token(r, 24))
		b.WriteString("  api_keys:\n")
		fmt.Fprintf(&b, "    - %s\n    - %s\n", token(r, 30), token(r, 30))
		fmt.Fprintf(&b, "  sample_rate: 0.%02d5\n", r.IntN(99))
		fmt.Fprintf(&b, "  greeting: Hello from service %d, we are open.\n\n", i)
	}
	return b.String()
}

// generateJSON returns an object of n settings without levels, the shape of a
// file that a program wrote.
func generateJSON(n int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	var b strings.Builder
	for i := range n {
		between := ",\n"
		if i == 0 {
			between = "{\n"
		}
		b.WriteString(between)
		switch i % perSection {
		case 3:
			fmt.Fprintf(&b, "  \"limit_%06d\": %d", i, r.IntN(1_000_000))
		case 7:
			fmt.Fprintf(&b, "  \"enabled_%06d\": %t", i, r.IntN(2) == 0)
		default:
			fmt.Fprintf(&b, "  \"secret_%06d\": \"%s\"", i, token(r, 24))
		}
	}
	b.WriteString("\n}\n")
	return b.String()
}

func token(r *rand.Rand, size int) string {
	raw := make([]byte, size)
	for i := range raw {
		raw[i] = byte(r.Uint32())
	}
	return "k" + base64.RawURLEncoding.EncodeToString(raw)
}
