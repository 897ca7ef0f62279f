from structlog.testing import capture_logs

from service.adapters.event_log import EventLog


def test_repeated_event_is_counted_each_time_and_told_once() -> None:
    with capture_logs() as lines:
        events = EventLog()
        for error in ("A", "A", "B"):
            events.note("trouble", error=error)

    assert events.count("trouble") == 3
    assert [line["error"] for line in lines] == ["A", "B"]
