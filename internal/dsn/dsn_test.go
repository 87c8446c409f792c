package dsn_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/sealcfg/sealcfg/internal/dsn"
)

func TestHide(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		// URLs
		"postgres://user:hun~ter2@db.example.com/app":             "postgres://user:xxxxx@db.example.com/app",
		"postgres://user:hun~ter2@a:1,b:2/app":                    "postgres://user:xxxxx@a:1,b:2/app",
		"postgres://user:hun/ter2@db.example.com/app":             "postgres://user:xxxxx@db.example.com/app",
		"postgres://user:123/hun~ter2@db.example.com/app":         "postgres://user:xxxxx@db.example.com/app",
		"redis://:hun~ter2@cache:6379/0":                          "redis://:xxxxx@cache:6379/0",
		"amqp://u:hun~ter2@a://u:hun~ter2@b":                      "amqp://u:xxxxx@b",
		"postgres://db/app?user=me&password=hun~ter2&sslmode=x":   "postgres://db/app?user=me&password=xxxxx&sslmode=x",
		"jdbc:postgresql://db/app?password=hun~ter2":              "jdbc:postgresql://db/app?password=xxxxx",
		"jdbc:sqlserver://db:1433;user=me;password=hun ~ter2;x=1": "jdbc:sqlserver://db:1433;user=me;password=xxxxx;x=1",
		"https://b.blob.example/c?sv=1&sig=hun~ter2":              "https://b.blob.example/c?sv=1&sig=xxxxx",

		// the MySQL driver of Go
		"user:hun~ter2@tcp(db:3306)/app":            "user:xxxxx@tcp(db:3306)/app",
		"user:hun/t@er:2@tcp([::1]:3306)/app?x=y":   "user:xxxxx@tcp([::1]:3306)/app?x=y",
		"user:hun~ter2@/app":                        "user:xxxxx@/app",
		"user:hun ter2@unix(/run/mysqld.sock)/app":  "user:xxxxx@unix(/run/mysqld.sock)/app",
		"user:hun~ter2@db.example.com:5432/app":     "user:xxxxx@db.example.com:5432/app",
		"scott/hun~ter2@db:1521/orcl":               "scott/xxxxx@db:1521/orcl",
		"scott/hun~ter2@//db:1521/orcl":             "scott/xxxxx@//db:1521/orcl",
		"jdbc:oracle:thin:scott/hun~ter2@db:1521:x": "jdbc:oracle:thin:scott/xxxxx@db:1521:x",

		// libpq
		"host=db password=hun~ter2 dbname=app":      "host=db password=xxxxx dbname=app",
		"host=db password=hun;te&r=2 dbname=app":    "host=db password=xxxxx dbname=app",
		"host=db password = 'hun \\' ter2' user=me": "host=db password = xxxxx user=me",
		`host=db password=hun\ ter2 user=me`:        "host=db password=xxxxx user=me",
		"password=hun~ter2 host=db":                 "password=xxxxx host=db",
		"host=db\nsslpassword=hun~ter2\nuser=me":    "host=db\nsslpassword=xxxxx\nuser=me",
		"host=db password='hun ter2":                "host=db password=xxxxx",

		// ADO.NET, ODBC, Azure
		"Server=db;Password=hun~ter2;Database=app":        "Server=db;Password=xxxxx;Database=app",
		"Server=db; Password=hun ter2; Database=app":      "Server=db; Password=xxxxx; Database=app",
		"Server=db;Pwd='hun;te''r2';Database=app":         "Server=db;Pwd=xxxxx;Database=app",
		`Server=db;PWD="hun;ter2"`:                        "Server=db;PWD=xxxxx",
		"Driver={X};Pwd={hun;t}}er2};Database=app":        "Driver={X};Pwd=xxxxx;Database=app",
		"Password=hun~ter2;Server=db":                     "Password=xxxxx;Server=db",
		"Password=hun ter2;Server=db":                     "Password=xxxxx;Server=db",
		"AccountName=a;AccountKey=hun~ter2==;Suffix=x":    "AccountName=a;AccountKey=xxxxx;Suffix=x",
		"Endpoint=sb://a/;SharedAccessKey=hun~ter2=;X=y":  "Endpoint=sb://a/;SharedAccessKey=xxxxx;X=y",
		"Endpoint=x;Access Key=hun~ter2;Version=1":        "Endpoint=x;Access Key=xxxxx;Version=1",
		"cache:6380,password=hun~ter2,ssl=True,timeout=1": "cache:6380,password=xxxxx,ssl=True,timeout=1",
	} {
		got := dsn.Hide(text)
		assert.Equal(t, want, got, text)
		assert.NotRegexp(t, "hun|ter2", got)
		assert.True(t, dsn.HasPassword(text), text)
		assert.Equal(t, got, dsn.Hide(got), "a second time")
	}
}

// Strings without a password stay unchanged.
func TestHideLeavesOtherTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "x", "@", ":", "=", "a=b", "https://example.com/a?b=c&d=e#f", "https://user@example.com/", "http://[::1]:80/", "[::1]:80", ":8080",
		"me@example.com", "Me: me@example.com", "registry:5000/app@sha256:00ff", "ghcr.io/o/app@sha256:00ff", "host=db user=me", "Server=db;Database=app",
		"password=", "Server=db;Password=;Database=app", "password", "the password is = to nothing", "passwords=2", "a/b/c", "10:30", "1 = 2",
		"user@tcp(db:3306)/app", "sslmode=require", "monkey=x", "jdbc:oracle:x@",
	} {
		assert.Equal(t, text, dsn.Hide(text))
		assert.False(t, dsn.HasPassword(text), text)
	}
}

func FuzzHide(f *testing.F) {
	for _, text := range []string{"postgres://u:p@h/d", "u:p@tcp(h)/d", "host=h password='p' x=y", "Server=h;Pwd={p};X=y", "a/b@c", "jdbc:oracle:thin:a/b@c"} {
		f.Add(text)
	}
	f.Fuzz(func(_ *testing.T, text string) { _ = dsn.Hide(text) }) // does not panic
}
