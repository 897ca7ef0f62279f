"""Which hosts a caller may make this service connect to."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from service.errors import RegistryError

# Every other IPv6 range is private, local, reserved or multicast.
# Source: IANA "Internet Protocol Version 6 Address Space".
_GLOBAL_UNICAST = ip_network("2000::/3")

# An IPv4 address in its last 32 bits, as a NAT64 gateway reaches it. Source: RFC 6052, 2.1.
_NAT64 = ip_network("64:ff9b::/96")

# Global by the book, and yet not the Internet: protocol assignments (Oracle Cloud's metadata lives
# there, and Python before 3.11.10 calls it global), and Azure's host service.
_LOCAL_SERVICES = (ip_network("192.0.0.0/24"), ip_network("168.63.129.16/32"))


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the Internet at large.

    Private, loopback, link-local, multicast, reserved and cloud metadata addresses do not, nor do
    IPv6 addresses that lead to one of them.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        inner = _find_ipv4(ip)
        if inner is None:
            return ip in _GLOBAL_UNICAST and ip.is_global
        ip = inner
    return ip.is_global and not ip.is_multicast and not any(ip in net for net in _LOCAL_SERVICES)


def is_listed(host: str, port: int, hosts: frozenset[str]) -> bool:
    """Tell whether ``hosts`` names this host: with this very port, or with none for all ports."""
    name = f"[{host}]" if ":" in host else host
    return name in hosts or f"{name}:{port}" in hosts


def resolve(host: str, port: int, *, private: frozenset[str]) -> list[str]:
    """Resolve a host to the IP addresses that may be connected to.

    One forbidden address spoils the whole host: an honest name has no mixture.

    Args:
        host: A name or an address, without brackets.
        port: The port that will be connected to.
        private: ``host[:port]`` of those that may have any address.

    Raises:
        RegistryError: Not a host name, or an address that is not public.
        OSError: The name does not resolve.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise RegistryError(f"{host} is not a host name") from error
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    _refuse_private(host, port, addresses, private)
    return addresses


def refuse_literal(host: str, port: int, *, private: frozenset[str]) -> None:
    """Refuse what needs no resolver to be known as not public: an address, or ``localhost``.

    The resolver is asked for numbers alone, because it knows spellings such as ``127.1``. It takes
    no dot at their end, which others overlook.

    Raises:
        RegistryError: It is not public, and not listed.
    """
    name = host.rstrip(".")
    numbers = "127.0.0.1" if name.endswith("localhost") else name
    try:
        found = socket.getaddrinfo(numbers, port, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    _refuse_private(host, port, [str(sockaddr[0]) for *_, sockaddr in found], private)


def _refuse_private(host: str, port: int, addresses: list[str], private: frozenset[str]) -> None:
    if not is_listed(host, port, private) and not all(map(is_public, addresses)):
        raise RegistryError(
            f"{host} has an address that is not public; only the registries listed in"
            " ADVISOR_PRIVATE_REGISTRIES may have one",
        )


def _find_ipv4(ip: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an IPv6 address stands for, if it does."""
    if ip in _NAT64:
        return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip.ipv4_mapped or ip.sixtofour
