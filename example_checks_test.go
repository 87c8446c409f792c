package sealcfg_test

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/sealcfg/sealcfg"
)

// Checks stand in tags; the messages do not quote the value.
func Example_checks() {
	type Settings struct {
		Mode     string                 `oneof:"dev prod"`
		Timeout  time.Duration          `min:"1s" max:"1m"`
		Callback *url.URL               `check:"url"`
		Admins   []string               `min:"1" check:"email"`
		Password sealcfg.Secret[string] `min:"12"`
	}
	_, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(
		"APP_MODE=staging", "APP_TIMEOUT=2h", "APP_CALLBACK=/login", "APP_ADMINS=ann@example.com,bob", "APP_PASSWORD=hunter2"))
	fmt.Println(err)
	// Output:
	// settings: 5 problems
	//   mode       $APP_MODE      must be one of dev, prod
	//   timeout    $APP_TIMEOUT   must be at most 1m
	//   callback   $APP_CALLBACK  must be a URL with scheme and host
	//   admins[1]  $APP_ADMINS    must be an email address
	//   password   $APP_PASSWORD  must be at least 12 characters long
}

// One of several structs is chosen by a field named kind.
func Example_union() {
	type Settings struct {
		Storage struct {
			Kind string
			S3   *struct{ Bucket string } `kind:"s3"`
			Disk *struct{ Path string }   `kind:"disk"`
		}
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron(
		"APP_STORAGE__KIND=s3", "APP_STORAGE__BUCKET=backups"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(settings.Storage.S3.Bucket, settings.Storage.Disk == nil)

	_, err = sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.Set("storage.kind", "tape"))
	fmt.Println(err)
	// Output:
	// backups true
	// settings: 1 problem
	//   storage.kind  set in code  must be one of s3, disk
}

func ExampleOptional() {
	type Settings struct {
		Replicas sealcfg.Optional[int]
		Proxy    sealcfg.Optional[string]
		Region   sealcfg.Optional[string]
	}
	settings, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.Set("replicas", 3), sealcfg.Set("proxy", nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	n, ok := settings.Replicas.Get()
	fmt.Println(n, ok, settings.Proxy.IsNull(), settings.Region.Or("eu"))
	fmt.Printf("%+v\n", *settings)
	// Output:
	// 3 true true eu
	// {Replicas:3 Proxy:<null> Region:<unset>}
}

func ExampleWithValidation() {
	type Settings struct {
		HTTP  struct{ Port uint16 }
		Admin struct{ Port uint16 }
	}
	distinct := func(settings any) error {
		if s := settings.(*Settings); s.HTTP.Port == s.Admin.Port {
			return &sealcfg.FieldError{Field: "Admin.Port", Reason: "must differ from http.port"}
		}
		return nil
	}
	_, err := sealcfg.Load[Settings](context.Background(), sealcfg.WithoutFiles(), sealcfg.WithValidation(distinct),
		sealcfg.WithEnvPrefix("APP_"), sealcfg.WithEnviron("APP_HTTP__PORT=80", "APP_ADMIN__PORT=80"))
	fmt.Println(err)
	// Output:
	// settings: 1 problem
	//   admin.port  $APP_ADMIN__PORT  must differ from http.port
}
