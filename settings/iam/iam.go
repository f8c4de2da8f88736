// Package iam says to the brokers of Amazon MSK who a process is, by the role
// that AWS has given it. It hides where the credentials of that role come from
// and when they change. Package settings asks it; nothing else does.
package iam

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/twmb/franz-go/pkg/sasl"
	mskiam "github.com/twmb/franz-go/pkg/sasl/aws"
)

const (
	// credentialsWait bounds the question for credentials, so that a
	// connection fails and says why instead of hanging.
	credentialsWait = 5 * time.Second
	// credentialsMargin is how long before their end credentials are asked
	// for anew: longer than a token that was signed with them is good for.
	credentialsMargin = 5 * time.Minute
)

// Mechanism is AWS_MSK_IAM for a function, a container or a machine with a role.
// Each connection signs a token of its own with the credentials of the moment,
// and signs another before the broker ends its session. A connection waits at
// most 5 s for credentials.
//
// It reads what AWS has put into the process's environment; an error is for
// what that asks for and is not done here. The brokers' region is in their
// names; where it is not, franz-go takes it from AWS_REGION or
// AWS_DEFAULT_REGION.
func Mechanism() (sasl.Mechanism, error) {
	provider, err := awsCredentials()
	if err != nil {
		return nil, err
	}
	cache := aws.NewCredentialsCache(provider, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = credentialsMargin })
	return mskiam.ManagedStreamingIAM(func(ctx context.Context) (mskiam.Auth, error) {
		ctx, cancel := context.WithTimeout(ctx, credentialsWait)
		defer cancel()
		c, err := cache.Retrieve(ctx)
		if err != nil {
			return mskiam.Auth{}, fmt.Errorf("get AWS credentials: %w", err)
		}
		return mskiam.Auth{AccessKey: c.AccessKeyID, SecretKey: c.SecretAccessKey, SessionToken: c.SessionToken}, nil
	}), nil
}

// awsCredentials finds out from the environment who has credentials for this
// process, in the order of the AWS SDKs. It is the part of their chain that is
// for servers: the whole of it would make the Lambda a fifth larger.
func awsCredentials() (aws.CredentialsProvider, error) {
	key, secret := os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY")
	path, endpoint := os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	switch {
	case key != "" && secret != "": // a Lambda, or a person
		c := aws.Credentials{AccessKeyID: key, SecretAccessKey: secret, SessionToken: os.Getenv("AWS_SESSION_TOKEN")}
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, nil }), nil
	case os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE") != "":
		return nil, errors.New("COUNTER_KAFKA_SASL is aws-msk-iam, and AWS_WEB_IDENTITY_TOKEN_FILE is set: expected credentials that need no exchange, such as those of EKS Pod Identity")
	case path != "": // ECS
		return containerCredentials("http://169.254.170.2" + path), nil
	case endpoint != "": // EKS Pod Identity, and others
		if !isLocal(endpoint) {
			return nil, fmt.Errorf("AWS_CONTAINER_CREDENTIALS_FULL_URI is %q: expected https, or an address of this machine, of ECS or of EKS", endpoint)
		}
		return containerCredentials(endpoint), nil
	}
	return ec2rolecreds.New(), nil
}

func containerCredentials(endpoint string) aws.CredentialsProvider {
	return endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.AuthorizationToken = os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
		if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
			o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
				text, err := os.ReadFile(file) // each time: it changes
				return string(text), err
			})
		}
	})
}

// isLocal says whether secrets may go to an address: with TLS, or to where
// nobody listens in.
func isLocal(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme == "https" {
		return err == nil
	}
	if u.Hostname() == "localhost" {
		return u.Scheme == "http"
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil || u.Scheme != "http" {
		return false
	}
	switch addr.String() {
	case "169.254.170.2", "169.254.170.23", "fd00:ec2::23": // ECS, EKS
		return true
	}
	return addr.IsLoopback()
}
