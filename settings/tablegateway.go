package settings

import (
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

func gatewayRows() []Setting {
	return []Setting{
		row("COUNTER_GATEWAY_ORIGINS", "*", gateway, "whose pages may read counts from a browser, besides the gateway's own; counts are public, and no cookie is used",
			origins(func(s *Settings) *[]string { return &s.GatewayOrigins })),
		row("COUNTER_GATEWAY_ROOMS", "200", gateway, "videos that one client may watch at a time; a longer list is refused",
			integer(func(s *Settings) *int { return &s.GatewayRooms }, 1, 10_000)),
		row("COUNTER_GATEWAY_CLIENTS", "20000", gateway, "clients of one gateway, more are told 503; twice as many connections that are no WebSockets, more are closed at once",
			integer(func(s *Settings) *int { return &s.GatewayClients }, 1, 1_000_000)),
		row("COUNTER_GATEWAY_CLIENTS_PER_ADDRESS", "1000", gateway, "clients of one address, more are told 429, and as many connections that have not asked for anything yet; an IPv6 network of 64 bits counts as one; 0 sets no bound",
			integer(func(s *Settings) *int { return &s.GatewayPerAddress }, 0, 1_000_000)),
		row("COUNTER_GATEWAY_MAX_PAYLOAD", "1000000", gateway, "bytes in one message of a client; who sends more is dropped",
			integer(func(s *Settings) *int { return &s.GatewayMaxPayload }, 1024, 16<<20)),
		row("COUNTER_GATEWAY_ADDRESS_HEADER", "", gateway, "behind a proxy that always sets it, the header whose last entry is the client's address, such as X-Forwarded-For; without it, the connection's address",
			header(func(s *Settings) *string { return &s.GatewayAddressHeader })),
		row("COUNTER_GATEWAY_PEERS", "", gateway, "where the gateways behind one balancer serve, this one too, or one name for all of them: they pass requests of polling clients on to each other; not needed where the balancer is sticky, or clients use WebSocket only",
			peers(func(s *Settings) *[]string { return &s.GatewayPeers })),
		row("COUNTER_PAGE_API", "", gateway, "where the page sends likes; without a host, on the host that the page was asked of",
			pageAPI(func(s *Settings) *string { return &s.PageAPI })).
			follows("the port of COUNTER_API_ADDR, with the first of COUNTER_API_STAGES", func(s *Settings) string {
				_, port, _ := net.SplitHostPort(s.APIAddr)
				if len(s.APIStages) == 0 {
					return ":" + port
				}
				return ":" + port + "/" + s.APIStages[0]
			}),
	}
}

func peers(field func(*Settings) *[]string) kind {
	return kind{
		accepts: "a list such as gateway-1:8000,gateway-2:8000, or gateways:8000",
		set: func(s *Settings, v string) error {
			list := split(v, ",;")
			for _, p := range list {
				if host, err := hostPort(p, 1); err != nil || host == "" {
					return errNotAccepted
				}
			}
			if len(list) == 0 {
				return errNotAccepted
			}
			*field(s) = list
			return nil
		},
	}
}

func header(field func(*Settings) *string) kind {
	legal := regexp.MustCompile(`^[a-zA-Z0-9-]{1,100}$`)
	return kind{
		accepts: "the name of a header: 1 to 100 letters, digits and dashes",
		set: func(s *Settings, v string) error {
			if !legal.MatchString(v) {
				return errNotAccepted
			}
			*field(s) = v
			return nil
		},
	}
}

func pageAPI(field func(*Settings) *string) kind {
	return kind{
		accepts: "a URL such as https://example.com/prod, or a port and path such as :3000/dev; without a slash at the end",
		set: func(s *Settings, v string) error {
			full := v
			if strings.HasPrefix(v, ":") {
				full = "http://localhost" + v
			}
			u, err := url.Parse(full)
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(v, "/") {
				return errNotAccepted
			}
			if _, err := strconv.ParseUint(u.Port(), 10, 16); u.Port() != "" && err != nil {
				return errNotAccepted
			}
			*field(s) = v
			return nil
		},
	}
}
