package envfile

// Unsealed reports whether sops would parse a YAML or JSON file and find no metadata in it. That
// includes files that [Parse] rejects because encryption would damage them. It returns false for
// other formats and for files that sops cannot parse.
func Unsealed(f Format, src []byte) bool {
	return f.Unsealed(src)
}
