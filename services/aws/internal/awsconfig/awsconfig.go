// Package awsconfig configures the calls to AWS for the packages of AWS's secret
// managers.
package awsconfig

import (
	"context"
	"errors"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"github.com/sealcfg/sealcfg"
)

// region matches the name of a region. The name becomes part of a host name, so
// region allows no other characters.
var region = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

type shared struct{}

// Load returns the given configuration, or the configuration of the environment. A
// load reads the environment once for all secrets, so that it gets credentials
// once. in is the region of a reference, or "" for the region of the configuration.
func Load(ctx context.Context, given *aws.Config, in string) (aws.Config, error) {
	if in != "" && !region.MatchString(in) {
		return aws.Config{}, errors.New("parameter \"region\" is not the name of a region")
	}
	var c aws.Config
	if given != nil {
		c = given.Copy()
	} else {
		var err error
		c, err = sealcfg.Shared(ctx, shared{}, func(ctx context.Context) (aws.Config, error) {
			return config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{})) // it would print warnings to stderr
		})
		if err != nil {
			return aws.Config{}, err
		}
	}
	if in != "" {
		c.Region = in
	}
	if c.Region == "" {
		return aws.Config{}, errors.New("no region: set $AWS_REGION")
	}
	return c, nil
}
