"""What a warm answer of the whole app costs, behind a real Redis and a real registry."""

import time
from pathlib import Path

from flask.testing import FlaskClient
from redis import Redis

from tests.apps import build_client_over
from tests.redis_server import start_redis
from tests.servers import start_registry

TAGS = [f"1-core-amd64-generic-v1.0.{number}" for number in range(5)]
ANSWERS = 300
# A glance of two commands at each of two listings, the tag and its signatures; each once a second.
COMMANDS_A_SECOND = 6


def count_commands(client: Redis) -> int:
    info = client.info("stats")
    assert isinstance(info, dict)
    return int(info["total_commands_processed"])


def ask(client: FlaskClient, image: str) -> None:
    response = client.get("/v1/upgrade", query_string={"image": image})
    assert response.json is not None
    assert response.json["target"]["verified"] is True
    assert response.json["target"]["signed"] is False


def test_warm_answers_look_at_redis_a_few_times_a_second_however_many(tmp_path: Path) -> None:
    own = tmp_path / "registry"
    own.mkdir()
    held = {"kairos/flavor": TAGS, "kairos/hadron": TAGS}
    with start_registry(own, held) as address, start_redis(tmp_path) as redis:
        client = build_client_over(
            None,
            ADVISOR_REDIS_URL=redis.url,
            ADVISOR_REPOSITORIES=f"{address}/kairos/*",
            ADVISOR_OFFICIAL_REPOSITORIES=f"{address}/kairos/*",
            ADVISOR_PRIVATE_REGISTRIES=address,
            ADVISOR_INSECURE_REGISTRIES=address,
        )
        image = f"{address}/kairos/flavor:{TAGS[0]}"
        ask(client, image)
        watch = redis.client
        before, begun = count_commands(watch), time.monotonic()

        for _ in range(ANSWERS):
            ask(client, image)

        # One second begins with the first, and counting is a command too.
        seconds = time.monotonic() - begun + 1
        assert count_commands(watch) - before <= COMMANDS_A_SECOND * seconds + 1
