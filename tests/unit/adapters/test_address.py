import socket

import pytest

from service.adapters.address import is_listed, is_public, resolve
from service.errors import RegistryError

HOSTS = frozenset({"registry.local", "127.0.0.1:5000", "[::1]:5000", "[fd00::1]"})


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"])
def test_internet_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - an address to refuse
        "10.1.2.3",
        "100.64.0.1",
        "100.100.100.200",
        "127.0.0.1",
        "168.63.129.16",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.192",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.251",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::7f00:1",
        "2001:db8::1",
        "2002:7f00:1::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "fec0::1",
        "ff0e::1",
    ],
)
def test_address_that_is_not_the_internet_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    ("host", "port", "listed"),
    [
        ("registry.local", 443, True),
        ("registry.local", 5000, True),
        ("127.0.0.1", 5000, True),
        ("127.0.0.1", 5001, False),
        ("::1", 5000, True),
        ("::1", 443, False),
        ("fd00::1", 443, True),
        ("other.registry.local", 443, False),
    ],
)
def test_host_is_listed_with_its_port_or_for_all_ports(
    host: str, port: int, *, listed: bool
) -> None:
    assert is_listed(host, port, HOSTS) is listed


def answer_with(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


def test_public_host_resolves_to_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, "8.8.8.8", "8.8.4.4")

    addresses = resolve("registry.example", 443, private=frozenset())

    assert addresses == ["8.8.8.8", "8.8.4.4"]


def test_host_with_one_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, "8.8.8.8", "10.0.0.1")

    with pytest.raises(RegistryError, match=r"registry\.example has an address that is not public"):
        resolve("registry.example", 443, private=frozenset())


def test_listed_host_may_have_a_private_address(monkeypatch: pytest.MonkeyPatch) -> None:
    answer_with(monkeypatch, "10.0.0.1")

    addresses = resolve("registry.local", 443, private=HOSTS)

    assert addresses == ["10.0.0.1"]


def test_host_that_is_no_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(host: str, *_: object, **__: object) -> None:
        host.encode("idna")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(RegistryError, match="is not a host name"):
        resolve("a" * 64, 443, private=frozenset())
