package envfile

// Values reads a plain text for those who only want its values, in less time than
// [Parse]: it returns the root map of each document, without comments. Metadata of
// a sealed file is not looked for.
func Values(f Format, src []byte) ([]*Node, error) { return f.values(src) }
