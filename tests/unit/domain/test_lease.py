from dataclasses import replace

from service.domain.lease import Changes, Lease


def test_a_lease_holds_until_its_end() -> None:
    lease = replace(Lease.take(Changes()), until=10.0)

    assert lease.holds(9.9)
    assert not lease.holds(10.0)


def test_any_later_change_ends_a_lease() -> None:
    changes = Changes()
    changes.note()
    lease = Lease.take(changes)

    assert lease.holds(0.0)

    changes.note()

    assert not lease.holds(0.0)
