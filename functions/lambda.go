package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

// gatewayEvents lets an http.Handler answer the events of an API Gateway: of a
// REST API (payload version 1) and of an HTTP API (version 2). It implements
// lambda.Handler.
type gatewayEvents struct {
	v1 *httpadapter.HandlerAdapter
	v2 *httpadapter.HandlerAdapterV2
}

func newGatewayEvents(h http.Handler) *gatewayEvents {
	return &gatewayEvents{v1: httpadapter.New(h), v2: httpadapter.NewV2(h)}
}

// Invoke answers one event. An error is for an event that comes from no API
// Gateway; whatever a client sent gets an answer.
func (g *gatewayEvents) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	var kind struct {
		Version    string `json:"version"`
		HTTPMethod string `json:"httpMethod"`
	}
	if err := json.Unmarshal(payload, &kind); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	switch {
	case kind.Version == "2.0":
		return invoke(ctx, payload, func(ctx context.Context, e events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
			if e.RawPath == "" {
				e.RawPath = e.RequestContext.HTTP.Path
			}
			e.RawPath = sentPath(e.RawPath, e.RequestContext.Stage)
			e.RawQueryString, e.QueryStringParameters = "", nil // of no use here, and able to break the address
			return g.v2.ProxyWithContext(ctx, e)
		})
	case kind.HTTPMethod != "":
		return invoke(ctx, payload, func(ctx context.Context, e events.APIGatewayProxyRequest) (events.APIGatewayProxyResponse, error) {
			e.Path = sentPath(e.Path, e.RequestContext.Stage)
			e.QueryStringParameters, e.MultiValueQueryStringParameters = nil, nil
			return g.v1.ProxyWithContext(ctx, e)
		})
	}
	return nil, fmt.Errorf("event of version %q without a method: expected one of an API Gateway, REST or HTTP", kind.Version)
}

func invoke[E, A any](ctx context.Context, payload []byte, answer func(context.Context, E) (A, error)) ([]byte, error) {
	var event E
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	a, err := answer(ctx, event)
	if err != nil {
		return nil, fmt.Errorf("answer event: %w", err)
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write answer: %w", err)
	}
	return text, nil
}

// sentPath is the path as the client sent it, without the stage. HTTP APIs put
// the stage in front, whatever its name, and REST APIs do not. Some gateways
// hand on a path that they have decoded: one that cannot be an encoded path is
// encoded again, so that it is answered like any other. (An encoded "%2541"
// that arrives as "%41" cannot be told from an "A".)
func sentPath(path, stage string) string {
	if rest, ok := strings.CutPrefix(path, "/"+stage+"/"); ok && stage != "" && stage != "videos" {
		path = "/" + rest
	}
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return (&url.URL{Path: path}).EscapedPath()
	}
	u := url.URL{Path: decoded, RawPath: path}
	return u.EscapedPath() // path itself where that is an encoding of decoded
}

// withRequestID adds the id of the invocation to each log record, so that a
// line can be found beside the platform's own.
type withRequestID struct{ slog.Handler }

func (h withRequestID) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("request_id", lc.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

func (h withRequestID) WithAttrs(attrs []slog.Attr) slog.Handler {
	return withRequestID{h.Handler.WithAttrs(attrs)}
}

func (h withRequestID) WithGroup(name string) slog.Handler {
	return withRequestID{h.Handler.WithGroup(name)}
}
