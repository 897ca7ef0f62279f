"""Two instances with two workers each, behind one Redis: what breaks, and what callers see."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.deployment import (
    Deployment,
    ask_until_answered,
    run_load,
    start_deployment,
    try_undisturbed,
    wait_until,
)
from tests.e2e.service import Service
from tests.servers import add_tags, remove_tags

NEW_TAG = "v0.5.1-standard-amd64-generic-v4.3.0-k3s-v1.34.10-k3s1"
ASKERS = 256
LISTINGS = 4


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    with start_deployment(tmp_path) as running:
        yield running


WORKERS = 4  # two instances with two each


def _warm(deployment: Deployment) -> None:
    """Let every worker answer once."""
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: deployment.ask_all(), range(32)))


def test_cold_askers_of_two_instances_make_one_listing_and_one_verification(
    tmp_path: Path,
) -> None:
    def ask(deployment: Deployment) -> None:
        deployment.front.manifest_delay_seconds = 0.5
        # As nodes ask that act on the answer unread.
        query = {"format": "text", "accept": "major_jump"}
        services = deployment.services * (ASKERS // 2)
        with ThreadPoolExecutor(ASKERS) as pool:
            asked = [
                pool.submit(ask_until_answered, service, deployment.image, **query)
                for service in services
            ]
            answers = [each.result()[0] for each in asked]

        assert Counter(answer.status for answer in answers) == {200: ASKERS}
        assert len({answer.text for answer in answers}) == 1
        assert "@sha256:" in answers[0].text
        assert deployment.front.count("kairos/hadron") == 1
        assert len(deployment.front.manifests) == 1

    try_undisturbed(ask, tmp_path, delay_seconds=0.5)


def test_cold_askers_who_find_no_seat_are_told_the_target_unverified(tmp_path: Path) -> None:
    def ask(deployment: Deployment) -> None:
        # The listing is known, and no target was verified.
        listed = deployment.image.replace("-v3.", "-v9.")
        assert {service.ask(listed).json["target"] for service in deployment.services} == {None}
        deployment.front.manifest_delay_seconds = 2
        with ThreadPoolExecutor(ASKERS) as pool:
            asked = [
                pool.submit(service.ask, deployment.image)
                for service in deployment.services * (ASKERS // 2)
            ]
            told = [each.result().json["target"] for each in asked]
        after = [reply.json["target"]["verified"] for reply in deployment.ask_all()]

        assert len({target["reference"] for target in told}) == 1
        assert {target["verified"] for target in told} == {True, False}
        assert after == [True, True]
        assert len(deployment.front.manifests) == 1

    try_undisturbed(ask, tmp_path)


def test_two_instances_agree_at_all_times_during_a_refresh(tmp_path: Path) -> None:
    def ask(deployment: Deployment) -> None:
        before = deployment.ask_all()[0].json["target"]["tag"]
        add_tags(deployment.directory, "kairos/hadron", [NEW_TAG])

        # One caller, who asks them in turn: what one has told, the next one knows.
        deadline = time.monotonic() + 60
        seen: list[tuple[str, str]] = []
        while len({time for time, _ in seen}) < LISTINGS:
            assert time.monotonic() < deadline, "it is not listed again"
            seen += [
                (reply.json["catalogue"]["fetched_at"], reply.json["target"]["tag"])
                for reply in deployment.ask_all()
            ]

        assert seen == sorted(seen)
        assert {tag for _, tag in seen} == {before, NEW_TAG}

    try_undisturbed(ask, tmp_path, {"ADVISOR_FRESH_SECONDS": "2"})


def test_redis_killed_under_load_fails_no_request(deployment: Deployment) -> None:
    _warm(deployment)

    with run_load(deployment.services, deployment.image) as load:
        load.wait_for(50)
        deployment.redis.kill()
        load.wait_for(200)
        deployment.redis.start()
        load.wait_for(200)

    assert load.failed == []
    assert max(load.seconds) < 1
    wait_until(lambda: deployment.services[0].get("/readyz").json["status"] == "pass")


def test_redis_stalled_under_load_keeps_answers_under_a_second(deployment: Deployment) -> None:
    _warm(deployment)

    with run_load(deployment.services, deployment.image) as load:
        load.wait_for(50)
        deployment.redis.freeze()
        load.wait_for(400)
        deployment.redis.thaw()
        load.wait_for(50)

    assert load.failed == []
    assert max(load.seconds) < 1


def test_redis_flushed_under_load_costs_no_second_listing(deployment: Deployment) -> None:
    _warm(deployment)

    with run_load(deployment.services, deployment.image) as load:
        for _ in range(10):
            load.wait_for(50)
            deployment.redis.client.flushall()

    assert load.failed == []
    # The kernel may have kept a worker idle until Redis was empty; ten times it was emptied.
    assert deployment.front.count("kairos/hadron") <= WORKERS


def test_registry_killed_under_load_fails_no_request_for_what_is_known(tmp_path: Path) -> None:
    settings = {
        "ADVISOR_FRESH_SECONDS": "1",
        "ADVISOR_TRACKED_REPOSITORIES": "REGISTRY/kairos/hadron",
    }
    with start_deployment(tmp_path, settings) as deployment:
        _warm(deployment)

        with run_load(deployment.services, deployment.image) as load:
            load.wait_for(50)
            deployment.stop_registry()
            wait_until(lambda: load.replies[-1].json["catalogue"]["stale"])

        assert load.failed == []
        wait_until(lambda: all(each.json["catalogue"]["stale"] for each in deployment.ask_all()))
        assert max(load.seconds) < 1
        assert all(each.json["target"]["verified"] for each in load.replies)
        # Each worker tells what it knows itself, and who answers is chance: one answer, not two.
        wait_until(lambda: _tell_readiness(deployment.services[0]) == ("warn", ["fail"]))


def test_redis_that_comes_late_is_no_reason_not_to_start(tmp_path: Path) -> None:
    with start_deployment(tmp_path, redis_running=False) as deployment:
        alone = deployment.ask_all()
        health = deployment.services[0].get("/readyz")

        deployment.redis.start()
        wait_until(lambda: deployment.services[0].get("/readyz").json["status"] == "pass")
        wait_until(lambda: deployment.ask_all() and deployment.redis.client.keys("v1:tags:*"))

    assert [reply.status for reply in alone] == [200, 200]
    assert (health.status, health.json["status"]) == (200, "warn")
    assert health.json["checks"]["redis:ping"][0]["status"] == "warn"


def test_instance_killed_while_it_lists_delays_the_others_by_seconds(tmp_path: Path) -> None:
    with (
        start_deployment(tmp_path, delay_seconds=4) as deployment,
        ThreadPoolExecutor(2) as pool,
    ):
        first, second = deployment.services
        lost = pool.submit(_ask_whatever_happens, first, deployment.image)
        wait_until(lambda: deployment.front.listings)
        deployment.front.delay_seconds = 0
        waiting = pool.submit(second.ask, deployment.image)
        begun = time.monotonic()
        os.killpg(first.process.pid, signal.SIGKILL)

        assert waiting.result().status == 200
        assert time.monotonic() - begun < 6
        lost.result()


def test_listing_that_is_suddenly_empty_replaces_nothing_at_once(tmp_path: Path) -> None:
    with start_deployment(tmp_path, {"ADVISOR_FRESH_SECONDS": "1"}) as deployment:
        before = deployment.ask_all()[0].json["catalogue"]["tags"]
        remove_tags(deployment.directory, "kairos/hadron")
        time.sleep(1.1)

        wait_until(lambda: deployment.ask_all()[0].json["catalogue"]["stale"])
        reply = deployment.ask_all()[0]

    # What is gone is no target: each that was asked for is refused.
    assert reply.json["catalogue"]["tags"] == before
    assert "listing_shrank" in "".join(each.log.read_text() for each in deployment.services)


def test_cold_storm_leaves_the_warm_callers_alone(tmp_path: Path) -> None:
    with start_deployment(tmp_path, delay_seconds=0.2) as deployment:
        _warm(deployment)
        deployment.front.delay_seconds = 2
        cold = [deployment.image.replace("hadron:", f"cold-{n}:") for n in range(64)]

        with (
            ThreadPoolExecutor(64) as pool,
            run_load(deployment.services, deployment.image) as load,
        ):
            replies = list(pool.map(deployment.services[0].ask, cold))

    assert load.failed == []
    assert sorted(load.seconds)[len(load.seconds) * 99 // 100] < 0.5
    statuses = Counter(reply.status for reply in replies)
    assert set(statuses) == {200, 503}
    assert {r.headers["Retry-After"] for r in replies if r.status == 503} == {"1"}


def test_tracked_repositories_are_listed_at_start_by_one_worker(tmp_path: Path) -> None:
    tracked = [f"kairos/{name}" for name in ("hadron", "cold-1", "cold-2")]
    settings = {
        "ADVISOR_TRACKED_REPOSITORIES": ",".join(f"REGISTRY/{name}" for name in tracked),
    }
    with start_deployment(tmp_path, settings) as deployment:
        wait_until(lambda: all(deployment.front.count(name) for name in tracked))
        wait_until(lambda: deployment.services[1].get("/readyz").json["status"] == "pass")
        listed = [deployment.front.count(name) for name in tracked]
        health = deployment.services[1].get("/readyz")

    assert listed == [1, 1, 1]
    ages = health.json["checks"]["catalogue:age"]
    assert [each["componentId"].partition("/")[2] for each in ages] == tracked
    assert {each["observedUnit"] for each in ages} == {"s"}


def test_tracked_repository_is_kept_fresh_without_a_caller(tmp_path: Path) -> None:
    settings = {
        "ADVISOR_TRACKED_REPOSITORIES": "REGISTRY/kairos/hadron",
        "ADVISOR_FRESH_SECONDS": "1",
    }
    with start_deployment(tmp_path, settings) as deployment:
        wait_until(lambda: deployment.front.count("kairos/hadron") > 2)


def test_not_ready_while_nothing_can_be_answered(tmp_path: Path) -> None:
    settings = {"ADVISOR_TRACKED_REPOSITORIES": "REGISTRY/kairos/hadron"}
    with start_deployment(tmp_path, settings, instances=1, delay_seconds=1) as deployment:
        service = deployment.services[0]
        before = service.get("/readyz")
        deployment.stop_registry()

        # By each of its workers.
        wait_until(lambda: {service.get("/readyz").status for _ in range(20)} == {503})
        reply = service.get("/readyz")

    assert (before.status, before.json["status"]) == (200, "warn")
    assert reply.headers.get_content_type() == "application/health+json"
    assert reply.json["status"] == "fail"
    assert reply.json["checks"]["catalogue:source"][0]["status"] == "fail"


def test_password_is_in_no_log(tmp_path: Path) -> None:
    settings = {"ADVISOR_REDIS_URL": "redis://user:s3cret@127.0.0.1:1/0"}
    with start_deployment(tmp_path, settings, instances=1) as deployment:
        deployment.ask_all()
        deployment.services[0].get("/readyz")
        log = deployment.services[0].log.read_text()

    assert "redis_unreachable" in log
    assert not re.search("s3cret", log)


def _ask_whatever_happens(service: Service, image: str) -> None:
    try:
        service.ask(image)
    except OSError:
        return


def _tell_readiness(service: Service) -> tuple[str, list[str]]:
    """Give the status of an instance, and that of each source."""
    body = service.get("/readyz").json
    return body["status"], [each["status"] for each in body["checks"]["catalogue:source"]]
