package envfile

// Values parses only the values of a plaintext file and is faster than [Parse]. It returns the root
// map of each document, without comments. It does not look for metadata.
func Values(f Format, src []byte) ([]*Node, error) { return f.values(src) }
