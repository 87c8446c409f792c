package plan

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func isURLToLibrary(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Scheme != "" && u.Host != ""
}

var urls = []string{
	"", "example.com", "/a", "//example.com/a", "http:", "http:/", "http://", "http:///a", "http:a", "mailto:x@example.com", "https://example.com", "HTTPS://EXAMPLE.COM/",
	"postgres://u:p@h/db", "postgres://a:1,b:2/db?x=y", "http://a:1,b:2/", "http://a:b:1/", "x+y-z.1://h", "1x://h", "+x://h", "x_y://h", "é://h", "://h", "x ://h", " http://h",
	"http://h:80", "http://h:", "http://h:8a", "http://h:-1", "http://h:80:81", "http://u@h", "http://u:p@h:1/p?q#f", "http://u:p@x@h/", "http://u p@h", "http://u%20p@h", "http://u%2@h", "http://u[@h", "http://@h", "http://u@",
	"http://a b", "http://a%20b", "http://a%zz", "http://a%", "http://a%c3%a9", "http://a%C3", "http://é/é", "http://a|b", "http://a<b>", `http://a"b`, `http://a\b`, "http://a^b", "http://a{b}", "http://a`b", "http://a!$&'()*+,;=~_b",
	"http://h/a b", "http://h/%zz", "http://h/%2", "http://h/%41", "http://h/a%", "http://h/?%zz", "http://h?x", "http://h#x", "http://h#%zz", "http://h#%41", "http://h?a#b?c", "http://h#?/", "http://h?a://b", "a?b://h", "a#b://h", "a/b://h", "http://h/\n", "http://h#\n", "http://h\x7f", "http://\x00h", "http://h/\xff", "http://\xff",
	"http://[::1]", "http://[::1]:80/", "http://[::1]x", "http://[::1]:x", "http://[::1", "http://::1]", "http://a[::1]", "http://[]", "http://[1]", "http://[1.2.3.4]", "http://[::1.2.3.4]", "http://[::1.2.3.256]", "http://[::1.2.3]", "http://[::1.2.3.04]", "http://[::1.2.3.4.5]", "http://[1.2.3.4::]",
	"http://[1:2:3:4:5:6:7:8]", "http://[1:2:3:4:5:6:7]", "http://[1:2:3:4:5:6:7:8:9]", "http://[1:2:3:4:5:6:7::]", "http://[::2:3:4:5:6:7:8]", "http://[1::2:3:4:5:6:7:8]", "http://[1:2:3:4:5:6:1.2.3.4]", "http://[1:2:3:4:5:6:7:1.2.3.4]", "http://[1:2:3:4:5::1.2.3.4]", "http://[1:2:3:4:5:6::1.2.3.4]",
	"http://[::]", "http://[:::]", "http://[1::2::3]", "http://[12345::]", "http://[g::]", "http://[:1]", "http://[1:]", "http://[fe80::1]", "http://[FE80::aBcD]", "http://[::ffff:1.2.3.4]", "http://[%3a:1]", "http://[::1]]", "http://[[::1]", "http://u@[::1]", "http://[::1]@h", "http://[v1.x]",
	"http://[::1.2.3.4:5]", "http://[.:1]", "http://[1:2.3.4.5:6]", "*", "http://h//", "http:////h", "http://h@", "http://1.2.3.4:5", "http://h.", "http://.", "http://-",
}

func TestIsURLAsTheLibraryReadsIt(t *testing.T) {
	taken := 0
	for _, text := range urls {
		want := isURLToLibrary(text)
		if want {
			taken++
		}
		assert.Equal(t, want, isURL(text), "%q", text)
	}
	assert.Greater(t, taken, 40)
	for _, text := range []string{"http://:80", "http://:", "x://u@:80/", "http://[fe80::1%25en0]", "http://[fe80::1%25en0]:80/", "http://a%25b", "http://a]"} {
		assert.True(t, isURLToLibrary(text), "%q", text)
		assert.False(t, isURL(text), "%q", text)
	}
}

func FuzzIsURL(f *testing.F) {
	for _, text := range urls {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		library, ours := isURLToLibrary(text), isURL(text)
		if library && !ours {
			u, err := url.Parse(text)
			assert.NoError(t, err)
			odd := strings.HasPrefix(u.Host, ":") || strings.Contains(u.Host, "%") || u.Host[0] != '[' && strings.Contains(u.Host, "]")
			assert.True(t, odd, "%q is a URL", text)
		}
		assert.True(t, library || !ours, "%q is no URL", text)
	})
}
