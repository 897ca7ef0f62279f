from collections.abc import Sequence
from math import sqrt
from random import Random
from statistics import mean, median

import pytest

from bench.estimate import Round, Slice, compare_rates, compare_tails, estimate, find_p99


def make_slice(answers: int, seconds: float = 1, latency: float = 0.001) -> Slice:
    return Slice(seconds, [latency] * answers)


def make_rounds(*answers: tuple[int, int]) -> Sequence[Round]:
    return [{"a": make_slice(a), "b": make_slice(b)} for a, b in answers]


def test_rate_is_answers_over_the_time_that_they_took() -> None:
    assert make_slice(30, seconds=0.06).rate == pytest.approx(500)


def test_ratio_is_the_median_of_those_of_adjacent_slices() -> None:
    found = compare_rates(make_rounds((10, 20), (30, 30), (90, 100)), "a", "b")

    assert found.figure == pytest.approx(0.9)


def test_ratio_is_the_same_however_the_machine_drifts() -> None:
    drifting = [(speed * 8, speed * 10) for speed in range(1, 50)]

    found = compare_rates(make_rounds(*drifting), "a", "b")

    assert found.figure == pytest.approx(0.8)
    assert found.error == pytest.approx(0)


def test_error_is_that_of_the_means_of_eight_batches() -> None:
    # Batches of two, whose means are 0 and 2 by turns: a deviation of sqrt(8 / 7).
    found = estimate([0, 0, 2, 2] * 4, mean)

    assert found.figure == 1
    assert found.error == pytest.approx(sqrt(8 / 7) / sqrt(8))


def test_error_tells_how_far_a_figure_is_off() -> None:
    random = Random(1)  # noqa: S311 - a draw that repeats
    found = [estimate([random.gauss(1, 0.2) for _ in range(64)], median) for _ in range(200)]

    off = sqrt(mean((each.figure - 1) ** 2 for each in found))

    assert mean(each.error for each in found) == pytest.approx(off, rel=0.25)


def test_two_items_are_enough_for_an_error() -> None:
    assert estimate([1.0, 3.0], mean).error == pytest.approx(1)


def test_tail_is_that_of_all_slices_together() -> None:
    slow = Slice(1, [0.001] * 90 + [0.010] * 10)
    rounds = [{"a": slow, "b": make_slice(100, latency=0.002)} for _ in range(8)]

    found = compare_tails(rounds, "a", "b")

    assert found.figure == pytest.approx(5)
    assert found.error == 0


@pytest.mark.parametrize(
    ("count", "expected"), [(1, 1), (2, 2), (99, 99), (100, 99), (101, 100), (1_000, 990)]
)
def test_p99_is_not_passed_by_99_of_100(count: int, expected: int) -> None:
    seconds = list(range(count, 0, -1))

    found = find_p99(seconds)

    assert found == expected
    assert sum(each <= found for each in seconds) >= 0.99 * count
