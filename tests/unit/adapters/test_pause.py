from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from service.adapters.pause import Pauses
from service.adapters.store import MemoryStore
from service.errors import RegistryUnavailableError
from tests.fakes import FakeClock

HOUR = timedelta(hours=1)


def pauses(clock: FakeClock, value: bytes) -> Pauses:
    store = MemoryStore(clock=clock)
    store.put("pause:quay.io", value, HOUR)
    return Pauses(store, clock)


def test_pause_of_a_clock_that_is_ahead_is_no_longer_than_an_hour() -> None:
    clock = FakeClock()
    kept = pauses(clock, (clock.now + HOUR + timedelta(minutes=4)).isoformat().encode())

    with pytest.raises(RegistryUnavailableError) as caught:
        kept.check("quay.io")

    assert caught.value.retry_after_seconds == HOUR.total_seconds()


@pytest.mark.parametrize(
    "value",
    [
        b"soon",
        b"\xff",
        b"9999-01-01T00:00:00",
        b"[" * 60_000,
        b"9999-01-01T00:00:00+00:00",
        b"9999-12-31T23:59:59-23:59",
        b"9999-12-31T23:59:59+23:59",
        b"2026-11-22T20:13:00+00:00",
    ],
)
def test_stored_pause_that_is_none_stops_nobody_and_is_told(value: bytes) -> None:
    kept = pauses(FakeClock(), value)

    with capture_logs() as lines:
        kept.check("quay.io")

    assert lines == [{"event": "stored_record_refused", "kind": "pause", "log_level": "warning"}]


def test_past_pause_is_over() -> None:
    pauses(FakeClock(), b"0001-01-01T00:00:00+23:59").check("quay.io")
