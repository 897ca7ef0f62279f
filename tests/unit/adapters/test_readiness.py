from datetime import timedelta

import pytest

from service.adapters.readiness import ReadinessProbe
from service.adapters.refresh import Lives
from service.domain.health import Health, Readiness, SourceHealth
from service.domain.reference import Repository
from service.errors import RegistryError, RegistryUnavailableError, ServiceError
from tests.fakes import FakeBackground, FakeTagSource, build_cache

HADRON, ALPINE = (Repository("quay.io", f"kairos/{name}") for name in ("hadron", "alpine"))
DOWN = RegistryUnavailableError("down")


class Rig:
    """A cache that is looked at, with what it is told by its source."""

    def __init__(self, **answers: list[str] | ServiceError) -> None:
        self.source = FakeTagSource()
        for name, answer in answers.items():
            self.source.answers[Repository("quay.io", f"kairos/{name}")] = answer
        self.background = FakeBackground()
        lives = Lives(timedelta(hours=1), timedelta(days=1), jitter=lambda life: life)
        self.cache = build_cache(self.source, lives=lives, background=self.background)

    def look(self, redis: str | None = None, *, without_redis: bool = False) -> Readiness:
        check = None if without_redis else lambda: redis
        clock = self.source.clock
        return ReadinessProbe(self.cache, [HADRON, ALPINE], clock=clock, check_redis=check)()

    def refresh(self) -> None:
        for repository in (HADRON, ALPINE):
            self.cache.refresh(repository)


def _healths(readiness: Readiness) -> tuple[Health, ...]:
    return (readiness.health, *(each.health for each in readiness.catalogues))


def test_nothing_listed_yet_is_a_warning() -> None:
    readiness = Rig().look()

    assert _healths(readiness) == (Health.WARN, Health.WARN, Health.WARN)


def test_all_listed_passes_and_tells_the_ages() -> None:
    rig = Rig(hadron=["a"], alpine=["a"])
    rig.refresh()
    rig.source.clock.advance(timedelta(seconds=41))

    readiness = rig.look()

    assert _healths(readiness) == (Health.PASS, Health.PASS, Health.PASS)
    assert [each.age for each in readiness.catalogues] == [timedelta(seconds=41)] * 2


@pytest.mark.parametrize(("problem", "health"), [(None, Health.PASS), ("gone", Health.WARN)])
def test_redis_never_fails_the_service(problem: str | None, health: Health) -> None:
    rig = Rig(hadron=["a"], alpine=["a"])
    rig.refresh()

    readiness = rig.look(redis=problem)

    assert (readiness.health, readiness.redis) == (health, health)


def test_redis_is_left_out_where_there_is_none() -> None:
    rig = Rig(hadron=["a"], alpine=["a"])
    rig.refresh()

    readiness = rig.look(without_redis=True)

    assert (readiness.health, readiness.redis) == (Health.PASS, None)


def test_one_failure_without_a_listing_is_a_warning() -> None:
    rig = Rig(hadron=["a"], alpine=DOWN)
    rig.refresh()

    readiness = rig.look()

    assert _healths(readiness) == (Health.WARN, Health.PASS, Health.FAIL)


def test_stale_listing_is_a_warning() -> None:
    rig = Rig(hadron=["a"], alpine=["a"])
    rig.refresh()
    rig.source.answers[ALPINE] = DOWN
    rig.source.clock.advance(timedelta(minutes=60))
    rig.refresh()

    readiness = rig.look()

    assert readiness.health is Health.WARN


@pytest.mark.parametrize(
    ("hadron", "alpine", "source"),
    [
        (["a"], ["a"], (Health.PASS, None)),
        (["a"], DOWN, (Health.WARN, "down")),
        (DOWN, DOWN, (Health.FAIL, "down")),
        (RegistryError("nonsense"), DOWN, (Health.FAIL, "down")),
        # That a repository does not exist is an answer.
        (None, DOWN, (Health.WARN, "down")),
        (None, ["a"], (Health.PASS, None)),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_registry_is_judged_by_what_it_answered_last(
    hadron: list[str] | ServiceError | None,
    alpine: list[str] | ServiceError | None,
    source: tuple[Health, str | None],
    *,
    listed: bool,
) -> None:
    rig = Rig(hadron=["a"], alpine=["a"])
    if listed:
        rig.refresh()
    rig.source.answers = {
        repository: answer
        for repository, answer in ((HADRON, hadron), (ALPINE, alpine))
        if answer is not None
    }
    rig.source.clock.advance(timedelta(minutes=60))
    rig.refresh()

    readiness = rig.look()

    assert readiness.sources == (SourceHealth("quay.io", *source),)
    assert (readiness.health is Health.PASS) is (source[0] is Health.PASS and hadron is not None)


def test_registry_that_is_dead_is_told_while_answers_are_possible() -> None:
    rig = Rig(hadron=["a"], alpine=["a"])
    rig.refresh()
    rig.source.answers = {HADRON: DOWN, ALPINE: DOWN}
    rig.source.clock.advance(timedelta(minutes=60))
    rig.refresh()

    readiness = rig.look()

    assert readiness.health is Health.WARN
    assert readiness.sources == (SourceHealth("quay.io", Health.FAIL, "down"),)


def test_registry_that_was_not_asked_yet_is_a_warning() -> None:
    readiness = Rig().look()

    assert readiness.sources == (SourceHealth("quay.io", Health.WARN, "not asked yet"),)


def test_listing_that_nobody_lists_again_is_a_warning() -> None:
    rig = Rig(hadron=["a"], alpine=["a"])
    rig.refresh()
    rig.source.clock.advance(timedelta(minutes=69))
    before = rig.look()
    rig.source.clock.advance(timedelta(minutes=1))

    readiness = rig.look()

    assert before.health is Health.PASS
    assert {each.problem for each in readiness.catalogues} == {"overdue to be listed again"}
    assert readiness.health is Health.WARN


def test_no_possible_answer_fails() -> None:
    rig = Rig(hadron=DOWN, alpine=DOWN)
    rig.refresh()
    rig.source.clock.advance(timedelta(minutes=1))

    readiness = rig.look()

    assert _healths(readiness) == (Health.FAIL, Health.FAIL, Health.FAIL)


def test_any_catalogue_is_an_answer() -> None:
    rig = Rig(hadron=DOWN, alpine=DOWN, debian=["a"])
    rig.refresh()
    rig.cache.fetch_catalogue(Repository("quay.io", "kairos/debian"))

    readiness = rig.look()

    assert readiness.health is Health.WARN


def test_repository_that_does_not_exist_is_a_warning() -> None:
    rig = Rig()
    rig.refresh()

    readiness = rig.look()

    assert _healths(readiness) == (Health.WARN, Health.WARN, Health.WARN)


def _probe_untracked(rig: Rig, *, has_source: bool | None = None) -> Readiness:
    has = None if has_source is None else lambda: has_source
    clock = rig.source.clock
    return ReadinessProbe(rig.cache, [], clock=clock, check_redis=None, has_source=has)()


def _look_untracked(rig: Rig, *, has_source: bool | None = None) -> Health:
    return _probe_untracked(rig, has_source=has_source).health


def test_registry_that_fails_callers_is_told_where_nothing_is_tracked() -> None:
    rig = Rig(hadron=DOWN, alpine=DOWN)
    before = _probe_untracked(rig).sources
    rig.refresh()

    during = _probe_untracked(rig).sources
    rig.source.clock.advance(timedelta(minutes=1))

    assert (before, _probe_untracked(rig).sources) == ((), ())
    assert during == (SourceHealth("quay.io", Health.FAIL, "down"),)


@pytest.mark.parametrize(
    ("has_source", "told"),
    [
        (True, SourceHealth("snapshot", Health.PASS)),
        (False, SourceHealth("snapshot", Health.FAIL, "no list can be read")),
    ],
)
def test_snapshot_is_told_as_the_source_it_is(has_source: bool, told: SourceHealth) -> None:  # noqa: FBT001 - a parameter
    assert _probe_untracked(Rig(), has_source=has_source).sources == (told,)


def test_silent_registry_fails_where_nothing_is_tracked_as_long_as_callers_hear_of_it() -> None:
    rig = Rig(hadron=DOWN, alpine=DOWN)
    before = _look_untracked(rig)
    rig.refresh()

    during = _look_untracked(rig)
    rig.source.clock.advance(timedelta(minutes=1))

    assert (before, during, _look_untracked(rig)) == (Health.PASS, Health.FAIL, Health.WARN)


@pytest.mark.parametrize(
    ("alpine", "health"), [(["a"], Health.PASS), (RegistryError("private"), Health.WARN)]
)
def test_registry_that_may_answer_others_does_not_fail(
    alpine: list[str] | ServiceError, health: Health
) -> None:
    rig = Rig(hadron=DOWN, alpine=alpine)
    rig.refresh()

    assert _look_untracked(rig) is health


@pytest.mark.parametrize(("has_source", "health"), [(True, Health.PASS), (False, Health.FAIL)])
def test_source_that_is_not_there_fails(has_source: bool, health: Health) -> None:  # noqa: FBT001 - a parameter
    assert _look_untracked(Rig(), has_source=has_source) is health


def test_source_that_went_away_is_a_warning_while_there_is_a_catalogue() -> None:
    rig = Rig(hadron=["a"])
    rig.refresh()

    assert _look_untracked(rig, has_source=False) is Health.WARN
