//go:build lambda.norpc

package main

import (
	"context"
	"errors"

	"distributed-counter/functions/api"
	"distributed-counter/settings"
)

// runServer says that there is no server in what Lambda runs.
func runServer(context.Context, settings.Settings, api.Config) error {
	return errors.New("this is what Lambda runs, and AWS_LAMBDA_RUNTIME_API is not set: build without the tag lambda.norpc for a server")
}
