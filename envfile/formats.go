package envfile

// formats are the formats of this package. To add one, append it.
var formats = []Format{YAML, JSON, Dotenv, INI, TOML, Binary}

// FormatNames lists the names that [FormatNamed] accepts.
func FormatNames() []string {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = f.Name()
	}
	return names
}

// FormatNamed returns the format with a name of [FormatNames].
func FormatNamed(name string) (f Format, known bool) {
	for _, f := range formats {
		if f.Name() == name {
			return f, true
		}
	}
	return nil, false
}
