from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import sleep

import pytest

from service.adapters.flight import Flights, Seats
from service.errors import RegistryUnavailableError
from tests.counting import Added


def test_who_finds_no_seat_is_counted() -> None:
    seats, refused = Seats(1), Added("advisor_cold_refusals_total")

    with seats.take(), pytest.raises(RegistryUnavailableError), seats.take():
        pass

    assert refused() == 1


def test_who_finds_a_seat_is_not_counted() -> None:
    seats, refused = Seats(1), Added("advisor_cold_refusals_total")

    with seats.take():
        pass
    with seats.take():
        pass

    assert refused() == 0


def test_who_waits_for_the_work_of_another_is_counted() -> None:
    flights: Flights[str, int] = Flights()
    begun, released = Event(), Event()
    waits = Added("advisor_flight_waits_total")

    def work() -> int:
        begun.set()
        released.wait(10)
        return 1

    with ThreadPoolExecutor(3) as pool:
        results = [pool.submit(flights.join, "key", work)]
        begun.wait(10)
        results.append(pool.submit(flights.join, "key", work))
        results.append(pool.submit(flights.join_shortly, "key", work, 10))
        while waits() < 2:
            sleep(0.001)
        released.set()

    assert [each.result() for each in results] == [1, 1, 1]
    assert waits() == 2
