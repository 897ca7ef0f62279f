"""One profile for all property tests, and the loopback for the rings that need it.

Hypothesis notices by itself that it runs in CI, where its settings are repeatable: a profile that
names only what is ours inherits that.
"""

from pathlib import Path

import pytest
from hypothesis import settings

_TESTS = Path(__file__).parent
_ON_LOOPBACK = {_TESTS / "integration", _TESTS / "e2e"}

settings.register_profile("project", max_examples=100, deadline=None)
settings.load_profile("project")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Open the loopback, and nothing else, to the rings that run servers."""
    for item in items:
        if not _ON_LOOPBACK.isdisjoint(item.path.parents):
            item.add_marker(pytest.mark.allow_hosts(["127.0.0.1"]))
