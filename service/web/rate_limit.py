"""How often each client may ask."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, g, request

from service.domain.rate_limit import RateLimit, RequestCounter, Usage
from service.errors import RateLimitedError

_EXEMPT = frozenset({"/livez", "/readyz", "/metrics"})

# Whoever has one IPv6 address has all of these. Source: RFC 6177, section 2.
_IPV6_PREFIX = 64

# Most clients come back; what a proxy may pass as an address is cut to the length of the longest.
_MAX_NAMES = 4096
_MAX_ADDRESS = 64


def register_rate_limit(app: Flask, limit: RateLimit, count: RequestCounter) -> None:
    """Refuse who asks more often, and tell everyone how much is left.

    Source: draft-ietf-httpapi-ratelimit-headers-10.
    """
    policy = f'"client";q={limit.amount};w={limit.window_seconds}'

    def check() -> None:
        if request.path in _EXEMPT:
            return
        usage = count(name_client((request.remote_addr or "")[:_MAX_ADDRESS]))
        g.usage = usage
        if usage.count > limit.amount:
            raise RateLimitedError(
                f"at most {limit.amount} requests in {limit.window_seconds} s are answered",
                retry_after_seconds=usage.ends_in_seconds,
            )

    def tell(response: Response) -> Response:
        usage: Usage | None = g.get("usage")
        if usage:
            left = max(0, limit.amount - usage.count)
            response.headers["RateLimit-Policy"] = policy
            response.headers["RateLimit"] = f'"client";r={left};t={usage.ends_in_seconds}'
        return response

    app.before_request(check)
    app.after_request(tell)


@lru_cache(_MAX_NAMES)
def name_client(address: str) -> str:
    """Name whom an address belongs to: itself, or its network of IPv6.

    What is no address, and only a trusted proxy can say, is one client together.
    """
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed, _IPV6_PREFIX), strict=False))
