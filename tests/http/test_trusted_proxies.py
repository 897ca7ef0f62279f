import pytest

from tests.apps import UPGRADABLE, build_client

URL = f"/v1/upgrade?image={UPGRADABLE}"


def ask_as(proxies: str, forwarded: list[str]) -> list[int]:
    """Ask twice what may be asked once, through the same last hop."""
    client = build_client(ADVISOR_RATE_LIMIT="1/hour", ADVISOR_TRUSTED_PROXIES=proxies)
    return [client.get(URL, headers={"X-Forwarded-For": hops}).status_code for hops in forwarded]


@pytest.mark.parametrize(
    ("proxies", "forwarded", "told_apart"),
    [
        ("0", ["192.0.2.1", "192.0.2.2"], False),
        ("1", ["192.0.2.1", "192.0.2.2"], True),
        # What stands before the last hop, the client has written.
        ("1", ["198.51.100.1, 192.0.2.1", "198.51.100.2, 192.0.2.1"], False),
        ("2", ["192.0.2.1, 10.0.0.1", "192.0.2.2, 10.0.0.1"], True),
        ("2", ["198.51.100.1, 192.0.2.1, 10.0.0.1", "192.0.2.1, 10.0.0.2"], False),
        # Fewer hops than proxies: none of them can be the client.
        ("2", ["192.0.2.1", "192.0.2.2"], False),
    ],
)
def test_only_what_trusted_proxies_say_tells_clients_apart(
    proxies: str,
    forwarded: list[str],
    told_apart: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert ask_as(proxies, forwarded) == [200, 200 if told_apart else 429]
