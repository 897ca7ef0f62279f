import pytest

from tests.unit.adapters.cache_rig import Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()
