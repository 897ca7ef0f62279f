from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.metrics import MetricWrapperBase

from service import metrics
from service.adapters.metrics_directory import FILE_BYTES, VARIABLE, enter_directory
from service.metrics import OTHER, Family

FAMILIES = {name: each for name, each in vars(metrics).items() if isinstance(each, Family)}
# Longer than any value of a label that there is.
LONG = "x" * 60


def test_a_series_is_made_once() -> None:
    family = Family(Counter("a", "A.", ("code",), registry=None), most=2)

    family["one",].inc()
    family["one",].inc()

    assert family["one",]._value.get() == 2  # noqa: SLF001 - the library gives no other way


def test_what_is_beyond_the_bound_is_one_series() -> None:
    registry = CollectorRegistry()
    family = Family(Counter("a", "A.", ("code", "host"), registry=registry), most=2)

    for number in range(100):
        family[str(number), "h"].inc()

    told = registry.get_sample_value("a_total", {"code": OTHER, "host": OTHER})
    assert told == 98
    assert len(list(next(iter(registry.collect())).samples)) == 2 * 3  # with when it was made


@pytest.mark.parametrize("name", FAMILIES)
def test_a_metric_with_labels_is_bounded(name: str) -> None:
    assert 0 < FAMILIES[name].most <= 400


def test_no_metric_with_labels_goes_past_the_bounds() -> None:
    loose = [
        name
        for name, each in vars(metrics).items()
        if isinstance(each, MetricWrapperBase) and each._labelnames  # noqa: SLF001 - as above
    ]

    assert loose == []


@pytest.mark.parametrize("kind", [Counter, Histogram])
def test_all_series_of_a_kind_fit_into_the_room_that_a_worker_reserves(
    kind: type[MetricWrapperBase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    monkeypatch.setattr(values, "ValueClass", values.MutexValue)
    enter_directory({VARIABLE: str(tmp_path)}, 1)

    for family in FAMILIES.values():
        if isinstance(family.metric, kind):
            _fill(family)

    assert {file.stat().st_size for file in tmp_path.iterdir()} == {FILE_BYTES}


def _fill(family: Family[MetricWrapperBase]) -> None:
    """Make as many series as there can be, in a copy of the metric, with labels of some length."""
    metric = family.metric
    buckets = getattr(metric, "_upper_bounds", None)
    options = {"buckets": buckets} if buckets else {}
    names = metric._labelnames  # noqa: SLF001 - the library gives no other way
    copy = type(metric)(metric._name, metric._documentation, names, registry=None, **options)  # noqa: SLF001 - as above
    whole = Family(copy, family.most)
    for number in range(family.most + 1):
        whole[tuple(f"{LONG}{number}" for _ in names)]
